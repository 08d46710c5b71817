package fathom.matrix;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A rows x cols view of single-precision numbers in native memory, row-major: element (r, c) is at
 * {@code offset + r * stride + c}, in elements. A matrix never frees memory; its arena does. After
 * the arena is closed, every access throws {@link IllegalStateException}.
 *
 * <p>Element access is for set-up and inspection; work on whole matrices is what kernels are for.
 * Views are immutable and safe for many threads; the numbers are as safe as their writers make
 * them.
 */
public final class Matrix {
  private static final long ALIGNMENT = 64;
  private static final int TILE = 16;

  private final MemorySegment segment;
  private final long offset;
  private final long address;
  private final int rows;
  private final int cols;
  private final int stride;

  /**
   * A view of part of a segment.
   *
   * @param offset the first element, in elements from the start of the segment
   * @param stride distance between rows, in elements
   * @throws IllegalArgumentException if a size is negative, the stride is shorter than a row or the
   *     segment is on the heap
   * @throws IndexOutOfBoundsException if the view passes the end of the segment
   */
  public Matrix(MemorySegment segment, long offset, int rows, int cols, int stride) {
    if (rows < 0 || cols < 0 || offset < 0) {
      throw new IllegalArgumentException(
          "a matrix of " + rows + "x" + cols + " at offset " + offset + " has a negative size");
    }
    if (stride < cols) {
      throw new IllegalArgumentException(
          "a matrix of " + rows + "x" + cols + " needs a stride of " + cols + ", not " + stride);
    }
    if (!segment.isNative()) {
      throw new IllegalArgumentException("a matrix needs native memory, not a heap segment");
    }
    long end = rows == 0 || cols == 0 ? offset : offset + (rows - 1L) * stride + cols;
    if (end > segment.byteSize() / Float.BYTES) {
      throw new IndexOutOfBoundsException(
          String.format(
              "a matrix of %dx%d at offset %d passes the end of a segment of %d elements",
              rows, cols, offset, segment.byteSize() / Float.BYTES));
    }
    this.segment = segment;
    this.offset = offset;
    this.address = segment.address() + offset * Float.BYTES;
    this.rows = rows;
    this.cols = cols;
    this.stride = stride;
  }

  /** Allocates a matrix of zeros, aligned to 64 bytes, that lives as long as the arena. */
  public static Matrix allocate(Arena arena, int rows, int cols) {
    if (rows < 0 || cols < 0) {
      throw new IllegalArgumentException(
          "a matrix of " + rows + "x" + cols + " has a negative size");
    }
    long bytes = Math.max(1, (long) rows * cols) * Float.BYTES;
    return new Matrix(arena.allocate(bytes, ALIGNMENT), 0, rows, cols, cols);
  }

  /**
   * Copies an array of rows.
   *
   * @throws IllegalArgumentException if the rows differ in length
   */
  public static Matrix of(Arena arena, float[][] values) {
    int cols = values.length == 0 ? 0 : values[0].length;
    Matrix matrix = allocate(arena, values.length, cols);
    for (int r = 0; r < values.length; r++) {
      if (values[r].length != cols) {
        throw new IllegalArgumentException(
            "row 0 has " + cols + " values, row " + r + " has " + values[r].length);
      }
      MemorySegment.copy(values[r], 0, matrix.segment, JAVA_FLOAT, matrix.byteOffset(r, 0), cols);
    }
    return matrix;
  }

  public int rows() {
    return rows;
  }

  public int cols() {
    return cols;
  }

  /** Returns the distance between rows, in elements. */
  public int stride() {
    return stride;
  }

  /** Returns the segment that this matrix looks into. */
  public MemorySegment segment() {
    return segment;
  }

  /** Returns the place of element (0, 0), in elements from the start of the segment. */
  public long offset() {
    return offset;
  }

  /** Returns the place of element (r, 0), in elements from the start of the segment; unchecked. */
  public long offset(int r) {
    return offset + (long) r * stride;
  }

  /** Returns the place of element (r, c), in bytes from the start of the segment; unchecked. */
  public long byteOffset(int r, int c) {
    return (offset + (long) r * stride + c) * Float.BYTES;
  }

  /**
   * Returns the address of element (r, c); unchecked, and of use while the arena is open only, to
   * kernels that have checked what they are given.
   */
  public long address(int r, int c) {
    return address + ((long) r * stride + c) * Float.BYTES;
  }

  /**
   * Returns element (r, c).
   *
   * @throws IndexOutOfBoundsException if there is none
   */
  public float get(int r, int c) {
    check(r, c);
    return segment.get(JAVA_FLOAT, byteOffset(r, c));
  }

  /**
   * Sets element (r, c).
   *
   * @throws IndexOutOfBoundsException if there is none
   */
  public void set(int r, int c, float value) {
    check(r, c);
    segment.set(JAVA_FLOAT, byteOffset(r, c), value);
  }

  /** Returns a view of rows {@code from} (inclusive) to {@code to} (exclusive). */
  public Matrix rows(int from, int to) {
    if (from < 0 || to < from || to > rows) {
      throw new IndexOutOfBoundsException("rows " + from + " to " + to + " of " + this);
    }
    return new Matrix(segment, offset + (long) from * stride, to - from, cols, stride);
  }

  /**
   * Copies all numbers of a matrix of the same shape.
   *
   * @throws IllegalArgumentException if the shapes differ
   */
  public void copyFrom(Matrix source) {
    if (source.rows != rows || source.cols != cols) {
      throw new IllegalArgumentException("cannot copy " + source + " into " + this);
    }
    for (int r = 0; r < rows; r++) {
      MemorySegment.copy(
          source.segment,
          source.byteOffset(r, 0),
          segment,
          byteOffset(r, 0),
          (long) cols * Float.BYTES);
    }
  }

  /**
   * Copies all numbers of a matrix of the transposed shape: {@code this <- sourceᵀ}.
   *
   * @throws IllegalArgumentException if the shapes do not fit
   */
  public void transposeFrom(Matrix source) {
    if (source.rows != cols || source.cols != rows) {
      throw new IllegalArgumentException(
          "cannot copy the transpose of " + source + " into " + this);
    }
    for (int r0 = 0; r0 < rows; r0 += TILE) {
      int r1 = Math.min(rows, r0 + TILE);
      for (int c = 0; c < cols; c++) {
        for (int r = r0; r < r1; r++) {
          segment.set(
              JAVA_FLOAT,
              byteOffset(r, c),
              source.segment.get(JAVA_FLOAT, source.byteOffset(c, r)));
        }
      }
    }
  }

  /** Returns a copy of the numbers, row by row. */
  public float[][] toArray() {
    float[][] values = new float[rows][cols];
    for (int r = 0; r < rows; r++) {
      MemorySegment.copy(segment, JAVA_FLOAT, byteOffset(r, 0), values[r], 0, cols);
    }
    return values;
  }

  /** Returns the shape, as in {@code 64x784}. */
  @Override
  public String toString() {
    return rows + "x" + cols;
  }

  private void check(int r, int c) {
    if (r < 0 || r >= rows || c < 0 || c >= cols) {
      throw new IndexOutOfBoundsException("element (" + r + ", " + c + ") of a matrix " + this);
    }
  }
}
