package fathom.nn;

import fathom.engine.Product;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;

/**
 * What a recurrent layer's units do at a step, elementwise, on memory for a batch of one size.
 * Members work on rows of units; rows of one unit in several gates go together. Nothing is
 * allocated but by the constructors.
 */
abstract class Cell {
  final Recurrent.Placed layer;
  final Kernels kernels;

  /** Gates' rows x T B: the input's sums, which a step turns into what backward needs of them. */
  final Matrix z;

  /** Units x T B: the states. */
  final Matrix h;

  /** Gates' rows x T B: gradients by the sums of the input; in training. */
  final Matrix dz;

  /** The same by the sums of the state before. */
  final Matrix du;

  /** Units x B: the gradient by the state of the step that backward is at. */
  final Matrix dh;

  /** What is added to the input's sums: one bias a row, made anew at each forward pass. */
  final Matrix bias;

  /** Units x B: the state before the first step, zeros. */
  final Matrix nothing;

  /** Views of the steps: sums of each gate, states, gradients by both sums. */
  final Matrix[][] gates;

  final Matrix[] states;
  final Matrix[] inputGradients;
  final Matrix[] stateGradients;
  private final Matrix[] recurrentWeights;
  final Matrix inputBias;
  final Matrix recurrentBias;

  /** Binds memory. */
  Cell(Recurrent.Placed layer, CellPlan plan, Binding bound) {
    this.layer = layer;
    kernels = bound.kernels();
    z = bound.matrix(plan.z());
    h = bound.matrix(plan.h());
    dz = bound.matrix(plan.dz());
    du = bound.matrix(plan.du());
    dh = bound.matrix(plan.dh());
    nothing = bound.matrix(plan.nothing());
    bias = bound.matrix(plan.bias());
    inputBias = bound.parameter(layer.inputBias());
    recurrentBias = bound.parameter(layer.recurrentBias());
    gates = new Matrix[layer.kind().gates()][];
    inputGradients = dz == null ? null : steps(dz);
    stateGradients = dz == null ? null : steps(du);
    recurrentWeights = new Matrix[gates.length];
    Matrix recurrentWeight = bound.parameter(layer.recurrentWeight());
    for (int g = 0; g < gates.length; g++) {
      gates[g] = steps(layer.gate(z, g));
      recurrentWeights[g] = layer.gate(recurrentWeight, g);
    }
    states = steps(h);
  }

  /** Returns the cell of a layer. */
  static Cell of(Recurrent.Placed layer, CellPlan plan, Binding bound) {
    return switch (layer.kind()) {
      case RNN -> new ElmanCell(layer, plan, bound);
      case GRU -> new GruCell(layer, plan, bound);
      case LSTM -> new LstmCell(layer, plan, bound);
    };
  }

  /** Returns views of the columns of each step. */
  final Matrix[] steps(Matrix m) {
    Matrix[] views = new Matrix[layer.steps()];
    int batch = m.cols() / layer.steps();
    for (int t = 0; t < views.length; t++) {
      views[t] = columns(m, t * batch, (t + 1) * batch);
    }
    return views;
  }

  /** Returns a view of columns. */
  static Matrix columns(Matrix m, int from, int to) {
    return new Matrix(m.segment(), m.offset() + from, m.rows(), to - from, m.stride());
  }

  /** Returns the state before a step. */
  final Matrix before(int t) {
    return t == 0 ? nothing : states[t - 1];
  }

  /** Adds up the biases; one member does. */
  void addBiases() {
    kernels.norm().addScaled(inputBias, 1, recurrentBias, bias, 0, bias.rows());
  }

  /** Adds the state's part to a block of units of every gate. */
  void recur(Product product, int t, int block) {
    for (int g = 0; g < gates.length; g++) {
      product.add(recurrentWeights[g], states[t - 1], gates[g][t], block);
    }
  }

  final Matrix recurrentWeight(int gate) {
    return recurrentWeights[gate];
  }

  /** Makes the states of step t of units {@code [from, to)} from the whole sums. */
  abstract void forward(int t, int from, int to);

  /** Returns whether {@link #backward} leaves part of the gradient by the state before in dh. */
  boolean carries() {
    return false;
  }

  /** Forgets what other than dh came back from later steps. */
  void cut(int from, int to) {}

  /** Takes dh of step t through these units to the gradients by both sums. */
  abstract void backward(int t, int from, int to);
}
