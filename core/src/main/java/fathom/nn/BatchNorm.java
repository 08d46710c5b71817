package fathom.nn;

import fathom.kernel.ActivationKernels;
import fathom.kernel.Function;
import fathom.kernel.NormKernels;
import fathom.matrix.Matrix;
import java.util.List;

/**
 * Batch normalization, Ioffe and Szegedy 2015: {@code A = f(gamma (Z - mean) / sqrt(variance +
 * epsilon) + beta)}, unit by unit. In training mean and (biased) variance are the batch's, and the
 * running ones follow: {@code running <- (1 - momentum) running + momentum batch}, the variance
 * unbiased, as PyTorch has it. In inference they are the running ones, so that an answer depends on
 * its own row alone. A batch of one sample has no unbiased variance; it leaves the running one.
 *
 * @param activation f
 * @param momentum of the running statistics, from 0 to 1
 * @param epsilon what is added to variances, positive
 */
public record BatchNorm(Activation activation, float momentum, float epsilon) implements LayerSpec {
  /** The momentum unless another is given, as PyTorch's. */
  public static final float MOMENTUM = 0.1f;

  /** What is added to variances unless another is given, as PyTorch's. */
  public static final float EPSILON = 1e-5f;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public BatchNorm {
    if (!(momentum >= 0 && momentum <= 1)) {
      throw new IllegalArgumentException(
          "batch norm's momentum must be from 0 to 1, not " + momentum);
    }
    if (!(epsilon > 0 && epsilon < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "batch norm's epsilon must be positive and finite, not " + epsilon);
    }
  }

  @Override
  public <R> R match(LayerCases<R> cases) {
    return cases.batchNorm(this);
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
    return "batch_norm:" + activation + ":" + momentum + ":" + epsilon;
  }

  Placed at(Layer.Site site) {
    return new Placed(site);
  }

  /** The layer in its place. */
  final class Placed extends Activated {
    Placed(Site site) {
      super(BatchNorm.this, site, activation, true);
    }

    String scaleName() {
      return name(0, "weight");
    }

    String meanName() {
      return name(0, "running_mean");
    }

    String varianceName() {
      return name(0, "running_var");
    }

    @Override
    public List<Tensor> tensors() {
      List<Tensor> tensors = withVectors(Tensor.vector(scaleName(), out()));
      tensors.add(Tensor.statistic(meanName(), out()));
      tensors.add(Tensor.statistic(varianceName(), out()));
      return tensors;
    }

    @Override
    void initialize(Drawing drawing) {
      super.initialize(drawing);
      drawing.fill(drawing.parameter(scaleName()), 1);
      drawing.fill(drawing.statistic(meanName()), 0);
      drawing.fill(drawing.statistic(varianceName()), 1);
    }

    @Override
    void enter(Planner planner) {
      List<String> names = List.of(scaleName());
      Buffer z = planner.below();
      if (planner.learns()) {
        Buffer x = planner.overwritable("x");
        Buffer y = planner.output("y", out());
        Buffer mean = planner.column("mean", out());
        Buffer variance = planner.column("variance", out());
        planner.row(
            new RowPlan(
                index(),
                Work.of("normalize", List.of(z), List.of(x, y, mean, variance)).with(names),
                Work.of("normalize'", List.of(x, variance), List.of()).with(names),
                y,
                bound -> new Training(this, bound, z, x, y, mean, variance)));
        activate(planner, y);
      } else {
        Buffer y = planner.overwritable("y");
        Buffer shift = planner.column("shift", out());
        Buffer scale = planner.column("scale", out());
        planner.row(
            new RowPlan(
                index(),
                Work.of("scale", List.of(z), List.of(y, scale, shift)).with(names),
                Work.of("scale'", List.of(scale), List.of()),
                y,
                bound -> new Inference(this, bound, z, y, scale, shift)));
        activate(planner, y, shift);
      }
    }

    @Override
    public String toString() {
      return "batch norm" + (activation.equals(Activation.IDENTITY) ? "" : " " + activation);
    }

    /** Returns what a unit is multiplied by in inference. */
    double factor(Matrix gamma, Matrix runningVariance, int unit) {
      return gamma.get(unit, 0) / Math.sqrt((double) runningVariance.get(unit, 0) + epsilon);
    }
  }

