package fathom.nn;

import fathom.kernel.ActivationKernels;
import fathom.kernel.Function;
import fathom.matrix.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A layer that ends in {@code f(Z + b 1ᵀ)}, with a bias unless it has none, and PReLU's slope. */
abstract class Activated extends Layer {
  private final Activation f;
  private final boolean hasBias;

  Activated(LayerSpec spec, Site site, Activation f, boolean hasBias) {
    super(spec, site);
    this.f = f;
    this.hasBias = hasBias;
  }

  @Override
  public final Optional<Activation> activation() {
    return Optional.of(f);
  }

  final String biasName() {
    return name(0, "bias");
  }

  /** Returns the name of PReLU's slope: that of the activation's module. */
  private String slopeName() {
    return name(spec().modules() - 1, "weight");
  }

  /** Returns the given tensors, and behind them bias and slope where there are such. */
  final List<Tensor> withVectors(Tensor... first) {
    List<Tensor> tensors = new ArrayList<>(List.of(first));
    if (hasBias) {
      tensors.add(Tensor.vector(biasName(), out()));
    }
    if (f.isLearnt()) {
      tensors.add(Tensor.vector(slopeName(), 1));
    }
    return tensors;
  }

  /** Sets the bias to zero and a learnt slope to its start. */
  @Override
  void initialize(Drawing drawing) {
    if (hasBias) {
      drawing.fill(drawing.parameter(biasName()), 0);
    }
    if (f.isLearnt()) {
      drawing.fill(drawing.parameter(slopeName()), f.parameter());
    }
  }

  /** Adds the activation of sums that it may write over, after the layer's own bias. */
  final void activate(Planner planner, Buffer z) {
    activate(planner, z, null);
  }

  /**
   * Adds the activation of sums that it may write over.
   *
   * @param shift what is added first; null for the layer's own bias
   */
  final void activate(Planner planner, Buffer z, Buffer shift) {
    boolean learns = planner.learns();
    boolean both = learns && (f.isLearnt() || f.function().keepsSlope());
    Buffer a = both ? planner.output("a", out()) : z;
    // The derivative of the identity is 1, whatever has become of its output.
    boolean flat = f.equals(Activation.IDENTITY);
    List<String> names = new ArrayList<>();
    List<Buffer> reads = new ArrayList<>(List.of(z));
    if (shift != null) {
      reads.add(shift);
    } else if (hasBias) {
      names.add(biasName());
    }
    if (f.isLearnt()) {
      names.add(slopeName());
    }
    List<Buffer> writes = both && !f.isLearnt() ? List.of(a, z) : List.of(a);
    planner.row(
        new RowPlan(
            index(),
            Work.of(operation(shift != null || hasBias), reads, writes).with(names),
            Work.of(derivative(), flat ? List.of() : List.of(both ? z : a), List.of()).with(names),
            a,
            bound -> new Activating(bound, learns, z, a, shift)));
    planner.activated(f, a, both && !f.isLearnt() ? z : null);
  }

  private String operation(boolean shifted) {
    String sums = shifted ? "Z + b" : "Z";
    return f.equals(Activation.IDENTITY) ? sums : f + "(" + sums + ")";
  }

  private String derivative() {
    if (!hasBias) {
      return f + "'";
    }
    return f.equals(Activation.IDENTITY) ? "db" : f + "', db";
  }

  /** {@code A <- f(Z + b 1ᵀ)}; backward {@code D <- D * f'} and {@code db <- D 1}. */
  private final class Activating extends RowPass {
    private final ActivationKernels kernels;
    private final boolean training;
    private final Matrix z;
    private final Matrix bias;
    private final Matrix biasGradient;
    private final Matrix slope;
    private final Matrix slopeGradient;
    private final double[] slopeShares;

    /**
     * Binds the pass.
     *
     * @param z the weighted sums; in training they become the slope where the activation keeps it
     * @param a the output; the same as z unless both are kept
     */
    Activating(Binding bound, boolean training, Buffer z, Buffer a, Buffer shift) {
      super(bound.matrix(a));
      kernels = bound.kernels().activation();
      this.training = training;
      this.z = bound.matrix(z);
      int units = out();
      Matrix own = hasBias ? bound.parameter(biasName()) : bound.zeros(units);
      bias = shift == null ? own : bound.matrix(shift);
      biasGradient = hasBias ? bound.gradient(biasName()) : bound.unread(units);
      slope = f.isLearnt() ? bound.parameter(slopeName()) : null;
      slopeGradient = f.isLearnt() ? bound.gradient(slopeName()) : null;
      slopeShares = new double[(units + Pass.BLOCK - 1) / Pass.BLOCK];
    }

    @Override
    void forward(int from, int to) {
      if (f.isLearnt() && training) {
        kernels.prelu(slope.get(0, 0), z, bias, a, from, to);
      } else if (f.isLearnt()) {
        kernels.activate(Function.LEAKY_RELU, slope.get(0, 0), z, bias, from, to);
      } else if (training && f.function().keepsSlope()) {
        kernels.activateAndSlope(f.function(), f.parameter(), z, bias, a, from, to);
      } else {
        kernels.activate(f.function(), f.parameter(), z, bias, from, to);
      }
    }

    @Override
    void backward(Matrix d, int from, int to) {
      if (f.isLearnt()) {
        float now = slope.get(0, 0);
        for (int r = from; r < to; r += Pass.BLOCK) {
          int end = Math.min(to, r + Pass.BLOCK);
          slopeShares[r / Pass.BLOCK] = kernels.preluDerive(now, z, d, biasGradient, r, end);
        }
      } else if (f.function().keepsSlope()) {
        kernels.multiplySlope(z, d, biasGradient, from, to);
      } else {
        kernels.derive(f.function(), f.parameter(), a, d, biasGradient, from, to);
      }
    }

    @Override
    void finish() {
      if (f.isLearnt()) {
        double sum = 0;
        for (double share : slopeShares) {
          sum += share;
        }
        slopeGradient.set(0, 0, (float) sum);
      }
    }
  }
}
