package fathom.optim;

import fathom.kernel.Update;
import fathom.kernel.UpdateStep;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Nadam: Adam whose momentum looks ahead as Nesterov's does, and grows with the steps. For step t
 * from 1, gradient g and parameter w:
 *
 * <pre>
 *   g' = g + weightDecay w                  or, decoupled, w = w (1 - rate weightDecay)
 *   µt = beta1 (1 - 0.96^(t momentumDecay) / 2)
 *   m  = beta1 m + (1 - beta1) g'
 *   v  = beta2 v + (1 - beta2) g'²
 *   w  = w - rate ((1 - µt) / (1 - µ1…µt) g' + µt+1 / (1 - µ1…µt+1) m)
 *          / (√v / √(1 - beta2^t) + epsilon)
 * </pre>
 *
 * <p>Means below the smallest normal float become zero.
 *
 * @param rate learning rate
 * @param beta1 memory of the mean of gradients; at least 0 and below 1
 * @param beta2 memory of the mean of their squares; at least 0 and below 1
 * @param epsilon what keeps the divisor from zero; at least 1e-16
 * @param momentumDecay how fast the momentum comes near beta1; at least 0
 * @param weightDecay factor of the parameter in the gradient (L2 penalty), or what a step takes off
 *     the parameters, per unit of the learning rate
 * @param decoupled whether weight decay is the latter, as in {@link AdamW}
 * @see <a href="https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ">Dozat, Incorporating Nesterov
 *     momentum into Adam, 2016</a>
 */
public record Nadam(
    float rate,
    float beta1,
    float beta2,
    float epsilon,
    float momentumDecay,
    float weightDecay,
    boolean decoupled)
    implements Optimizer {

  /**
   * Checks the hyperparameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Nadam {
    Hyperparameter.notNegative("the learning rate", rate);
    Hyperparameter.memory("beta1", beta1);
    Hyperparameter.memory("beta2", beta2);
    Hyperparameter.epsilon(epsilon);
    Hyperparameter.notNegative("the decay of momentum", momentumDecay);
    Hyperparameter.notNegative("weight decay", weightDecay);
  }

  /**
   * Nadam with betas 0.9 and 0.999, epsilon 1e-8, a momentum decay of 0.004 and no weight decay, as
   * in PyTorch.
   */
  public Nadam(float rate) {
    this(rate, 0.9f, 0.999f, 1e-8f, 4e-3f, 0, false);
  }

  @Override
  public List<String> moments() {
    return List.of("m", "v");
  }

  @Override
  public Rule rule(MemorySegment parameters, List<MemorySegment> moments) {
    UpdateStep s = new UpdateStep(parameters, moments);
    s.mean(beta1).squares(beta2).epsilon = epsilon;
    s.decay = decoupled ? 0 : weightDecay;
    return new KernelRule(Update.NADAM, s, new Momenta(this, s));
  }

  /** The product of all momenta so far, from the number of the step, however it was come to. */
  private static final class Momenta implements KernelRule.Numbers {
    private final Nadam nadam;
    private final UpdateStep s;
    private long steps;
    private double product = 1;

    Momenta(Nadam nadam, UpdateStep s) {
      this.nadam = nadam;
      this.s = s;
    }

    @Override
    public void set(long step, float rate) {
      if (steps != step - 1) {
        steps = 0;
        product = 1;
      }
      while (steps < step) {
        product *= momentum(++steps);
      }
      double next = momentum(step + 1);
      s.ahead = (float) (rate * (1 - momentum(step)) / (1 - product));
      s.rate = (float) (rate * next / (1 - product * next));
      s.rootScale = (float) (1 / Math.sqrt(1 - Math.pow(nadam.beta2, (double) step)));
      s.shrink = (float) (1 - (double) rate * (nadam.decoupled ? nadam.weightDecay : 0));
    }

    private double momentum(long step) {
      return nadam.beta1 * (1 - 0.5 * Math.pow(0.96, (double) step * nadam.momentumDecay));
    }
  }
}
