package fathom.nn;

import fathom.engine.Member;
import fathom.kernel.NormKernels;
import fathom.matrix.Matrix;
import java.util.List;

/**
 * Layer normalization, Ba, Kiros and Hinton 2016: {@code A = f(gamma (Z - mean) / sqrt(variance +
 * epsilon) + beta)}, with mean and (biased) variance over the units of each sample; the same in
 * training and inference.
 *
 * @param activation f
 * @param epsilon what is added to variances, positive
 */
public record LayerNorm(Activation activation, float epsilon) implements LayerSpec {
  /** What is added to variances unless another is given, as PyTorch's. */
  public static final float EPSILON = 1e-5f;

  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException if it is not positive and finite
   */
  public LayerNorm {
    if (!(epsilon > 0 && epsilon < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "layer norm's epsilon must be positive and finite, not " + epsilon);
    }
  }

  @Override
  public <R> R match(LayerCases<R> cases) {
    return cases.layerNorm(this);
  }

  @Override
  public int units(int below) {
    return below;
  }

  @Override
  public int modules() {
    return 1 + LayerSpec.modules(activation);
  }

  @Override
  public String toString() {
    return "layer_norm:" + activation + ":" + epsilon;
  }

  Layer at(Layer.Site site) {
    return new Placed(site);
  }

  private final class Placed extends Activated {
    Placed(Site site) {
      super(LayerNorm.this, site, activation, true);
    }

    private String scaleName() {
      return name(0, "weight");
    }

    @Override
    public List<Tensor> tensors() {
      return withVectors(Tensor.vector(scaleName(), out()));
    }

    @Override
    void initialize(Drawing drawing) {
      super.initialize(drawing);
      drawing.fill(drawing.parameter(scaleName()), 1);
    }

    @Override
    void enter(Planner planner) {
      Buffer z = planner.below();
      Buffer x = planner.overwritable("x");
      Buffer inverse = planner.row("inverse");
      planner.begin(
          new HeadPlan(
              Work.of("standardize", List.of(z), List.of(x, inverse)),
              Work.of("standardize'", List.of(x, inverse), List.of()),
              Work.NONE,
              x,
              1,
              true,
              (bound, d, below) ->
                  new Columns(
                      bound.kernels().norm(),
                      epsilon,
                      bound.matrix(z),
                      bound.matrix(x),
                      bound.matrix(inverse))));
      Buffer y = planner.learns() ? planner.output("y", out()) : x;
      planner.row(
          new RowPlan(
              index(),
              Work.of("scale", List.of(x), List.of(y)).with(List.of(scaleName())),
              Work.of("scale'", List.of(x), List.of()).with(List.of(scaleName())),
              y,
              bound ->
                  new Scale(
                      bound.kernels().norm(),
                      bound.matrix(x),
                      bound.matrix(y),
                      bound.parameter(scaleName()),
                      bound.gradient(scaleName()))));
      activate(planner, y);
    }

    @Override
    public String toString() {
      return "layer norm" + (activation.equals(Activation.IDENTITY) ? "" : " " + activation);
    }
  }

  /** Standardizes samples; members share columns. */
  private static final class Columns extends Head {
    /** Columns of a block: two cache lines of each row. */
    private static final int BLOCK = 32;

    private final NormKernels kernels;
    private final float epsilon;
    private final Matrix z;
    private final Matrix x;
    private final Matrix inverse;

    Columns(NormKernels kernels, float epsilon, Matrix z, Matrix x, Matrix inverse) {
      this.kernels = kernels;
      this.epsilon = epsilon;
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
  private static final class Scale extends RowPass {
    private final NormKernels kernels;
    private final Matrix x;
    private final Matrix gamma;
    private final Matrix gammaGradient;

    Scale(NormKernels kernels, Matrix x, Matrix y, Matrix gamma, Matrix gammaGradient) {
      super(y);
      this.kernels = kernels;
      this.x = x;
      this.gamma = gamma;
      this.gammaGradient = gammaGradient;
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
