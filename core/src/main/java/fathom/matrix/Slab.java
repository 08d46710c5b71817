package fathom.matrix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One aligned allocation that holds named matrices: all parameters of a network, all gradients, all
 * first moments. Slabs of one {@link Layout} have each matrix at the same place, so that work on
 * all numbers is one flat loop. Between matrices lie at most 15 unused elements, and behind each
 * row of some matrices 16; they are zero, and a flat loop must keep them zero for zero inputs.
 *
 * <p>A slab may pass 2^31 elements. It owns nothing: the arena frees it.
 */
public final class Slab {
  private final Layout layout;
  private final MemorySegment segment;
  private final Map<String, Matrix> matrices = new LinkedHashMap<>();

  /** Allocates a slab of zeros that lives as long as the arena. */
  public Slab(Layout layout, Arena arena) {
    this.layout = layout;
    segment = arena.allocate(Math.max(1, layout.size) * Float.BYTES, Layout.ALIGNMENT);
    layout.entries.forEach(
        (name, e) -> matrices.put(name, new Matrix(segment, e.offset, e.rows, e.cols, e.stride)));
  }

  /** Returns where each matrix lies. */
  public Layout layout() {
    return layout;
  }

  /** Returns all of the memory. */
  public MemorySegment segment() {
    return segment;
  }

  /** Returns the number of elements, gaps included. */
  public long size() {
    return layout.size;
  }

  /**
   * Returns a matrix by its name.
   *
   * @throws IllegalArgumentException if the slab has none of that name
   */
  public Matrix get(String name) {
    Matrix matrix = matrices.get(name);
    if (matrix == null) {
      throw new IllegalArgumentException("no matrix '" + name + "' among " + matrices.keySet());
    }
    return matrix;
  }

  /** Returns all matrices by name, in the order of the layout. */
  public Map<String, Matrix> matrices() {
    return Collections.unmodifiableMap(matrices);
  }

  /** The names, shapes and places of the matrices of a slab. */
  public static final class Layout {
    static final int ALIGNMENT = 64;
    private static final int LANE = ALIGNMENT / Float.BYTES;

    /**
     * 4 KiB, in elements: rows that lie a multiple of it apart meet in the same few places of a
     * cache, and drive one another out. Such rows lie a cache line further apart, which made the
     * products of a layer of 1,024 units 12 to 15 % faster.
     */
    public static final int CONFLICT = 4096 / Float.BYTES;

    private record Entry(int rows, int cols, int stride, long offset) {}

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private long size;
    private long numbers;

    /** Starts with no matrices. */
    public Layout() {}

    /**
     * Adds a matrix behind the last one, on a 64-byte boundary.
     *
     * @return this layout
     * @throws IllegalArgumentException if the name is taken, a size is negative or all are too many
     */
    public Layout add(String name, int rows, int cols) {
      if (rows < 0 || cols < 0) {
        throw new IllegalArgumentException(name + " of " + rows + "x" + cols);
      }
      int stride = stride(rows, cols);
      if (entries.putIfAbsent(name, new Entry(rows, cols, stride, size)) != null) {
        throw new IllegalArgumentException("two matrices named '" + name + "'");
      }
      numbers += (long) rows * cols;
      size += ((long) rows * stride + LANE - 1) / LANE * LANE;
      if (size > Long.MAX_VALUE / Float.BYTES || size < 0) {
        throw new IllegalArgumentException(
            String.format(
                "%s of %dx%d: with it, all take more than the 2^63 bytes that can be addressed",
                name, rows, cols));
      }
      return this;
    }

    /**
     * Returns the distance between rows of a matrix in a slab, in elements: its columns, and 16
     * more where it has several rows of a multiple of {@link #CONFLICT}.
     */
    public static int stride(int rows, int cols) {
      return rows > 1 && cols > 0 && cols % CONFLICT == 0 ? cols + LANE : cols;
    }

    /** Returns the names of the matrices, in their order. */
    public List<String> names() {
      return List.copyOf(entries.keySet());
    }

    /**
     * Returns the number of rows of a matrix.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public int rows(String name) {
      Entry entry = entries.get(name);
      if (entry == null) {
        throw new IllegalArgumentException("no matrix '" + name + "'");
      }
      return entry.rows;
    }

    /** Returns the number of elements of a slab, gaps included. */
    public long size() {
      return size;
    }

    /** Returns the number of elements that belong to a matrix. */
    public long numbers() {
      return numbers;
    }
  }
}
