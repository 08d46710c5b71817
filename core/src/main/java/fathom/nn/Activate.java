package fathom.nn;

import fathom.matrix.Matrix;

/** An activation as a layer of its own: {@code A = f(Z)}, as behind a residual block. */
final class Activate extends Biased {
  Activate(int units, Activation activation, String prefix, int module) {
    super(units, units, activation, false, prefix, module);
  }

  @Override
  Activate copy() {
    return new Activate(out, activation, prefix(), module());
  }

  @Override
  int modules() {
    return 1;
  }

  @Override
  void enter(Plan plan) {
    Matrix z = plan.output();
    Matrix copy = plan.overwritable();
    if (z != copy) {
      plan.add(new Copy(z, copy));
    }
    plan.activate(this, copy, bias);
  }

  @Override
  String text() {
    return "activation:" + activation;
  }

  @Override
  public String toString() {
    return activation.toString();
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
      Cell.copy(z, a, from, to);
    }

    @Override
    void backward(Matrix d, int from, int to) {}
  }
}
