package fathom.nn;

import fathom.kernel.Kernels;
import fathom.matrix.Matrix;

/**
 * The two ends of a residual block {@code Y = X + s branch(X)}, He et al. 2016: the fork, where X
 * is kept, and the join, where it is added.
 */
final class Residual {
  private Residual() {}

  /** Where the branch leaves. */
  static final class Fork extends Layer {
    Fork(int units, String prefix, int module) {
      super(units, units, prefix, module);
    }

    @Override
    Fork copy() {
      return new Fork(out, prefix(), module());
    }

    @Override
    int modules() {
      return 0;
    }

    @Override
    void enter(Plan plan) {
      plan.fork();
    }

    @Override
    String text() {
      return "[";
    }

    @Override
    public String toString() {
      return "[";
    }
  }

  /** Where the branch comes back. */
  static final class Join extends Layer {
    private final float scale;

    Join(int units, float scale, String prefix, int module) {
      super(units, units, prefix, module);
      if (!Float.isFinite(scale)) {
        throw new IllegalArgumentException("a branch's scale must be finite, not " + scale);
      }
      this.scale = scale;
    }

    @Override
    Join copy() {
      return new Join(out, scale, prefix(), module());
    }

    @Override
    int modules() {
      return 1;
    }

    @Override
    void enter(Plan plan) {
      plan.join(scale);
    }

    @Override
    String text() {
      return "]:" + scale;
    }

    @Override
    public String toString() {
      return scale == 1 ? "]" : "] x " + scale;
    }
  }

  /** Adds the skip's gradient to the branch's; forward, X is what it was. */
  static final class ForkPass extends RowPass {
    private final Kernels kernels;
    private Matrix skipGradient;

    ForkPass(Kernels kernels, Matrix x) {
      super(x);
      this.kernels = kernels;
    }

    @Override
    void forward(int from, int to) {}

    @Override
    void backward(Matrix d, int from, int to) {
      kernels.norm().addScaled(d, 1, skipGradient, d, from, to);
    }

    /** Keeps the change of X for the join. */
    @Override
    void tangent(Matrix d, int from, int to) {
      Cell.copy(d, skipGradient, from, to);
    }
  }

  /** {@code Y <- X + s branch}; backward keeps D for the fork and scales it for the branch. */
  static final class JoinPass extends RowPass {
    private final Kernels kernels;
    private final Matrix skip;
    private final Matrix branch;
    private final Matrix skipGradient;
    private final float scale;

    /**
     * Joins.
     *
     * @param skipGradient memory for the gradient on its way to the fork; null in inference
     */
    JoinPass(
        Kernels kernels, ForkPass fork, Matrix branch, Matrix y, Matrix skipGradient, float scale) {
      super(y);
      this.kernels = kernels;
      skip = fork.a;
      this.branch = branch;
      this.skipGradient = skipGradient;
      this.scale = scale;
      fork.skipGradient = skipGradient;
    }

    @Override
    void forward(int from, int to) {
      kernels.norm().addScaled(skip, scale, branch, a, from, to);
    }

    @Override
    void backward(Matrix d, int from, int to) {
      Cell.copy(d, skipGradient, from, to);
      if (scale != 1) {
        kernels.update().scale(d.segment(), d.offset(from), d.offset(to), scale);
      }
    }

    @Override
    void tangent(Matrix d, int from, int to) {
      kernels.norm().addScaled(skipGradient, scale, d, d, from, to);
    }
  }
}