  /** With the batch's own mean and variance. */
  private static final class Training extends RowPass {
    private final NormKernels kernels;
    private final ActivationKernels sums;
    private final float momentum;
    private final float epsilon;
    private final Matrix z;
    private final Matrix x;
    private final Matrix mean;
    private final Matrix variance;
    private final Matrix gamma;
    private final Matrix gammaGradient;
    private final Matrix biasGradient;
    private final Matrix runningMean;
    private final Matrix runningVariance;
    private final boolean follows;

    Training(
        Placed layer, Binding bound, Buffer z, Buffer x, Buffer y, Buffer mean, Buffer variance) {
      super(bound.matrix(y));
      BatchNorm norm = (BatchNorm) layer.spec();
      momentum = norm.momentum;
      epsilon = norm.epsilon;
      kernels = bound.kernels().norm();
      sums = bound.kernels().activation();
      this.z = bound.matrix(z);
      this.x = bound.matrix(x);
      this.mean = bound.matrix(mean);
      this.variance = bound.matrix(variance);
      gamma = bound.parameter(layer.scaleName());
      gammaGradient = bound.gradient(layer.scaleName());
      biasGradient = bound.gradient(layer.biasName());
      runningMean = bound.statistic(layer.meanName());
      runningVariance = bound.statistic(layer.varianceName());
      follows = true;
    }

    /** Copies a pass whose running statistics have followed the batch already. */
    private Training(Training first) {
      super(first.a);
      momentum = first.momentum;
      epsilon = first.epsilon;
      kernels = first.kernels;
      sums = first.sums;
      z = first.z;
      x = first.x;
      mean = first.mean;
      variance = first.variance;
      gamma = first.gamma;
      gammaGradient = first.gammaGradient;
      biasGradient = first.biasGradient;
      runningMean = first.runningMean;
      runningVariance = first.runningVariance;
      follows = false;
    }

    @Override
    Training again() {
      return new Training(this);
    }

    @Override
    void forward(int from, int to) {
      kernels.standardizeRows(z, x, mean, variance, epsilon, from, to);
      kernels.scaleRows(x, gamma, a, from, to);
      if (follows) {
        follow(from, to);
      }
    }

    private void follow(int from, int to) {
      float batch = z.cols();
      for (int r = from; r < to; r++) {
        float m = runningMean.get(r, 0);
        runningMean.set(r, 0, (1 - momentum) * m + momentum * mean.get(r, 0));
        if (batch > 1) {
          float unbiased = variance.get(r, 0) * (batch / (batch - 1));
          float v = runningVariance.get(r, 0);
          runningVariance.set(r, 0, (1 - momentum) * v + momentum * unbiased);
        }
      }
    }

    @Override
    void backward(Matrix d, int from, int to) {
      kernels.batchNormBackward(
          x, d, gamma, variance, epsilon, gammaGradient, biasGradient, from, to);
    }

    /** The Jacobian is symmetric, but nobody has left the sums of the change's rows. */
    @Override
    void tangent(Matrix d, int from, int to) {
      sums.derive(Function.IDENTITY, 0, a, d, biasGradient, from, to);
      backward(d, from, to);
    }
  }

  /** With the running mean and variance, as one scale and one shift. */
  private static final class Inference extends RowPass {
    private final NormKernels kernels;
    private final Placed layer;
    private final Matrix z;
    private final Matrix scale;
    private final Matrix shift;
    private final Matrix gamma;
    private final Matrix bias;
    private final Matrix runningMean;
    private final Matrix runningVariance;

    Inference(Placed layer, Binding bound, Buffer z, Buffer y, Buffer scale, Buffer shift) {
      super(bound.matrix(y));
      kernels = bound.kernels().norm();
      this.layer = layer;
      this.z = bound.matrix(z);
      this.scale = bound.matrix(scale);
      this.shift = bound.matrix(shift);
      gamma = bound.parameter(layer.scaleName());
      bias = bound.parameter(layer.biasName());
      runningMean = bound.statistic(layer.meanName());
      runningVariance = bound.statistic(layer.varianceName());
    }

    @Override
    void forward(int from, int to) {
      for (int r = from; r < to; r++) {
        float s = (float) layer.factor(gamma, runningVariance, r);
        scale.set(r, 0, s);
        shift.set(r, 0, bias.get(r, 0) - runningMean.get(r, 0) * s);
      }
      kernels.scaleRows(z, scale, a, from, to);
    }

    /** Frozen: gradients pass, nothing is learnt. */
    @Override
    void backward(Matrix d, int from, int to) {
      kernels.scaleRows(d, scale, d, from, to);
    }
  }
}
