package fathom.kernel;

/**
 * The rules by which {@link UpdateKernels} change parameters w, on the numbers of an {@link
 * UpdateStep}. In all of them {@code g' = clip(g) + decay w} is the gradient of a step, where
 * {@code clip(g)} is {@code factor g} held between {@code -bound} and {@code bound}; a, b and c are
 * what the rule keeps of each parameter. Definitions are PyTorch's.
 *
 * <p>All zeros stay zeros.
 */
public enum Update {
  /** {@code w <- w - rate g'}. */
  SGD(0),

  /**
   * {@code a <- keep1 a + share1 g'} (at the first step {@code a <- g'}); {@code w <- w - rate a},
   * or with Nesterov {@code w <- w - rate (g' + keep1 a)}.
   */
  MOMENTUM(1),

  /**
   * {@code w' = shrink w; d = sign(keep1 a + share1 clip(g)); a <- keep2 a + share2 clip(g); w <-
   * w' - rate d}.
   */
  LION(1),

  /**
   * {@code a <- keep2 a + share2 g'²; w <- w - rate g' / (sqrt(a) + epsilon)}. AdaGrad keeps 1 and
   * has a share of 1.
   */
  RMSPROP(1),

  /**
   * {@code a} as in {@link #RMSPROP}; {@code b <- keep1 b + g' / (sqrt(a) + epsilon); w <- w - rate
   * b}.
   */
  RMSPROP_MOMENTUM(2),

  /**
   * {@code c <- keep2 c + share2 g'}, and {@link #RMSPROP_MOMENTUM} with {@code a - c²}, or 0 if
   * rounding has made that negative, in place of a.
   */
  RMSPROP_CENTERED(3),

  /**
   * {@code a <- keep2 a + share2 g'²; d = sqrt(b + epsilon) / sqrt(a + epsilon) g'; b <- keep2 b +
   * share2 d²; w <- w - rate d}.
   */
  ADADELTA(2),

  /**
   * {@code w' = shrink w; g' = clip(g) + decay w'; a <- keep1 a + share1 g'; b <- keep2 b + share2
   * g'²; w <- w' - rate a / (sqrt(b) rootScale + epsilon)}. Adam has shrink 1; AdamW has decay 0
   * and shrink 1 - rate weightDecay. The caller puts the bias corrections into rate and rootScale.
   */
  ADAM(2),

  /** {@link #ADAM}, but {@code c <- max(c, b)} in place of b in the divisor. */
  AMSGRAD(3),

  /**
   * {@code a <- keep1 a + share1 g'; b <- max(keep2 b, |g'| + epsilon); w <- w - rate a / b}. A b
   * of epsilon is kept as 0, which makes no difference to any later b.
   */
  ADAMAX(2),

  /**
   * {@code w', g', a, b} as in {@link #ADAM}; {@code w <- w' - (ahead g' + rate a) / (sqrt(b)
   * rootScale + epsilon)}.
   */
  NADAM(2);

  private final int moments;

  Update(int moments) {
    this.moments = moments;
  }

  /** Returns how many numbers the rule keeps of each parameter. */
  public int moments() {
    return moments;
  }
}
