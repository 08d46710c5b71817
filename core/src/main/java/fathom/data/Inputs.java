package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The inputs of a dataset: in memory and scaled in place, or in a mapped file and scaled whenever
 * they are copied, until someone asks for the matrix.
 */
final class Inputs {
  private final Arena arena;
  private final int rows;
  private final int cols;
  private volatile Matrix matrix;
  private volatile MappedRows mapped;
  private volatile Scaling scaling;

  /** Allocates zeros. */
  Inputs(Arena arena, int rows, int cols) {
    this.arena = arena;
    this.rows = rows;
    this.cols = cols;
    matrix = Matrix.allocate(arena, rows, cols);
    scaling = Scaling.identity(cols);
  }

  /** Looks into a file that is mapped for as long as the arena lives. */
  Inputs(Arena arena, MappedRows mapped) {
    this.arena = arena;
    this.mapped = mapped;
    rows = mapped.rows();
    cols = mapped.cols();
    scaling = Scaling.identity(cols);
  }

  int rows() {
    return rows;
  }

  int cols() {
    return cols;
  }

  /** Returns whether the numbers are in a file. */
  boolean areMapped() {
    return mapped != null;
  }

  /** Returns all in memory, copied there by the first call. */
  synchronized Matrix matrix() {
    if (mapped != null) {
      Matrix copy = Matrix.allocate(arena, rows, cols);
      for (int r = 0; r < rows; r++) {
        mapped.read(r, scaling, copy.segment(), (long) r * cols);
      }
      matrix = copy;
      mapped = null;
    }
    return matrix;
  }

  Scaling scaling() {
    return scaling;
  }

  /** Says what was done to numbers in memory already, or what is to be done to those of a file. */
  void scaled(Scaling done) {
    scaling = done;
  }

  synchronized void scale(Scaling step) {
    Scaling total = scaling.then(step);
    if (mapped == null) {
      step.apply(matrix);
    }
    scaling = total;
  }

  synchronized void scaleTo(Scaling total) {
    if (scaling.equals(total)) {
      return;
    }
    total.requireLength(cols);
    if (mapped == null) {
      scaling.undo(matrix);
      total.apply(matrix);
    }
    scaling = total;
  }

  /** Reads one row. */
  void read(int row, float[] to) {
    MappedRows file = mapped;
    if (file == null) {
      MemorySegment.copy(matrix.segment(), JAVA_FLOAT, matrix.byteOffset(row, 0), to, 0, cols);
    } else {
      file.read(row, scaling, MemorySegment.ofArray(to), 0);
    }
  }

  /** Copies rows {@code order[first ... first + n)}, or of that range where order is null. */
  void copy(int[] order, int first, int n, MemorySegment to, long start) {
    MappedRows file = mapped;
    if (file == null) {
      GatherPool.copy(matrix, to, start, order, first, n);
      return;
    }
    Scaling done = scaling;
    for (int i = 0; i < n; i++) {
      file.read(order == null ? first + i : order[first + i], done, to, start + (long) i * cols);
    }
  }
}
