package fathom.optim;

import fathom.kernel.UpdateKernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019): {@code w <- w (1 - rate
 * weightDecay)}, then Adam's step without a penalty.
 *
 * @param rate the learning rate, not negative
 * @param beta1 the share of the mean that is kept, in [0, 1)
 * @param beta2 the share of the mean square that is kept, in [0, 1)
 * @param epsilon what keeps the division finite, not negative
 * @param weightDecay how fast weights shrink, in units of the rate, not negative
 */
public record AdamW(float rate, float beta1, float beta2, float epsilon, float weightDecay)
    implements Optimizer {

  /** Checks the settings. */
  public AdamW {
    Adam.requireAll(rate, beta1, beta2, epsilon, weightDecay);
  }

  /** PyTorch's settings: 0.9, 0.999, 1e-8 and a weight decay of 0.01. */
  public AdamW(float rate) {
    this(rate, 0.9f, 0.999f, 1e-8f, 0.01f);
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
        Adam.stepSize(stepRate, beta1, step),
        Adam.rootBias(beta2, step),
        beta1,
        beta2,
        epsilon,
        0,
        1 - stepRate * weightDecay);
  }
}
