package fathom.optim;

import fathom.kernel.UpdateStep;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Adam with decoupled weight decay: every step first shrinks the parameters, {@code w = w (1 - rate
 * weightDecay)}, and then does what {@link Adam} does without weight decay.
 *
 * @param rate learning rate
 * @param beta1 memory of the mean of gradients; at least 0 and below 1
 * @param beta2 memory of the mean of their squares; at least 0 and below 1
 * @param epsilon what keeps the divisor from zero; at least 1e-16
 * @param weightDecay what a step takes off the parameters, per unit of the learning rate
 * @param amsgrad whether the largest v so far takes the place of v
 * @see <a href="https://arxiv.org/abs/1711.05101">Loshchilov and Hutter, Decoupled weight decay
 *     regularization, 2019</a>
 * @see <a href="https://arxiv.org/abs/1904.09237">Reddi et al., On the convergence of Adam and
 *     beyond, 2018, for AMSGrad</a>
 */
public record AdamW(
    float rate, float beta1, float beta2, float epsilon, float weightDecay, boolean amsgrad)
    implements Optimizer {

  /**
   * Checks the hyperparameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public AdamW {
    Hyperparameter.notNegative("the learning rate", rate);
    Hyperparameter.memory("beta1", beta1);
    Hyperparameter.memory("beta2", beta2);
    Hyperparameter.epsilon(epsilon);
    Hyperparameter.notNegative("weight decay", weightDecay);
  }

  /** AdamW without AMSGrad. */
  public AdamW(float rate, float beta1, float beta2, float epsilon, float weightDecay) {
    this(rate, beta1, beta2, epsilon, weightDecay, false);
  }

  /** AdamW with betas 0.9 and 0.999, epsilon 1e-8, and weight decay 0.01, as in PyTorch. */
  public AdamW(float rate) {
    this(rate, 0.9f, 0.999f, 1e-8f, 1e-2f);
  }

  @Override
  public List<String> moments() {
    return Adam.moments(amsgrad);
  }

  @Override
  public Rule rule(MemorySegment parameters, List<MemorySegment> moments) {
    UpdateStep s = new UpdateStep(parameters, moments);
    return Adam.rule(s, amsgrad, beta1, beta2, epsilon, weightDecay);
  }
}
