package fathom.nn;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * What is done to units one by one after a product, on a batch of one size: B samples,
 * feature-major. Members run it on a block of rows while that is in cache. Backward goes over the
 * group's gradient D in place.
 */
abstract class RowPass {
  /** Out x B: the output. */
  final Matrix a;

  RowPass(Matrix a) {
    this.a = a;
  }

  /** Computes rows {@code [from, to)} of the output. */
  abstract void forward(int from, int to);

  /** Turns the loss's gradient by these rows of the output into the one by those of the input. */
  abstract void backward(Matrix d, int from, int to);

  /**
   * Returns what computes the same output a second time, for a backward pass that has not kept it,
   * and changes nothing else.
   */
  RowPass again() {
    return this;
  }

  /**
   * Turns a change of these rows of the input into the change of the output that follows from it,
   * to first order, in place. What is elementwise, or whose Jacobian is symmetric otherwise, does
   * the same as {@link #backward}.
   */
  void tangent(Matrix d, int from, int to) {
    backward(d, from, to);
  }

  /** Ends a backward pass once all rows are done; called by one member. */
  void finish() {}

  /** Copies rows of a matrix to another of the same shape. */
  static void copy(Matrix source, Matrix target, int from, int to) {
    int cols = target.cols();
    if (source.stride() == cols && target.stride() == cols) {
      long bytes = (long) (to - from) * cols * Float.BYTES;
      MemorySegment.copy(
          source.segment(),
          source.byteOffset(from, 0),
          target.segment(),
          target.byteOffset(from, 0),
          bytes);
      return;
    }
    for (int r = from; r < to; r++) {
      MemorySegment.copy(
          source.segment(),
          source.byteOffset(r, 0),
          target.segment(),
          target.byteOffset(r, 0),
          (long) cols * Float.BYTES);
    }
  }
}
