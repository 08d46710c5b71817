package fathom.optim;

import fathom.kernel.Update;
import fathom.kernel.UpdateStep;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Lion: steps of the learning rate exactly, in the direction of a mean of gradients; wants a rate a
 * third to a tenth of Adam's. For gradient g and parameter w:
 *
 * <pre>
 *   w  = w (1 - rate weightDecay)
 *   w  = w - rate sign(beta1 m + (1 - beta1) g)
 *   m  = beta2 m + (1 - beta2) g
 * </pre>
 *
 * <p>The sign of 0 is 0, and that of NaN is NaN. Means below the smallest normal float become zero.
 *
 * @param rate learning rate
 * @param beta1 share of the mean in the direction; at least 0 and below 1
 * @param beta2 memory of the mean of gradients; at least 0 and below 1
 * @param weightDecay what a step takes off the parameters, per unit of the learning rate; wants
 *     three to ten times AdamW's
 * @see <a href="https://arxiv.org/abs/2302.06675">Chen et al., Symbolic discovery of optimization
 *     algorithms, 2023</a>
 */
public record Lion(float rate, float beta1, float beta2, float weightDecay) implements Optimizer {

  /**
   * Checks the hyperparameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Lion {
    Hyperparameter.notNegative("the learning rate", rate);
    Hyperparameter.memory("beta1", beta1);
    Hyperparameter.memory("beta2", beta2);
    Hyperparameter.notNegative("weight decay", weightDecay);
  }

  /** Lion with the paper's betas 0.9 and 0.99, and no weight decay. */
  public Lion(float rate) {
    this(rate, 0.9f, 0.99f, 0);
  }

  @Override
  public List<String> moments() {
    return List.of("m");
  }

  @Override
  public Rule rule(MemorySegment parameters, List<MemorySegment> moments) {
    UpdateStep s = new UpdateStep(parameters, moments);
    s.mean(beta1).squares(beta2);
    return new KernelRule(
        Update.LION,
        s,
        (step, newRate) -> {
          s.rate = newRate;
          s.shrink = (float) (1 - (double) newRate * weightDecay);
        });
  }
}
