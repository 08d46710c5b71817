package fathom.nn;

import fathom.matrix.Matrix;
import java.util.List;

/**
 * An activation as a layer of its own: {@code A = f(Z)}, as behind a residual block.
 *
 * @param activation f
 */
public record Activate(Activation activation) implements LayerSpec {
  @Override
  public <R> R match(LayerCases<R> cases) {
    return cases.activate(this);
  }

  @Override
  public int units(int below) {
    return below;
  }

  @Override
  public int modules() {
    return 1;
  }

  @Override
  public String toString() {
    return "activation:" + activation;
  }

  Layer at(Layer.Site site) {
    return new Placed(site);
  }

  private final class Placed extends Activated {
    Placed(Site site) {
      super(Activate.this, site, activation, false);
    }

    @Override
    public List<Tensor> tensors() {
      return withVectors();
    }

    @Override
    void enter(Planner planner) {
      Buffer z = planner.below();
      Buffer copy = planner.overwritable("z");
      if (!z.equals(copy)) {
        planner.row(
            new RowPlan(
                index(),
                Work.of("copy", List.of(z), List.of(copy)),
                Work.NONE,
                copy,
                bound -> new Copy(bound.matrix(z), bound.matrix(copy))));
      }
      activate(planner, copy);
    }

    @Override
    public String toString() {
      return activation.toString();
    }
  }

  /** {@code A <- Z}, for a pass that works in place on what others still need. */
  private static final class Copy extends RowPass {
    private final Matrix z;

    Copy(Matrix z, Matrix a) {
      super(a);
      this.z = z;
    }

    @Override
    void forward(int from, int to) {
      copy(z, a, from, to);
    }

    @Override
    void backward(Matrix d, int from, int to) {}
  }
}
