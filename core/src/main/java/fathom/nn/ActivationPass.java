package fathom.nn;

import fathom.kernel.ActivationKernels;
import fathom.kernel.Function;
import fathom.matrix.Matrix;

/** {@code A <- f(Z + b 1ᵀ)}; backward {@code D <- D * f'} and {@code db <- D 1}. */
final class ActivationPass extends RowPass {
  private final ActivationKernels kernels;
  private final Activation f;
  private final boolean training;
  private final Matrix z;
  private final Matrix bias;
  private final Biased owner;
  private final double[] slopeShares;

  /**
   * Binds the pass.
   *
   * @param z the weighted sums; in training they become the slope where the activation keeps it
   * @param bias what is added: the owner's bias unless it is folded into another
   * @param a the output; the same matrix as z unless {@link #keepsBoth}
   */
  ActivationPass(
      ActivationKernels kernels, boolean training, Matrix z, Matrix a, Matrix bias, Biased owner) {
    super(a);
    this.kernels = kernels;
    f = owner.activation;
    this.training = training;
    this.z = z;
    this.bias = bias;
    this.owner = owner;
    slopeShares = new double[(z.rows() + Pass.BLOCK - 1) / Pass.BLOCK];
  }

  /** Returns whether the output needs memory of its own in training. */
  static boolean keepsBoth(Activation f) {
    return f.isLearnt() || f.function().keepsSlope();
  }

  @Override
  void forward(int from, int to) {
    if (f.isLearnt() && training) {
      kernels.prelu(owner.slope.get(0, 0), z, bias, a, from, to);
    } else if (f.isLearnt()) {
      float slope = owner.slope.get(0, 0);
      kernels.activate(Function.LEAKY_RELU, slope, z, bias, from, to);
    } else if (training && f.function().keepsSlope()) {
      kernels.activateAndSlope(f.function(), f.parameter(), z, bias, a, from, to);
    } else {
      kernels.activate(f.function(), f.parameter(), z, bias, from, to);
    }
  }

  @Override
  void backward(Matrix d, int from, int to) {
    Matrix db = owner.biasGradient;
    if (f.isLearnt()) {
      float slope = owner.slope.get(0, 0);
      for (int r = from; r < to; r += Pass.BLOCK) {
        int end = Math.min(to, r + Pass.BLOCK);
        slopeShares[r / Pass.BLOCK] = kernels.preluDerive(slope, z, d, db, r, end);
      }
    } else if (f.function().keepsSlope()) {
      kernels.multiplySlope(z, d, db, from, to);
    } else {
      kernels.derive(f.function(), f.parameter(), a, d, db, from, to);
    }
  }

  @Override
  void finish() {
    if (f.isLearnt()) {
      double sum = 0;
      for (double share : slopeShares) {
        sum += share;
      }
      owner.slopeGradient.set(0, 0, (float) sum);
    }
  }
}
