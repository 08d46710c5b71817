package fathom.optim;

import fathom.kernel.Update;
import fathom.kernel.UpdateStep;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Stochastic gradient descent, plain, with momentum, or with Nesterov's. For gradient g and
 * parameter w:
 *
 * <pre>
 *   g' = g + weightDecay w
 *   v  = g' in the first step, then momentum v + (1 - dampening) g'
 *   w  = w - rate v                     or, with Nesterov, w - rate (g' + momentum v)
 * </pre>
 *
 * <p>Without momentum, v is g' and nothing is kept. Velocities below the smallest normal float
 * become zero.
 *
 * @param rate learning rate
 * @param momentum share of the velocity that a step keeps; at least 0 and below 1
 * @param dampening share of the gradient that a step with momentum leaves out; at most 1
 * @param weightDecay factor of the parameter in the gradient (L2 penalty)
 * @param nesterov whether a step looks ahead; needs momentum, and no dampening
 * @see <a href="https://doi.org/10.1214/aoms/1177729586">Robbins and Monro, A stochastic
 *     approximation method, 1951</a>
 * @see <a href="https://doi.org/10.1016/0041-5553(64)90137-5">Polyak, Some methods of speeding up
 *     the convergence of iteration methods, 1964</a>
 * @see <a href="https://proceedings.mlr.press/v28/sutskever13.html">Sutskever et al., On the
 *     importance of initialization and momentum in deep learning, 2013</a>
 */
public record Sgd(float rate, float momentum, float dampening, float weightDecay, boolean nesterov)
    implements Optimizer {

  /**
   * Checks the hyperparameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Sgd {
    Hyperparameter.notNegative("the learning rate", rate);
    Hyperparameter.memory("momentum", momentum);
    Hyperparameter.notNegative("dampening", dampening);
    Hyperparameter.notNegative("weight decay", weightDecay);
    if (dampening > 1) {
      throw new IllegalArgumentException("dampening must be at most 1, not " + dampening);
    }
    if (nesterov && (momentum == 0 || dampening != 0)) {
      throw new IllegalArgumentException(
          "Nesterov needs momentum above 0 and no dampening, not momentum "
              + momentum
              + " and dampening "
              + dampening);
    }
  }

  /** Plain gradient descent. */
  public Sgd(float rate) {
    this(rate, 0);
  }

  /** Gradient descent with momentum. */
  public Sgd(float rate, float momentum) {
    this(rate, momentum, 0, 0, false);
  }

  /** Returns gradient descent with Nesterov's momentum. */
  public static Sgd nesterov(float rate, float momentum) {
    return new Sgd(rate, momentum, 0, 0, true);
  }

  @Override
  public List<String> moments() {
    return momentum == 0 ? List.of() : List.of("velocity");
  }

  @Override
  public Rule rule(MemorySegment parameters, List<MemorySegment> moments) {
    UpdateStep s = new UpdateStep(parameters, moments);
    s.keep1 = momentum;
    s.share1 = 1 - dampening;
    s.decay = weightDecay;
    s.nesterov = nesterov;
    return new KernelRule(
        momentum == 0 ? Update.SGD : Update.MOMENTUM,
        s,
        (step, newRate) -> {
          s.first = step == 1;
          s.rate = newRate;
        });
  }
}
