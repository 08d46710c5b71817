package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The memory of passes up to one batch size, and the passes themselves, one for each size that was
 * asked for. Passes of different sizes use the same memory: a plan asks for matrices in the same
 * order whatever the size.
 */
class Workspace implements AutoCloseable {
  /** The buffer of gradients behind the three that take turns. */
  static final int HALF = 3;

  private static final int ALIGNMENT = 64;

  private final Engine engine;
  private final List<Layer> layers;
  private final int capacity;
  private final boolean training;
  private final int frozen;
  private final Segments segments;
  private final Dropout.Draws draws;
  private final Arena arena = Arena.ofShared();
  private final Pass[] passes;
  private final List<MemorySegment> own = new ArrayList<>();
  private final List<MemorySegment> shared = new ArrayList<>();
  private final List<MemorySegment> skips = new ArrayList<>();
  private final List<MemorySegment> buffers = new ArrayList<>();
  private final MemorySegment[] gradients = new MemorySegment[HALF + 1];

  /** Of each member, by the distance between rows, or 0 where rows have no gaps. */
  private final Map<Integer, MemorySegment[]> scratch = new HashMap<>();

  private final int widest;
  private long bytes;
  private int next;
  private int nextShared;

  /**
   * Holds no memory yet.
   *
   * @param segments which layers share memory in training
   */
  Workspace(
      Engine engine,
      List<Layer> layers,
      int capacity,
      boolean training,
      int frozen,
      Segments segments,
      Dropout.Draws draws) {
    this.engine = engine;
    this.layers = layers;
    this.capacity = capacity;
    this.training = training;
    this.frozen = frozen;
    this.segments = segments;
    this.draws = draws;
    passes = new Pass[capacity + 1];
    widest = layers.stream().mapToInt(l -> Math.max(l.in, l.out) * l.times()).max().orElseThrow();
  }

  final int capacity() {
    return capacity;
  }

  /** Returns how much memory was asked for. */
  final long bytes() {
    return bytes;
  }

  final Dropout.Draws draws() {
    return draws;
  }

  final Segments segments() {
    return segments;
  }

  /** Returns the pass for a batch size up to the capacity. */
  final Pass pass(int batch) {
    Pass pass = passes[batch];
    if (pass == null) {
      pass = new Pass(new Plan(engine, layers, this, batch, training, frozen), batch, draws);
      passes[batch] = pass;
    }
    return pass;
  }

  /** Goes back to the first matrix, for the plan of another size. */
  final void restart() {
    next = 0;
    nextShared = 0;
  }

  /** Goes back to the first of the matrices that runs of layers share. */
  final void restartShared() {
    nextShared = 0;
  }

  /** Returns the next matrix that has memory of its own; cols is 1 or the batch size. */
  final Matrix matrix(int rows, int cols) {
    if (next == own.size()) {
      own.add(allocate(rows, cols == 1 ? 1 : capacity));
    }
    MemorySegment segment = own.get(next);
    if (segment.byteSize() < (long) rows * stride(cols) * Float.BYTES) {
      segment = allocate(rows, capacity);
      own.set(next, segment);
    }
    next++;
    return view(segment, rows, cols);
  }

  /** Returns the next matrix that has memory of its own and the samples for rows, without gaps. */
  final Matrix rows(int batch, int features) {
    return new Matrix(matrix(features, batch).segment(), 0, batch, features, features);
  }

  /** Returns the next matrix of those that runs of layers share, rows x the batch size. */
  final Matrix shared(int rows, int batch) {
    if (nextShared == shared.size()) {
      shared.add(allocate(segments.widest(), capacity));
    }
    return view(shared.get(nextShared++), rows, batch);
  }

  /**
   * Returns the matrix for a gradient that goes around a branch; blocks that do not lie in one
   * another share it, since the gradient of the one has arrived before that of the next leaves.
   *
   * @param depth how many blocks are around the branch's
   */
  final Matrix skip(int depth, int rows, int cols) {
    while (skips.size() <= depth) {
      skips.add(allocate(widest, capacity));
    }
    return view(skips.get(depth), rows, cols);
  }

  /** Returns a matrix in a buffer that none of the given ones lies in. */
  final Matrix reusable(int rows, int cols, List<Matrix> used) {
    for (MemorySegment buffer : buffers) {
      if (used.stream().noneMatch(m -> m.segment().equals(buffer))) {
        return view(buffer, rows, cols);
      }
    }
    MemorySegment buffer = allocate(widest, capacity);
    buffers.add(buffer);
    return view(buffer, rows, cols);
  }

  /** Returns a buffer for a gradient; rows times cols is at most the widest layer's. */
  final Matrix gradient(int turn, int rows, int cols) {
    if (gradients[turn] == null) {
      gradients[turn] = allocate(widest, capacity);
    }
    return view(gradients[turn], rows, cols);
  }

  /**
   * Returns a matrix for each member of the engine, all lent anew to whoever asks next. What lies
   * behind the rows stays zero.
   */
  Matrix[] scratch(int rows, int cols, int stride) {
    // Rows of another length would write into the gaps.
    MemorySegment[] segments =
        scratch.computeIfAbsent(
            stride == cols ? 0 : stride, key -> new MemorySegment[engine.threads()]);
    Matrix[] matrices = new Matrix[segments.length];
    for (int i = 0; i < matrices.length; i++) {
      long size = (long) rows * stride * Float.BYTES;
      if (segments[i] == null || segments[i].byteSize() < size) {
        bytes += size;
        segments[i] = segment(size);
      }
      matrices[i] = new Matrix(segments[i], 0, rows, cols, stride);
    }
    return matrices;
  }

  /** Rows of a batch lie as far apart as in a slab, and those of a sequence without gaps. */
  private Matrix view(MemorySegment segment, int rows, int cols) {
    return new Matrix(segment, 0, rows, cols, cols > capacity ? cols : stride(cols));
  }

  /** Of more than one row, so that a matrix may be looked at as more or fewer. */
  private static int stride(int cols) {
    return Slab.Layout.stride(2, cols);
  }

  private MemorySegment allocate(int rows, int cols) {
    bytes += bytes(rows, cols);
    return segment(Math.max(1, (long) rows * room(cols)) * Float.BYTES);
  }

  /** Returns the greatest distance between rows of up to so many columns. */
  private static int room(int cols) {
    int longest = cols / Slab.Layout.CONFLICT * Slab.Layout.CONFLICT;
    return Math.max(cols, stride(longest));
  }

  /**
   * Returns how many columns a matrix has in a pass that is laid out with so many: the batch's, or
   * as many for each step of a sequence.
   */
  int samples(int laidOut) {
    return laidOut;
  }

  /** Returns the memory of a matrix; cols is 1 or the capacity. */
  long bytes(int rows, int cols) {
    return Math.max(1, (long) rows * room(cols)) * Float.BYTES;
  }

  /** Returns memory of its own. */
  MemorySegment segment(long size) {
    return arena.allocate(size, ALIGNMENT);
  }

  @Override
  public void close() {
    arena.close();
  }
}
