package fathom.nn;

import fathom.engine.Product;
import fathom.kernel.ActivationKernels;
import fathom.kernel.Function;
import fathom.matrix.Matrix;

/**
 * {@code r, z = logistic(…)}, {@code n = tanh(W_in x + b_in + r * (W_hn h + b_hn))}, {@code h_t =
 * (1 - z) * n + z * h_(t-1)}: Cho et al. 2014 in PyTorch's form, whose reset gate comes behind the
 * product.
 */
final class GruCell extends Cell {
  private final ActivationKernels activation;
  private final Matrix[] all;

  /** What the candidate's sums have of the state, which the reset gate multiplies. */
  private final Matrix[] candidates;

  private final Matrix resetBias;
  private final Matrix keepBias;
  private final Matrix candidateBias;
  private final Matrix stateBias;

  GruCell(Recurrent.Placed layer, CellPlan plan, Binding bound) {
    super(layer, plan, bound);
    activation = kernels.activation();
    all = steps(z);
    candidates = steps(bound.matrix(plan.inner()));
    resetBias = layer.gate(bias, 0);
    keepBias = layer.gate(bias, 1);
    candidateBias = layer.gate(inputBias, 2);
    stateBias = layer.gate(recurrentBias, 2);
  }

  @Override
  void recur(Product product, int t, int block) {
    product.add(recurrentWeight(0), states[t - 1], gates[0][t], block);
    product.add(recurrentWeight(1), states[t - 1], gates[1][t], block);
    product.run(recurrentWeight(2), states[t - 1], candidates[t], block);
  }

  @Override
  void forward(int t, int from, int to) {
    if (t == 0) {
      RowPass.copy(nothing, candidates[0], from, to);
    }
    activation.activate(Function.IDENTITY, 0, candidates[t], stateBias, from, to);
    activation.activate(Function.LOGISTIC, 0, gates[0][t], resetBias, from, to);
    activation.activate(Function.LOGISTIC, 0, gates[1][t], keepBias, from, to);
    kernels.gates().gruCandidate(all[t], candidates[t], from, to);
    activation.activate(Function.TANH, 0, gates[2][t], candidateBias, from, to);
    kernels.gates().gruState(all[t], before(t), states[t], from, to);
  }

  @Override
  boolean carries() {
    return true;
  }

  @Override
  void backward(int t, int from, int to) {
    kernels
        .gates()
        .gruBackward(
            all[t], before(t), candidates[t], dh, inputGradients[t], stateGradients[t], from, to);
  }
}
