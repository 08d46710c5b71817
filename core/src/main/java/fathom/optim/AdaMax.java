package fathom.optim;

import fathom.kernel.Update;
import fathom.kernel.UpdateStep;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * AdaMax: Adam with the largest of the gradients, faded, in place of the root of their mean square.
 * For step t from 1, gradient g and parameter w:
 *
 * <pre>
 *   g' = g + weightDecay w
 *   m  = beta1 m + (1 - beta1) g'
 *   u  = max(beta2 u, |g'| + epsilon)
 *   w  = w - rate / (1 - beta1^t) m / u
 * </pre>
 *
 * <p>Means below the smallest normal float become zero.
 *
 * @param rate learning rate
 * @param beta1 memory of the mean of gradients; at least 0 and below 1
 * @param beta2 what is left of the largest gradient after a step; at least 0 and below 1
 * @param epsilon what keeps the divisor from zero; at least 1e-16
 * @param weightDecay factor of the parameter in the gradient (L2 penalty)
 * @see <a href="https://arxiv.org/abs/1412.6980">Kingma and Ba, Adam: a method for stochastic
 *     optimization, 2015, section 7.1</a>
 */
public record AdaMax(float rate, float beta1, float beta2, float epsilon, float weightDecay)
    implements Optimizer {

  /**
   * Checks the hyperparameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public AdaMax {
    Hyperparameter.notNegative("the learning rate", rate);
    Hyperparameter.memory("beta1", beta1);
    Hyperparameter.memory("beta2", beta2);
    Hyperparameter.epsilon(epsilon);
    Hyperparameter.notNegative("weight decay", weightDecay);
  }

  /** AdaMax with betas 0.9 and 0.999, epsilon 1e-8 and no weight decay, as in PyTorch. */
  public AdaMax(float rate) {
    this(rate, 0.9f, 0.999f, 1e-8f, 0);
  }

  @Override
  public List<String> moments() {
    return List.of("m", "u");
  }

  @Override
  public Rule rule(MemorySegment parameters, List<MemorySegment> moments) {
    UpdateStep s = new UpdateStep(parameters, moments);
    s.mean(beta1).keep2 = beta2;
    s.epsilon = epsilon;
    s.decay = weightDecay;
    return new KernelRule(
        Update.ADAMAX,
        s,
        (step, newRate) -> s.rate = (float) (newRate / (1 - Math.pow(beta1, (double) step))));
  }
}
