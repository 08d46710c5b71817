package fathom.nn;

import fathom.kernel.ActivationKernels;
import fathom.kernel.Engine;
import fathom.kernel.Form;
import fathom.kernel.Function;
import fathom.kernel.Member;
import fathom.kernel.Product;
import fathom.matrix.Matrix;

/**
 * A dense layer at work on batches of one size: B samples, feature-major. A member computes blocks
 * of units; what follows a product elementwise is done on the block while it is in cache.
 */
final class DensePass {
  private final Dense layer;
  private final boolean first;
  private final boolean training;
  private final ActivationKernels kernels;
  private final Product forward;
  private final Product weightGradient;
  private final Product inputGradient;
  private final double[] slopeShares;

  /** Out x B: the weighted sums, then the output, or the slope where the activation keeps it. */
  final Matrix z;

  /** Out x B: the output; the same matrix as z where the derivative follows from the output. */
  final Matrix a;

  /** Out x B: the loss's gradient by the output, then by the weighted sums; null in inference. */
  final Matrix d;

  /**
   * @param first whether the layer reads the batch as it came, B x in, rather than feature-major
   */
  DensePass(Engine engine, Dense layer, boolean first, Matrix z, Matrix a, Matrix d) {
    int batch = z.cols();
    this.layer = layer;
    this.first = first;
    this.z = z;
    this.a = a;
    this.d = d;
    training = d != null;
    kernels = engine.kernels().activation();
    forward = engine.product(first ? Form.NT : Form.NN, layer.out, batch, layer.in);
    weightGradient = engine.product(first ? Form.NN : Form.NT, layer.out, layer.in, batch);
    inputGradient = engine.product(Form.TN, layer.in, batch, layer.out);
    slopeShares = new double[(layer.out + Pass.DERIVE_ROWS - 1) / Pass.DERIVE_ROWS];
  }

  static boolean keepsBoth(Activation activation) {
    return activation.isLearnt() || activation.function().keepsSlope();
  }

  double flops() {
    return forward.flops() * (!training ? 1 : first ? 2 : 3);
  }

  /** {@code A <- f(W X + b 1ᵀ)} for the member's blocks of units. */
  void forward(Member member, Matrix input) {
    int end = member.to(forward.blocks());
    for (int block = member.from(forward.blocks()); block < end; block++) {
      forward.run(layer.weight, input, z, block);
      activate(forward.from(block), forward.to(block));
    }
  }

  private void activate(int from, int to) {
    Activation f = layer.activation;
    if (f.isLearnt() && training) {
      kernels.prelu(layer.slope.get(0, 0), z, layer.bias, a, from, to);
    } else if (f.isLearnt()) {
      kernels.activate(Function.LEAKY_RELU, layer.slope.get(0, 0), z, layer.bias, from, to);
    } else if (training && f.function().keepsSlope()) {
      kernels.activateAndSlope(f.function(), f.parameter(), z, layer.bias, a, from, to);
    } else {
      kernels.activate(f.function(), f.parameter(), z, layer.bias, from, to);
    }
  }

  /** {@code D <- D * f'} and {@code db <- D 1} for a run of units. */
  void derive(int from, int to) {
    Activation f = layer.activation;
    Matrix db = layer.biasGradient;
    if (f.isLearnt()) {
      float slope = layer.slope.get(0, 0);
      for (int r = from; r < to; r += Pass.DERIVE_ROWS) {
        int end = Math.min(to, r + Pass.DERIVE_ROWS);
        slopeShares[r / Pass.DERIVE_ROWS] = kernels.preluDerive(slope, z, d, db, r, end);
      }
    } else if (f.function().keepsSlope()) {
      kernels.multiplySlope(z, d, db, from, to);
    } else {
      kernels.derive(f.function(), f.parameter(), a, d, db, from, to);
    }
  }

  /** {@code dW <- D Xᵀ} for the member's blocks of units; D must be whole. */
  void weightGradient(Member member, Matrix input) {
    int end = member.to(weightGradient.blocks());
    for (int block = member.from(weightGradient.blocks()); block < end; block++) {
      weightGradient.run(d, input, layer.weightGradient, block);
    }
    if (layer.slope != null && member.index() == 0) {
      double sum = 0;
      for (double share : slopeShares) {
        sum += share;
      }
      layer.slopeGradient.set(0, 0, (float) sum);
    }
  }

  /** {@code dA <- Wᵀ D} for the member's blocks of the layer below, and that layer's derivative. */
  void inputGradient(Member member, DensePass below) {
    int end = member.to(inputGradient.blocks());
    for (int block = member.from(inputGradient.blocks()); block < end; block++) {
      inputGradient.run(layer.weight, d, below.d, block);
      below.derive(inputGradient.from(block), inputGradient.to(block));
    }
  }
}
