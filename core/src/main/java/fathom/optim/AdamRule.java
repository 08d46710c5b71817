package fathom.optim;

import fathom.kernel.UpdateKernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The step of Adam, with weight decay in the gradient or apart from it. */
final class AdamRule implements Optimizer.Rule {
  static final List<String> MOMENTS = List.of("m", "v");

  private final MemorySegment w;
  private final MemorySegment g;
  private final MemorySegment m;
  private final MemorySegment v;
  private final float beta1;
  private final float beta2;
  private final float epsilon;
  private final float decay;
  private final float decoupled;
  private float stepSize;
  private float rootBias;
  private float shrink;

  AdamRule(
      MemorySegment w,
      MemorySegment g,
      List<MemorySegment> moments,
      float beta1,
      float beta2,
      float epsilon,
      float decay,
      float decoupled) {
    this.w = w;
    this.g = g;
    m = moments.get(0);
    v = moments.get(1);
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
    this.decay = decay;
    this.decoupled = decoupled;
  }

  @Override
  public void begin(long step, float rate) {
    stepSize = (float) (rate / (1 - Math.pow(beta1, (double) step)));
    rootBias = (float) (1 / Math.sqrt(1 - Math.pow(beta2, (double) step)));
    shrink = (float) (1 - (double) rate * decoupled);
  }

  @Override
  public void update(UpdateKernels kernels, long from, long to) {
    kernels.adam(w, g, m, v, from, to, stepSize, rootBias, beta1, beta2, epsilon, decay, shrink);
  }
}
