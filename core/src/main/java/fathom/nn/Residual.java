package fathom.nn;

import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A residual block {@code Y = X + s branch(X)}, He et al. 2016. It has two places among a network's
 * layers: the fork, where X is kept, and the join, where it is added.
 *
 * @param scale s
 * @param branch the layers, of which the last gives as many units as X has
 */
public record Residual(float scale, List<LayerSpec> branch) implements LayerSpec {
  /**
   * Checks the parts; whether the branch gives what it takes depends on what lies below.
   *
   * @throws IllegalArgumentException if the scale is not finite, or there is no branch
   */
  public Residual {
    branch = List.copyOf(branch);
    if (branch.isEmpty()) {
      throw new IllegalArgumentException("a residual block needs a layer in its branch");
    }
    requireFinite(scale);
  }

  private static void requireFinite(float scale) {
    if (!Float.isFinite(scale)) {
      throw new IllegalArgumentException("a branch's scale must be finite, not " + scale);
    }
  }

  @Override
  public <R> R match(LayerCases<R> cases) {
    return cases.residual(this);
  }

  @Override
  public int units(int below) {
    return below;
  }

  @Override
  public int modules() {
    return 1;
  }

  /** Returns the branch between {@code [} and {@code ]:s}. */
  @Override
  public String toString() {
    return branch.stream().map(LayerSpec::toString).collect(Collectors.joining(" ", "[ ", " ]:"))
        + scale;
  }

  /** Returns the place where the branch leaves. */
  Layer fork(Layer.Site site) {
    return new Fork(site);
  }

  /** Returns the place where the branch comes back. */
  Layer join(Layer.Site site) {
    return new Join(site);
  }

  private final class Fork extends Layer {
    Fork(Site site) {
      super(Residual.this, site);
    }

    @Override
    int blocksBegun() {
      return 1;
    }

    @Override
    void enter(Planner planner) {
      Buffer x = planner.below();
      Buffer gradient = planner.fork();
      planner.row(
          new RowPlan(
              index(),
              Work.NONE,
              Work.of("add skip", gradient == null ? List.of() : List.of(gradient), List.of()),
              x,
              blocksBegun(),
              bound -> new ForkPass(bound.kernels(), bound.matrix(x), bound.matrix(gradient))));
    }

    @Override
    public String toString() {
      return "[";
    }
  }

  private final class Join extends Layer {
    Join(Site site) {
      super(Residual.this, site);
    }

    @Override
    int blocksBegun() {
      return -1;
    }

    @Override
    void enter(Planner planner) {
      Planner.Fork fork = planner.join();
      Buffer skip = fork.skip();
      Buffer gradient = fork.gradient();
      Buffer branch = planner.below();
      Buffer y = gradient == null ? planner.overwritable("y") : planner.output("y", branch.rows());
      planner.row(
          new RowPlan(
              index(),
              Work.of(
                  "X + " + (scale == 1 ? "" : scale + " ") + "branch",
                  List.of(skip, branch),
                  List.of(y)),
              Work.of("keep skip", List.of(), gradient == null ? List.of() : List.of(gradient)),
              y,
              blocksBegun(),
              bound ->
                  new JoinPass(
                      bound.kernels(),
                      scale,
                      bound.matrix(skip),
                      bound.matrix(branch),
                      bound.matrix(y),
                      bound.matrix(gradient))));
    }

    @Override
    public String toString() {
      return scale == 1 ? "]" : "] x " + scale;
    }
  }

  /** Adds the skip's gradient to the branch's; forward, X is what it was. */
  private static final class ForkPass extends RowPass {
    private final Kernels kernels;
    private final Matrix skipGradient;

    ForkPass(Kernels kernels, Matrix x, Matrix skipGradient) {
      super(x);
      this.kernels = kernels;
      this.skipGradient = skipGradient;
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
      copy(d, skipGradient, from, to);
    }
  }

  /** {@code Y <- X + s branch}; backward keeps D for the fork and scales it for the branch. */
  private static final class JoinPass extends RowPass {
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
        Kernels kernels, float scale, Matrix skip, Matrix branch, Matrix y, Matrix skipGradient) {
      super(y);
      this.kernels = kernels;
      this.skip = skip;
      this.branch = branch;
      this.skipGradient = skipGradient;
      this.scale = scale;
    }

    @Override
    void forward(int from, int to) {
      kernels.norm().addScaled(skip, scale, branch, a, from, to);
    }

    @Override
    void backward(Matrix d, int from, int to) {
      copy(d, skipGradient, from, to);
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
