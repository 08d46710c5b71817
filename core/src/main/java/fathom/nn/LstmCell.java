package fathom.nn;

import fathom.kernel.ActivationKernels;
import fathom.kernel.Function;
import fathom.matrix.Matrix;

/**
 * {@code i, f, o = logistic(…)}, {@code g = tanh(…)}, {@code c_t = f * c_(t-1) + i * g}, {@code h_t
 * = o * tanh(c_t)}: Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000.
 */
final class LstmCell extends Cell {
  private final ActivationKernels activation;
  private final Matrix[] all;
  private final Matrix[] cells;
  private final Matrix[] tanhs;
  private final Matrix[] biases = new Matrix[4];
  private final Matrix zero;
  private final Matrix dc;

  LstmCell(Recurrent.Placed layer, CellPlan plan, Binding bound) {
    super(layer, plan, bound);
    activation = kernels.activation();
    all = steps(z);
    cells = steps(bound.matrix(plan.inner()));
    tanhs = steps(bound.matrix(plan.tanhs()));
    for (int g = 0; g < biases.length; g++) {
      biases[g] = layer.gate(bias, g);
    }
    zero = bound.matrix(plan.unit());
    dc = bound.matrix(plan.dc());
  }

  private Matrix cellBefore(int t) {
    return t == 0 ? nothing : cells[t - 1];
  }

  @Override
  void forward(int t, int from, int to) {
    for (int g = 0; g < biases.length; g++) {
      Function f = g == 2 ? Function.TANH : Function.LOGISTIC;
      activation.activate(f, 0, gates[g][t], biases[g], from, to);
    }
    kernels.gates().lstmCell(all[t], cellBefore(t), cells[t], tanhs[t], from, to);
    activation.activate(Function.TANH, 0, tanhs[t], zero, from, to);
    kernels.gates().lstmState(all[t], tanhs[t], states[t], from, to);
  }

  @Override
  void cut(int from, int to) {
    kernels.fill().constant(dc.segment(), 0, dc.offset(from), dc.offset(to), 0);
  }

  @Override
  void backward(int t, int from, int to) {
    Matrix d = inputGradients[t];
    kernels.gates().lstmBackward(all[t], cellBefore(t), tanhs[t], dh, dc, d, from, to);
  }
}
