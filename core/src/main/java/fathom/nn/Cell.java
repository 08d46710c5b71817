package fathom.nn;

import fathom.engine.Product;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * What a recurrent layer's units do at a step, elementwise, on memory for a batch of one size.
 * Members work on rows of units; rows of one unit in several gates go together. Nothing is
 * allocated but by the constructors.
 */
abstract class Cell {
  final Recurrent layer;
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

  /**
   * Takes memory.
   *
   * @param sameMemory whether states take the place of the sums
   * @param sameGradients whether gradients by both sums are the same
   */
  Cell(Recurrent layer, Plan plan, boolean sameMemory, boolean sameGradients) {
    this.layer = layer;
    kernels = plan.engine().kernels();
    int rows = layer.rows();
    z = plan.sequence(rows, layer.steps);
    h = sameMemory ? z : plan.sequence(layer.units, layer.steps);
    boolean learns = plan.learns();
    dz = learns ? plan.sequence(rows, layer.steps) : null;
    du = learns && !sameGradients ? plan.sequence(rows, layer.steps) : dz;
    dh = learns ? plan.sequence(layer.units, 1) : null;
    nothing = plan.sequence(layer.units, 1);
    bias = plan.column(rows);
    gates = new Matrix[layer.kind.gates][];
    inputGradients = learns ? steps(dz) : null;
    stateGradients = learns ? steps(du) : null;
    recurrentWeights = new Matrix[layer.kind.gates];
    for (int g = 0; g < gates.length; g++) {
      gates[g] = steps(layer.gate(z, g));
      recurrentWeights[g] = layer.gate(layer.recurrentWeight, g);
    }
    states = steps(h);
  }

  /** Returns views of the columns of each step. */
  final Matrix[] steps(Matrix m) {
    Matrix[] views = new Matrix[layer.steps];
    int batch = m.cols() / layer.steps;
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
    kernels.norm().addScaled(layer.inputBias, 1, layer.recurrentBias, bias, 0, bias.rows());
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

  /** Copies rows of a matrix to another of the same shape. */
  static void copy(Matrix source, Matrix target, int from, int to) {
    int cols = target.cols();
    if (source.stride() == cols && target.stride() == cols) {
      long bytes = (long) (to - from) * cols * Float.BYTES;
      MemorySegment.copy(
          source.segment(),
          source.byteOffset(from, 0),
          target.segment(),
          target.byteOffset(from, 0),
          bytes);
      return;
    }
    for (int r = from; r < to; r++) {
      MemorySegment.copy(
          source.segment(),
          source.byteOffset(r, 0),
          target.segment(),
          target.byteOffset(r, 0),
          (long) cols * Float.BYTES);
    }
  }
}
