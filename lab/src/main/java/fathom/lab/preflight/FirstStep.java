package fathom.lab.preflight;

import fathom.data.Batch;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Clipping;
import fathom.optim.Optimizer;
import fathom.optim.Sgd;
import java.lang.foreign.MemorySegment;

/**
 * What an optimizer's first step would do to the loss of a batch. The step is taken and undone.
 *
 * <p>Most of a first gradient may be about what all samples have in common: the shares of the
 * classes, which the last bias learns in any network. What tells samples apart is the gradient g of
 * the residuals less their mean over the batch. To first order, a step along it does away with
 * {@code gᵀ dw / loss} of the loss, dw being the optimizer's step; with momentum m, the steps that
 * follow are up to 1 / (1 - m) times as long, and that is counted. Where signals or gradients are
 * lost on their way, this share is nothing, whichever way they are lost.
 *
 * @param loss of the batch, before
 * @param after the loss of the same batch after one step
 * @param share of the loss that a step does away with, to first order, by telling samples apart
 * @param turnApart the cosine between g before and after a step along it: near 1 where the network
 *     is as good as linear over a step, and near 0 or below where the step is too long
 * @param gradient the norm of all gradients
 */
public record FirstStep(
    double loss, double after, double share, double turnApart, double gradient) {
  /**
   * Measures it. Parameters and running statistics are as before when the call returns; gradients
   * are overwritten.
   *
   * @throws IllegalArgumentException if the batch does not fit the network or the loss
   */
  static FirstStep of(
      Network network, Batch batch, Loss loss, Optimizer optimizer, Clipping clipping) {
    try (Tryout tryout = new Tryout(network, loss)) {
      double before = tryout.gradients(batch);
      double gradient = Math.sqrt(tryout.squares());
      tryout.step(tryout.state(optimizer, clipping));
      double after = tryout.loss(batch);
      tryout.restore();
      double unused = tryout.gradientsApart(batch);
      MemorySegment apart = tryout.copy(network.gradients());
      tryout.step(tryout.state(optimizer, clipping));
      double share = tryout.alongTheGradient(tryout.origin()) / before * speed(optimizer);
      unused = tryout.gradientsApart(batch);
      return new FirstStep(before, after, share, tryout.turn(apart), gradient);
    }
  }

  /** What steps get to be, over the first. */
  static double speed(Optimizer optimizer) {
    return optimizer instanceof Sgd s && s.momentum() > 0
        ? (1 - s.dampening()) / (1 - s.momentum())
        : 1;
  }
}
