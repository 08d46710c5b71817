package fathom.optim;

import fathom.kernel.Update;
import fathom.kernel.UpdateStep;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Adam: steps of about the learning rate, whatever the size of the gradients. For step t from 1,
 * gradient g and parameter w:
 *
 * <pre>
 *   g' = g + weightDecay w
 *   m  = beta1 m + (1 - beta1) g'
 *   v  = beta2 v + (1 - beta2) g'²
 *   w  = w - rate / (1 - beta1^t) m / (√v / √(1 - beta2^t) + epsilon)
 * </pre>
 *
 * <p>AMSGrad puts {@code vmax = max(vmax, v)} in the place of v in the divisor, so that steps do
 * not grow again once large gradients are forgotten.
 *
 * <p>Moments below the smallest normal float become zero; an epsilon of at least 1e-16 outweighs
 * the root of what is lost.
 *
 * @param rate learning rate
 * @param beta1 memory of the mean of gradients; at least 0 and below 1
 * @param beta2 memory of the mean of their squares; at least 0 and below 1
 * @param epsilon what keeps the divisor from zero; at least 1e-16
 * @param weightDecay factor of the parameter in the gradient (L2 penalty); {@link AdamW} decays
 *     better
 * @param amsgrad whether the largest v so far takes the place of v
 * @see <a href="https://arxiv.org/abs/1412.6980">Kingma and Ba, Adam: a method for stochastic
 *     optimization, 2015</a>
 * @see <a href="https://arxiv.org/abs/1904.09237">Reddi et al., On the convergence of Adam and
 *     beyond, 2018, for AMSGrad</a>
 */
public record Adam(
    float rate, float beta1, float beta2, float epsilon, float weightDecay, boolean amsgrad)
    implements Optimizer {
  static final float SMALLEST_EPSILON = 1e-16f;

  /**
   * Checks the hyperparameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Adam {
    Hyperparameter.notNegative("the learning rate", rate);
    Hyperparameter.memory("beta1", beta1);
    Hyperparameter.memory("beta2", beta2);
    Hyperparameter.epsilon(epsilon);
    Hyperparameter.notNegative("weight decay", weightDecay);
  }

  /** Adam without AMSGrad. */
  public Adam(float rate, float beta1, float beta2, float epsilon, float weightDecay) {
    this(rate, beta1, beta2, epsilon, weightDecay, false);
  }

  /** Adam with the paper's betas 0.9 and 0.999, epsilon 1e-8, and no weight decay. */
  public Adam(float rate) {
    this(rate, 0.9f, 0.999f, 1e-8f, 0);
  }

  @Override
  public List<String> moments() {
    return moments(amsgrad);
  }

  @Override
  public Rule rule(MemorySegment parameters, List<MemorySegment> moments) {
    UpdateStep s = new UpdateStep(parameters, moments);
    s.decay = weightDecay;
    return rule(s, amsgrad, beta1, beta2, epsilon, 0);
  }

  static List<String> moments(boolean amsgrad) {
    return amsgrad ? List.of("m", "v", "vmax") : List.of("m", "v");
  }

  /** Returns the rule of Adam and AMSGrad, of which AdamW decays parameters by themselves. */
  static Rule rule(
      UpdateStep s, boolean amsgrad, float beta1, float beta2, float epsilon, float decoupled) {
    s.mean(beta1).squares(beta2).epsilon = epsilon;
    return new KernelRule(
        amsgrad ? Update.AMSGRAD : Update.ADAM,
        s,
        (step, newRate) -> {
          s.rate = (float) (newRate / (1 - Math.pow(beta1, (double) step)));
          s.rootScale = (float) (1 / Math.sqrt(1 - Math.pow(beta2, (double) step)));
          s.shrink = (float) (1 - (double) newRate * decoupled);
        });
  }
}
