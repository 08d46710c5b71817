package fathom.train;

import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * A matrix of weights and what to sum up of it in a step, in pieces that depend on its shape alone.
 */
final class WeightTally {
  /** Weights of a piece: with gradients and what is kept of them, they stay in the second cache. */
  static final int PIECE = 1 << 12;

  /** Where the weights begin and end in their slab. */
  final long from;

  final long to;

  private final int stride;
  private final int cols;
  private final int firstPiece;
  private final Kernels kernels;
  private final Tally gradients;
  private final double[] changes;

  /**
   * Places a matrix among those of its layer, which are summed up together.
   *
   * @param firstPiece how many pieces those before it have
   * @param gradients of all of them
   * @param changes of each of their pieces two: squares of weights, and of what was added to them
   */
  WeightTally(Kernels kernels, Matrix w, int firstPiece, Tally gradients, double[] changes) {
    this.kernels = kernels;
    this.firstPiece = firstPiece;
    this.gradients = gradients;
    this.changes = changes;
    from = w.offset();
    to = w.offset(w.rows());
    stride = w.stride();
    cols = w.cols();
  }

  /** Returns how many pieces a matrix has. */
  static int pieces(Matrix w) {
    return Math.toIntExact((w.offset(w.rows()) - w.offset() + PIECE - 1) / PIECE);
  }

  /** Looks at a piece of the gradient, elements {@code [start, end)} of its slab. */
  void addGradients(MemorySegment slab, long start, long end, Tally.Counts counts) {
    if (stride == cols) {
      gradients.add(kernels, piece(start), slab, start, end, counts);
      return;
    }
    // What lies between rows is no gradient.
    for (long row = start - (start - from) % stride; row < end; row += stride) {
      long first = Math.max(start, row);
      long last = Math.min(end, row + cols);
      if (first < last) {
        gradients.add(kernels, piece(start), slab, first, last, counts);
      }
    }
  }

  /** Ends a member's look at pieces of the gradient. */
  void settleGradients(Tally.Counts counts) {
    gradients.settle(counts);
  }

  /**
   * Looks at what became of a piece of the weights.
   *
   * @param old what they were, that of element i at {@code i - first}
   */
  void addChanges(MemorySegment old, long first, MemorySegment now, long start, long end) {
    kernels.tally().changes(old, first, now, start, end, changes, 2 * piece(start));
  }

  private int piece(long start) {
    return firstPiece + (int) ((start - from) / PIECE);
  }

  /** Returns the end of the piece that begins at an element. */
  long end(long start) {
    return Math.min(to, start + PIECE);
  }
}
