package fathom.optim;

import fathom.kernel.Update;
import fathom.kernel.UpdateStep;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * RMSProp: steps are divided by a running root mean square of the gradients, or, centred, by their
 * running standard deviation. For gradient g and parameter w:
 *
 * <pre>
 *   g' = g + weightDecay w
 *   v  = alpha v + (1 - alpha) g'²
 *   m  = alpha m + (1 - alpha) g'           if centred
 *   d  = g' / (√v + epsilon)                or, centred, g' / (√(v - m²) + epsilon)
 *   b  = momentum b + d
 *   w  = w - rate b                         or, without momentum, w - rate d
 * </pre>
 *
 * <p>Numbers below the smallest normal float become zero. Where rounding makes {@code v - m²}
 * negative, it is 0; PyTorch has NaN there.
 *
 * @param rate learning rate
 * @param alpha memory of the means; at least 0 and below 1
 * @param epsilon what keeps the divisor from zero; at least 1e-16
 * @param momentum share of the velocity that a step keeps; at least 0 and below 1
 * @param centered whether to divide by the standard deviation
 * @param weightDecay factor of the parameter in the gradient (L2 penalty)
 * @see <a href="https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf">Tieleman
 *     and Hinton, lecture 6e of Neural networks for machine learning, 2012</a>
 * @see <a href="https://arxiv.org/abs/1308.0850">Graves, Generating sequences with recurrent neural
 *     networks, 2013, for the centred form</a>
 */
public record RmsProp(
    float rate, float alpha, float epsilon, float momentum, boolean centered, float weightDecay)
    implements Optimizer {

  /**
   * Checks the hyperparameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public RmsProp {
    Hyperparameter.notNegative("the learning rate", rate);
    Hyperparameter.memory("alpha", alpha);
    Hyperparameter.epsilon(epsilon);
    Hyperparameter.memory("momentum", momentum);
    Hyperparameter.notNegative("weight decay", weightDecay);
  }

  /** RMSProp with alpha 0.99, epsilon 1e-8, without momentum and weight decay, as in PyTorch. */
  public RmsProp(float rate) {
    this(rate, 0.99f, 1e-8f, 0, false, 0);
  }

  @Override
  public List<String> moments() {
    return switch (kernel()) {
      case RMSPROP -> List.of("v");
      case RMSPROP_MOMENTUM -> List.of("v", "velocity");
      default -> List.of("v", "velocity", "m");
    };
  }

  @Override
  public Rule rule(MemorySegment parameters, List<MemorySegment> moments) {
    UpdateStep s = new UpdateStep(parameters, moments);
    s.keep1 = momentum;
    s.squares(alpha).epsilon = epsilon;
    s.decay = weightDecay;
    return new KernelRule(kernel(), s, (step, newRate) -> s.rate = newRate);
  }

  private Update kernel() {
    if (centered) {
      return Update.RMSPROP_CENTERED;
    }
    return momentum == 0 ? Update.RMSPROP : Update.RMSPROP_MOMENTUM;
  }
}
