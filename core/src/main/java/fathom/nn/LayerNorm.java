package fathom.nn;

import fathom.engine.Engine;
import fathom.engine.Member;
import fathom.kernel.NormKernels;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;

/**
 * Layer normalization, Ba, Kiros and Hinton 2016: {@code A = f(gamma (Z - mean) / sqrt(variance +
 * epsilon) + beta)}, with mean and (biased) variance over the units of each sample; the same in
 * training and inference.
 */
final class LayerNorm extends Biased {
  private final float epsilon;
  private Matrix gamma;
  private Matrix gammaGradient;

  LayerNorm(int units, Activation activation, float epsilon, String prefix, int module) {
    super(units, units, activation, true, prefix, module);
    if (!(epsilon > 0 && epsilon < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "layer norm's epsilon must be positive and finite, not " + epsilon);
    }
    this.epsilon = epsilon;
  }

  @Override
  LayerNorm copy() {
    return new LayerNorm(out, activation, epsilon, prefix(), module());
  }

  @Override
  int modules() {
    return 1 + modules(activation);
  }

  @Override
  void addTo(Slab.Layout parameters, Slab.Layout statistics) {
    parameters.add(name(0, "weight"), out, 1);
    super.addTo(parameters, statistics);
  }

  @Override
  void bind(Slab parameters, Slab statistics) {
    gamma = parameters.get(name(0, "weight"));
    super.bind(parameters, statistics);
  }

  @Override
  void bindGradients(Slab gradients) {
    gammaGradient = gradients.get(name(0, "weight"));
    super.bindGradients(gradients);
  }

  @Override
  void initialize(Engine engine, long seed, int stream) {
    super.initialize(engine, seed, stream);
    for (int r = 0; r < out; r++) {
      gamma.set(r, 0, 1);
    }
  }

  @Override
  void enter(Plan plan) {
    NormKernels kernels = plan.engine().kernels().norm();
    Matrix z = plan.output();
    Matrix x = plan.overwritable();
    plan.begin(new Columns(kernels, z, x, plan.row()), x);
    Matrix y = plan.learns() ? plan.allocate(out) : x;
    plan.add(new Scale(kernels, x, y));
    plan.activate(this, y, bias);
  }

  @Override
  String text() {
    return "layer_norm:" + activation + ":" + epsilon;
  }

  @Override
  public String toString() {
    return "layer norm" + (activation == Activation.IDENTITY ? "" : " " + activation);
  }

  /** Standardizes samples; members share columns. */
  private final class Columns extends Head {
    /** Columns of a block: two cache lines of each row. */
    private static final int BLOCK = 32;

    private final NormKernels kernels;
    private final Matrix z;
    private final Matrix x;
    private final Matrix inverse;

    Columns(NormKernels kernels, Matrix z, Matrix x, Matrix inverse) {
      this.kernels = kernels;
      this.z = z;
      this.x = x;
      this.inverse = inverse;
    }

    private int from(Member member) {
      return member.from((z.cols() + BLOCK - 1) / BLOCK) * BLOCK;
    }

    private int to(Member member) {
      return Math.min(z.cols(), member.to((z.cols() + BLOCK - 1) / BLOCK) * BLOCK);
    }

    @Override
    void forward(Member member, Matrix input, Group group) {
      kernels.standardizeColumns(z, x, inverse, epsilon, from(member), to(member));
      member.barrier();
      group.forwardRows(member);
    }

    @Override
    boolean isInPlace() {
      return true;
    }

    @Override
    void backward(Member member, Group group, Group below) {
      kernels.layerNormBackward(x, group.d, inverse, from(member), to(member));
      member.barrier();
      below.backwardRows(member);
    }

    /** The Jacobian is symmetric, and the change lies where the gradient below lies. */
    @Override
    void tangent(Member member, Group group, Group below) {
      kernels.layerNormBackward(x, group.d, inverse, from(member), to(member));
      member.barrier();
      group.tangentRows(member);
    }
  }

  /** {@code Y <- diag(gamma) X}. */
  private final class Scale extends RowPass {
    private final NormKernels kernels;
    private final Matrix x;

    Scale(NormKernels kernels, Matrix x, Matrix y) {
      super(y);
      this.kernels = kernels;
      this.x = x;
    }

    @Override
    void forward(int from, int to) {
      kernels.scaleRows(x, gamma, a, from, to);
    }

    @Override
    void backward(Matrix d, int from, int to) {
      kernels.scaleBackward(x, d, gamma, gammaGradient, from, to);
    }
  }
}
