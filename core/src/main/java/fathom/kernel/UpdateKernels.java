package fathom.kernel;

import java.lang.foreign.MemorySegment;

/**
 * One fused pass over flat parameters w, gradients g and optimizer state, on elements {@code [from,
 * to)} of each segment; indices are long. Elementwise: the result does not depend on how a range is
 * cut. All zeros stay zeros. Nothing is allocated. Definitions are PyTorch's.
 */
public interface UpdateKernels {
  /** {@code g' = g + decay w; w <- w - rate g'}. */
  void sgd(MemorySegment w, MemorySegment g, long from, long to, float rate, float decay);

  /**
   * {@code g' = g + decay w; v <- momentum v + (1 - dampening) g'} (at the first step {@code v <-
   * g'}); {@code w <- w - rate v}, or with Nesterov {@code w <- w - rate (g' + momentum v)}.
   */
  void momentum(
      MemorySegment w,
      MemorySegment g,
      MemorySegment v,
      long from,
      long to,
      float rate,
      float momentum,
      float dampening,
      float decay,
      boolean nesterov,
      boolean first);

  /**
   * {@code w' = shrink w; g' = g + decay w'; m <- beta1 m + (1 - beta1) g'; v <- beta2 v + (1 -
   * beta2) g'²; w <- w' - stepSize m / (sqrt(v) rootBias + epsilon)}. Adam has shrink 1; AdamW has
   * decay 0 and shrink 1 - rate weightDecay. {@code stepSize = rate / (1 - beta1^t)} and {@code
   * rootBias = 1 / sqrt(1 - beta2^t)} come from the caller.
   */
  void adam(
      MemorySegment w,
      MemorySegment g,
      MemorySegment m,
      MemorySegment v,
      long from,
      long to,
      float stepSize,
      float rootBias,
      float beta1,
      float beta2,
      float epsilon,
      float decay,
      float shrink);

  /** {@code x <- factor x}. */
  void scale(MemorySegment x, long from, long to, float factor);

  /** Returns the sum of squares in double precision, in an order fixed by from and to alone. */
  double sumOfSquares(MemorySegment x, long from, long to);
}
