package fathom.optim;

import fathom.kernel.Update;
import fathom.kernel.UpdateStep;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * RAdam: Adam that warms itself up. Until the mean of squares rests on enough steps to divide by,
 * it steps along the mean of gradients alone; afterwards it corrects for the variance of the
 * divisor. For step t from 1, gradient g and parameter w:
 *
 * <pre>
 *   g' = g + weightDecay w                  or, decoupled, w = w (1 - rate weightDecay)
 *   m  = beta1 m + (1 - beta1) g'
 *   v  = beta2 v + (1 - beta2) g'²
 *   ρ∞ = 2 / (1 - beta2) - 1
 *   ρ  = ρ∞ - 2 t beta2^t / (1 - beta2^t)
 *   r  = √((ρ - 4) (ρ - 2) ρ∞ / ((ρ∞ - 4) (ρ∞ - 2) ρ))
 *   w  = w - rate / (1 - beta1^t) m r √(1 - beta2^t) / (√v + epsilon)    if ρ is above 5, else
 *   w  = w - rate / (1 - beta1^t) m
 * </pre>
 *
 * <p>Means below the smallest normal float become zero.
 *
 * @param rate learning rate
 * @param beta1 memory of the mean of gradients; at least 0 and below 1
 * @param beta2 memory of the mean of their squares; at least 0 and below 1
 * @param epsilon what keeps the divisor from zero; at least 1e-16
 * @param weightDecay factor of the parameter in the gradient (L2 penalty), or what a step takes off
 *     the parameters, per unit of the learning rate
 * @param decoupled whether weight decay is the latter, as in {@link AdamW}
 * @see <a href="https://arxiv.org/abs/1908.03265">Liu et al., On the variance of the adaptive
 *     learning rate and beyond, 2020</a>
 */
public record RAdam(
    float rate, float beta1, float beta2, float epsilon, float weightDecay, boolean decoupled)
    implements Optimizer {

  /**
   * Checks the hyperparameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public RAdam {
    Hyperparameter.notNegative("the learning rate", rate);
    Hyperparameter.memory("beta1", beta1);
    Hyperparameter.memory("beta2", beta2);
    Hyperparameter.epsilon(epsilon);
    Hyperparameter.notNegative("weight decay", weightDecay);
  }

  /** RAdam with betas 0.9 and 0.999, epsilon 1e-8 and no weight decay, as in PyTorch. */
  public RAdam(float rate) {
    this(rate, 0.9f, 0.999f, 1e-8f, 0, false);
  }

  @Override
  public List<String> moments() {
    return List.of("m", "v");
  }

  @Override
  public Rule rule(MemorySegment parameters, List<MemorySegment> moments) {
    UpdateStep s = new UpdateStep(parameters, moments);
    s.mean(beta1).squares(beta2);
    s.decay = decoupled ? 0 : weightDecay;
    return new KernelRule(Update.ADAM, s, (step, newRate) -> set(s, step, newRate));
  }

  private void set(UpdateStep s, long step, float newRate) {
    double left = Math.pow(beta2, (double) step);
    double longest = 2 / (1.0 - beta2) - 1;
    double length = longest - 2 * step * left / (1 - left);
    double size = newRate / (1 - Math.pow(beta1, (double) step));
    s.shrink = (float) (1 - (double) newRate * (decoupled ? weightDecay : 0));
    if (length > 5) {
      double rectified =
          Math.sqrt(
              (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
      s.rate = (float) (size * rectified * Math.sqrt(1 - left));
      s.rootScale = 1;
      s.epsilon = epsilon;
    } else {
      s.rate = (float) size;
      // Adam's divisor becomes 1.
      s.rootScale = 0;
      s.epsilon = 1;
    }
  }
}
