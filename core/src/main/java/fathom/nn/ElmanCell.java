package fathom.nn;

import fathom.kernel.ActivationKernels;
import fathom.kernel.Function;
import fathom.matrix.Matrix;

/** {@code h_t = f(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)}, Elman 1990. */
final class ElmanCell extends Cell {
  private final ActivationKernels activation;
  private final Function f;
  private final Matrix unused;

  ElmanCell(Recurrent.Placed layer, CellPlan plan, Binding bound) {
    super(layer, plan, bound);
    activation = kernels.activation();
    f = layer.function().function();
    unused = bound.matrix(plan.unit());
  }

  @Override
  void forward(int t, int from, int to) {
    activation.activate(f, 0, states[t], bias, from, to);
  }

  @Override
  void backward(int t, int from, int to) {
    Matrix d = inputGradients[t];
    RowPass.copy(dh, d, from, to);
    activation.derive(f, 0, states[t], d, unused, from, to);
  }
}
