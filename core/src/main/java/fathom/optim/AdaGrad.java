package fathom.optim;

import fathom.kernel.Update;
import fathom.kernel.UpdateStep;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * AdaGrad: every parameter has a rate of its own, which falls with the squares of all its gradients
 * so far. For step t from 1, gradient g and parameter w:
 *
 * <pre>
 *   g' = g + weightDecay w
 *   s  = s + g'²
 *   w  = w - rate / (1 + (t - 1) rateDecay) g' / (√s + epsilon)
 * </pre>
 *
 * <p>Sums start at zero, as PyTorch's do unless told otherwise. Squares below the smallest normal
 * float are left out.
 *
 * @param rate learning rate
 * @param rateDecay how fast the rate falls with the steps; at least 0
 * @param epsilon what keeps the divisor from zero; at least 1e-16
 * @param weightDecay factor of the parameter in the gradient (L2 penalty)
 * @see <a href="https://jmlr.org/papers/v12/duchi11a.html">Duchi et al., Adaptive subgradient
 *     methods for online learning and stochastic optimization, 2011</a>
 */
public record AdaGrad(float rate, float rateDecay, float epsilon, float weightDecay)
    implements Optimizer {

  /**
   * Checks the hyperparameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public AdaGrad {
    Hyperparameter.notNegative("the learning rate", rate);
    Hyperparameter.notNegative("the decay of the rate", rateDecay);
    Hyperparameter.epsilon(epsilon);
    Hyperparameter.notNegative("weight decay", weightDecay);
  }

  /** AdaGrad with epsilon 1e-10, no decay of the rate and no weight decay, as in PyTorch. */
  public AdaGrad(float rate) {
    this(rate, 0, 1e-10f, 0);
  }

  @Override
  public List<String> moments() {
    return List.of("sum");
  }

  @Override
  public Rule rule(MemorySegment parameters, List<MemorySegment> moments) {
    UpdateStep s = new UpdateStep(parameters, moments);
    s.keep2 = 1;
    s.share2 = 1;
    s.epsilon = epsilon;
    s.decay = weightDecay;
    return new KernelRule(
        Update.RMSPROP,
        s,
        (step, newRate) -> s.rate = (float) (newRate / (1 + (step - 1.0) * rateDecay)));
  }
}
