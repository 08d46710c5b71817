package fathom.nn;

import fathom.engine.Engine;
import fathom.kernel.ActivationKernels;
import fathom.kernel.Function;
import fathom.kernel.NormKernels;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;

/**
 * Batch normalization, Ioffe and Szegedy 2015: {@code A = f(gamma (Z - mean) / sqrt(variance +
 * epsilon) + beta)}, unit by unit. In training mean and (biased) variance are the batch's, and the
 * running ones follow: {@code running <- (1 - momentum) running + momentum batch}, the variance
 * unbiased, as PyTorch has it. In inference they are the running ones, so that an answer depends on
 * its own row alone. A batch of one sample has no unbiased variance; it leaves the running one.
 */
final class BatchNorm extends Biased {
  private final float momentum;
  private final float epsilon;
  Matrix gamma;
  Matrix gammaGradient;
  Matrix runningMean;
  Matrix runningVariance;

  BatchNorm(
      int units, Activation activation, float momentum, float epsilon, String prefix, int module) {
    super(units, units, activation, true, prefix, module);
    if (!(momentum >= 0 && momentum <= 1)) {
      throw new IllegalArgumentException(
          "batch norm's momentum must be from 0 to 1, not " + momentum);
    }
    if (!(epsilon > 0 && epsilon < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "batch norm's epsilon must be positive and finite, not " + epsilon);
    }
    this.momentum = momentum;
    this.epsilon = epsilon;
  }

  @Override
  BatchNorm copy() {
    return new BatchNorm(out, activation, momentum, epsilon, prefix(), module());
  }

  @Override
  int modules() {
    return 1 + modules(activation);
  }

  @Override
  void addTo(Slab.Layout parameters, Slab.Layout statistics) {
    parameters.add(name(0, "weight"), out, 1);
    super.addTo(parameters, statistics);
    statistics.add(name(0, "running_mean"), out, 1).add(name(0, "running_var"), out, 1);
  }

  @Override
  void bind(Slab parameters, Slab statistics) {
    gamma = parameters.get(name(0, "weight"));
    super.bind(parameters, statistics);
    runningMean = statistics.get(name(0, "running_mean"));
    runningVariance = statistics.get(name(0, "running_var"));
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
      runningMean.set(r, 0, 0);
      runningVariance.set(r, 0, 1);
    }
  }

  @Override
  void enter(Plan plan) {
    NormKernels kernels = plan.engine().kernels().norm();
    if (plan.learns()) {
      Matrix z = plan.output();
      Matrix x = plan.overwritable();
      Matrix y = plan.allocate(out);
      ActivationKernels sums = plan.engine().kernels().activation();
      plan.add(new Training(kernels, sums, z, x, y, plan.column(out), plan.column(out), true));
      plan.activate(this, y, bias);
    } else {
      Matrix y = plan.overwritable();
      Matrix shift = plan.column(out);
      plan.add(new Inference(kernels, plan.output(), y, plan.column(out), shift));
      plan.activate(this, y, shift);
    }
  }

  @Override
  String text() {
    return "batch_norm:" + activation + ":" + momentum + ":" + epsilon;
  }

  @Override
  public String toString() {
    return "batch norm" + (activation == Activation.IDENTITY ? "" : " " + activation);
  }

  /** With the batch's own mean and variance. */
  private final class Training extends RowPass {
    private final NormKernels kernels;
    private final ActivationKernels sums;
    private final Matrix z;
    private final Matrix x;
    private final Matrix mean;
    private final Matrix variance;
    private final boolean follows;

    /**
     * Binds the pass.
     *
     * @param follows whether the running statistics follow
     */
    Training(
        NormKernels kernels,
        ActivationKernels sums,
        Matrix z,
        Matrix x,
        Matrix y,
        Matrix mean,
        Matrix variance,
        boolean follows) {
      super(y);
      this.kernels = kernels;
      this.sums = sums;
      this.z = z;
      this.x = x;
      this.mean = mean;
      this.variance = variance;
      this.follows = follows;
    }

    /** Running statistics have followed this batch already. */
    @Override
    Training again() {
      return new Training(kernels, sums, z, x, a, mean, variance, false);
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
  private final class Inference extends RowPass {
    private final NormKernels kernels;
    private final Matrix z;
    private final Matrix scale;
    private final Matrix shift;

    Inference(NormKernels kernels, Matrix z, Matrix y, Matrix scale, Matrix shift) {
      super(y);
      this.kernels = kernels;
      this.z = z;
      this.scale = scale;
      this.shift = shift;
    }

    @Override
    void forward(int from, int to) {
      for (int r = from; r < to; r++) {
        float s = (float) factor(r);
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

  /** Returns what a unit is multiplied by in inference. */
  double factor(int unit) {
    return gamma.get(unit, 0) / Math.sqrt((double) runningVariance.get(unit, 0) + epsilon);
  }
}
