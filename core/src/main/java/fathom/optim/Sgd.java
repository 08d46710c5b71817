package fathom.optim;

import fathom.kernel.UpdateKernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Stochastic gradient descent, plain, with momentum (Polyak 1964) or with Nesterov's look ahead
 * (Sutskever et al. 2013).
 *
 * <p>{@code g' = g + weightDecay w; v <- momentum v + (1 - dampening) g'}, at the first step {@code
 * v <- g'}; {@code w <- w - rate v}, or with Nesterov {@code w <- w - rate (g' + momentum v)}.
 *
 * @param rate the learning rate, not negative
 * @param momentum the share of the velocity that is kept, in [0, 1)
 * @param dampening the share of the gradient that does not enter the velocity, in [0, 1]
 * @param weightDecay the weight of the penalty w²/2, not negative
 * @param nesterov whether to look ahead; needs momentum and no dampening
 */
public record Sgd(float rate, float momentum, float dampening, float weightDecay, boolean nesterov)
    implements Optimizer {

  /** Checks the settings. */
  public Sgd {
    Optimizer.require("rate", rate, rate >= 0 && Float.isFinite(rate), "finite and at least 0");
    Optimizer.require("momentum", momentum, momentum >= 0 && momentum < 1, "in [0, 1)");
    Optimizer.require("dampening", dampening, dampening >= 0 && dampening <= 1, "in [0, 1]");
    Optimizer.require(
        "weight decay",
        weightDecay,
        weightDecay >= 0 && Float.isFinite(weightDecay),
        "finite and at least 0");
    if (nesterov && (momentum == 0 || dampening != 0)) {
      throw new IllegalArgumentException(
          "Nesterov needs a momentum above 0 and no dampening, not "
              + momentum
              + " and "
              + dampening);
    }
  }

  /** Plain gradient descent. */
  public Sgd(float rate) {
    this(rate, 0, 0, 0, false);
  }

  /** With momentum. */
  public Sgd(float rate, float momentum) {
    this(rate, momentum, 0, 0, false);
  }

  /** With Nesterov's momentum. */
  public static Sgd nesterov(float rate, float momentum) {
    return new Sgd(rate, momentum, 0, 0, true);
  }

  @Override
  public List<String> moments() {
    return momentum == 0 ? List.of() : List.of("velocity");
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
    if (momentum == 0) {
      kernels.sgd(parameters, gradients, from, to, stepRate, weightDecay);
    } else {
      kernels.momentum(
          parameters,
          gradients,
          moments[0],
          from,
          to,
          stepRate,
          momentum,
          dampening,
          weightDecay,
          nesterov,
          step == 1);
    }
  }
}
