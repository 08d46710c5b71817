package fathom.optim;

import fathom.kernel.UpdateKernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Adam (Kingma and Ba 2015), with weight decay as a penalty if asked for.
 *
 * <p>{@code g' = g + weightDecay w; m <- beta1 m + (1 - beta1) g'; v <- beta2 v + (1 - beta2) g'²;
 * w <- w - rate / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon)}.
 *
 * @param rate the learning rate, not negative
 * @param beta1 the share of the mean that is kept, in [0, 1)
 * @param beta2 the share of the mean square that is kept, in [0, 1)
 * @param epsilon what keeps the division finite, not negative
 * @param weightDecay the weight of the penalty w²/2, not negative
 */
public record Adam(float rate, float beta1, float beta2, float epsilon, float weightDecay)
    implements Optimizer {

  /** Checks the settings. */
  public Adam {
    requireAll(rate, beta1, beta2, epsilon, weightDecay);
  }

  /** The paper's settings: 0.9, 0.999 and 1e-8, without weight decay. */
  public Adam(float rate) {
    this(rate, 0.9f, 0.999f, 1e-8f, 0);
  }

  static void requireAll(float rate, float beta1, float beta2, float epsilon, float decay) {
    Optimizer.require("rate", rate, rate >= 0 && Float.isFinite(rate), "finite and at least 0");
    Optimizer.require("beta1", beta1, beta1 >= 0 && beta1 < 1, "in [0, 1)");
    Optimizer.require("beta2", beta2, beta2 >= 0 && beta2 < 1, "in [0, 1)");
    Optimizer.require("epsilon", epsilon, epsilon >= 0, "at least 0");
    Optimizer.require(
        "weight decay", decay, decay >= 0 && Float.isFinite(decay), "finite and at least 0");
  }

  @Override
  public List<String> moments() {
    return List.of("mean", "square");
  }

  @Override
  public void update(
      UpdateKernels kernels,
      long step,
      float stepRate,
      MemorySegment parameters,
      MemorySegment gradients,
      MemorySegment[] moments,
      long from,
      long to) {
    kernels.adam(
        parameters,
        gradients,
        moments[0],
        moments[1],
        from,
        to,
        stepSize(stepRate, beta1, step),
        rootBias(beta2, step),
        beta1,
        beta2,
        epsilon,
        weightDecay,
        1);
  }

  /** Returns rate / (1 - beta1^t), computed in double precision. */
  static float stepSize(float rate, float beta1, long step) {
    return (float) (rate / (1 - Math.pow(beta1, (double) step)));
  }

  /** Returns 1 / sqrt(1 - beta2^t), computed in double precision. */
  static float rootBias(float beta2, long step) {
    return (float) (1 / Math.sqrt(1 - Math.pow(beta2, (double) step)));
  }
}
