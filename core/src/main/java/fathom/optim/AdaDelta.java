package fathom.optim;

import fathom.kernel.Update;
import fathom.kernel.UpdateStep;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * AdaDelta: steps are of the size of recent steps, over that of recent gradients, so that they need
 * hardly any rate. For gradient g and parameter w:
 *
 * <pre>
 *   g' = g + weightDecay w
 *   v  = rho v + (1 - rho) g'²
 *   d  = √(u + epsilon) / √(v + epsilon) g'
 *   u  = rho u + (1 - rho) d²
 *   w  = w - rate d
 * </pre>
 *
 * <p>Means of squares below the smallest normal float become zero.
 *
 * @param rate factor of the steps
 * @param rho memory of the means of squares; at least 0 and below 1
 * @param epsilon what the first steps grow from; at least 1e-16
 * @param weightDecay factor of the parameter in the gradient (L2 penalty)
 * @see <a href="https://arxiv.org/abs/1212.5701">Zeiler, ADADELTA: an adaptive learning rate
 *     method, 2012</a>
 */
public record AdaDelta(float rate, float rho, float epsilon, float weightDecay)
    implements Optimizer {

  /**
   * Checks the hyperparameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public AdaDelta {
    Hyperparameter.notNegative("the learning rate", rate);
    Hyperparameter.memory("rho", rho);
    Hyperparameter.epsilon(epsilon);
    Hyperparameter.notNegative("weight decay", weightDecay);
  }

  /**
   * AdaDelta with rho 0.9, epsilon 1e-6 and no weight decay, as in PyTorch, where the rate is 1.
   */
  public AdaDelta(float rate) {
    this(rate, 0.9f, 1e-6f, 0);
  }

  @Override
  public List<String> moments() {
    return List.of("v", "u");
  }

  @Override
  public Rule rule(MemorySegment parameters, List<MemorySegment> moments) {
    UpdateStep s = new UpdateStep(parameters, moments);
    s.squares(rho).epsilon = epsilon;
    s.decay = weightDecay;
    return new KernelRule(Update.ADADELTA, s, (step, newRate) -> s.rate = newRate);
  }
}
