package fathom.optim;

import fathom.kernel.Update;
import fathom.kernel.UpdateKernels;
import fathom.kernel.UpdateStep;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The step of Adam and AMSGrad, with weight decay in the gradient or apart from it. */
final class AdamRule implements Optimizer.Rule {
  private final UpdateStep s;
  private final Update update;
  private final float beta1;
  private final float beta2;
  private final float decoupled;

  /**
   * @param decay in the gradient
   * @param decoupled from it
   */
  AdamRule(
      UpdateStep memory,
      boolean amsgrad,
      float beta1,
      float beta2,
      float epsilon,
      float decay,
      float decoupled) {
    s = memory.mean(beta1).squares(beta2);
    s.epsilon = epsilon;
    s.decay = decay;
    update = amsgrad ? Update.AMSGRAD : Update.ADAM;
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.decoupled = decoupled;
  }

  static List<String> moments(boolean amsgrad) {
    return amsgrad ? List.of("m", "v", "vmax") : List.of("m", "v");
  }

  @Override
  public void begin(long step, float rate) {
    s.rate = (float) (rate / (1 - Math.pow(beta1, (double) step)));
    s.rootScale = (float) (1 / Math.sqrt(1 - Math.pow(beta2, (double) step)));
    s.shrink = (float) (1 - (double) rate * decoupled);
  }

  @Override
  public void update(
      UpdateKernels kernels,
      MemorySegment gradients,
      long first,
      long from,
      long to,
      float factor,
      float bound) {
    kernels.update(update, s, gradients, first, from, to, factor, bound);
  }
}
