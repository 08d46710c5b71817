package fathom.kernel;

import java.lang.foreign.MemorySegment;

/** Fused passes over flat parameters, gradients and optimizer state. Nothing is allocated. */
public interface UpdateKernels {
  /**
   * Does one step of a rule for elements {@code [from, to)}; indices are long. Elementwise: the
   * result does not depend on how a range is cut. Gradients are read, clipped on the way, and left
   * as they are.
   *
   * @param gradients of which the one of element i lies at {@code i - first}
   * @param factor what gradients are multiplied by; 1 changes nothing
   * @param bound what the size of gradients is cut to after that; infinity changes nothing
   */
  void update(
      Update update,
      UpdateStep step,
      MemorySegment gradients,
      long first,
      long from,
      long to,
      float factor,
      float bound);

  /** {@code x <- factor x}. */
  void scale(MemorySegment x, long from, long to, float factor);

  /** {@code x <- sign(x) max(|x| - threshold, 0)}, for a threshold of at least 0; NaN stays. */
  void shrink(MemorySegment x, long from, long to, float threshold);

  /** Returns the sum of squares in double precision, in an order fixed by from and to alone. */
  double sumOfSquares(MemorySegment x, long from, long to);
}
