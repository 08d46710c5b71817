package fathom.nn;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.engine.Engine;
import fathom.engine.Form;
import fathom.engine.Member;
import fathom.engine.Product;
import fathom.kernel.Function;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * A recurrent layer on batches of one size, through time and back. The products with the inputs of
 * all steps are one, and so are those that make the gradients by weights; at each step members meet
 * once, after the product with the state before and what follows it on the same rows.
 */
final class RecurrentPass extends Head {
  private static final int TILE = 16;

  /** A thread that owns nothing. */
  private static final Thread SOMEBODY = somebody();

  private final Recurrent layer;
  private final Cell cell;
  private final Kernels kernels;
  private final Matrix x;
  private final Matrix a;
  private final boolean first;
  private final boolean lowest;
  private final boolean learns;

  /** The first step that a gradient reaches. */
  private final int start;

  private final int batch;
  private final Product inputs;
  private final Product state;
  private final Product stateGradient;
  private final Product inputGradient;
  private final Product inputWeightGradient;
  private final Product recurrentWeightGradient;
  private final Matrix reachedX;
  private final Matrix reachedDz;
  private final Matrix reachedDu;
  private final Matrix earlierH;
  private final Matrix laterDu;
  private Matrix reachedBelow;
  private Matrix[] gradients;

  /**
   * Binds the products.
   *
   * @param x features x T B: the output below, or where the batch is gathered
   * @param a units x B: where the last state goes; or all states as the cell has them
   * @param first whether the layer reads the batch as it came, B x T features
   * @param lowest whether no gradient by the input is needed
   */
  RecurrentPass(
      Engine engine,
      Recurrent layer,
      Cell cell,
      Matrix x,
      Matrix a,
      boolean first,
      boolean lowest) {
    this.layer = layer;
    this.cell = cell;
    this.x = x;
    this.a = a;
    this.first = first;
    this.lowest = lowest;
    kernels = engine.kernels();
    learns = cell.dz != null;
    batch = x.cols() / layer.steps;
    start = layer.returnsSequence() ? 0 : layer.steps - layer.window();
    int all = x.cols();
    int from = start * batch;
    int later = Math.max(1, start) * batch;
    inputs = engine.product(Form.NN, layer.rows(), all, layer.features);
    state = engine.product(Form.NN, layer.units, batch, layer.units);
    stateGradient = engine.product(Form.TN, layer.units, batch, layer.rows());
    inputGradient = engine.product(Form.TN, layer.features, all - from, layer.rows());
    inputWeightGradient = engine.product(Form.NT, layer.rows(), layer.features, all - from);
    recurrentWeightGradient =
        engine.product(Form.NT, layer.rows(), layer.units, Math.max(1, all - later));
    reachedX = Cell.columns(x, from, all);
    reachedDz = learns ? Cell.columns(cell.dz, from, all) : null;
    reachedDu = learns ? Cell.columns(cell.du, from, all) : null;
    boolean hasLater = learns && later < all;
    laterDu = hasLater ? Cell.columns(cell.du, later, all) : null;
    earlierH = hasLater ? Cell.columns(cell.h, later - batch, all - batch) : null;
  }

  @Override
  double flops() {
    double forward = inputs.flops() + layer.kind.gates * layer.steps * state.flops();
    return forward * (1 + (learns ? 1 : 0) + (lowest && !learns ? 0 : 1));
  }

  @Override
  int barriers() {
    return layer.steps + 2;
  }

  @Override
  void place(Group group, Group below) {
    if (layer.returnsSequence()) {
      gradients = cell.steps(group.d);
    }
    if (!lowest) {
      reachedBelow = Cell.columns(below.d, start * batch, below.d.cols());
    }
  }

  @Override
  void forward(Member member, Matrix input, Group group) {
    if (first) {
      gather(member, input);
    }
    if (member.index() == 0) {
      cell.addBiases();
    }
    member.barrier();
    for (int block = member.from(inputs.blocks()); block < member.to(inputs.blocks()); block++) {
      inputs.run(layer.inputWeight, x, cell.z, block);
    }
    member.barrier();
    int last = layer.steps - 1;
    for (int t = 0; t < layer.steps; t++) {
      for (int block = member.from(state.blocks()); block < member.to(state.blocks()); block++) {
        int from = state.from(block);
        int to = state.to(block);
        if (t > 0) {
          cell.recur(state, t, block);
        }
        cell.forward(t, from, to);
        if (t == last && !layer.returnsSequence()) {
          Cell.copy(cell.states[t], a, from, to);
          group.forward(from, to);
        }
      }
      if (t < last) {
        member.barrier();
      }
    }
    if (layer.returnsSequence() && group.hasRows()) {
      // They may write over states that others still read.
      member.barrier();
      group.forwardRows(member);
    }
  }

  private static Thread somebody() {
    Thread thread = new Thread(null, () -> {}, "fathom", 0, false);
    thread.setContextClassLoader(null);
    return thread;
  }

  /** Makes the batch feature-major: number c of step t of sample b goes to row c, t B + b. */
  private void gather(Member member, Matrix input) {
    MemorySegment from = input.segment();
    MemorySegment to = x.segment();
    int features = layer.features;
    // What belongs to the caller's thread alone is read by the caller, who is member 0.
    boolean byAll = from.isAccessibleBy(SOMEBODY);
    int firstStep = byAll ? member.from(layer.steps) : 0;
    int end = byAll ? member.to(layer.steps) : member.index() == 0 ? layer.steps : 0;
    for (int t = firstStep; t < end; t++) {
      for (int c0 = 0; c0 < features; c0 += TILE) {
        int c1 = Math.min(features, c0 + TILE);
        for (int b = 0; b < batch; b++) {
          for (int c = c0; c < c1; c++) {
            float value = from.get(JAVA_FLOAT, input.byteOffset(b, t * features + c));
            to.set(JAVA_FLOAT, x.byteOffset(c, t * batch + b), value);
          }
        }
      }
    }
  }

  @Override
  void backward(Member member, Group group, Group below) {
    throughTime(member, group);
    Product product = inputGradient;
    for (int block = member.from(product.blocks()); block < member.to(product.blocks()); block++) {
      product.run(layer.inputWeight, reachedDz, reachedBelow, block);
      for (int r = product.from(block); start > 0 && r < product.to(block); r++) {
        kernels.fill().constant(below.d.segment(), below.d.offset(r), 0, (long) start * batch, 0);
      }
      below.backward(product.from(block), product.to(block));
    }
  }

  /** Takes the gradient from the last step back; whole for all members on return. */
  private void throughTime(Member member, Group group) {
    int blocks = stateGradient.blocks();
    for (int t = layer.steps - 1; t >= start; t--) {
      for (int block = member.from(blocks); block < member.to(blocks); block++) {
        int from = stateGradient.from(block);
        int to = stateGradient.to(block);
        if ((layer.steps - 1 - t) % layer.window() == 0) {
          Cell.copy(gradients == null ? group.d : gradients[t], cell.dh, from, to);
          cell.cut(from, to);
        } else {
          fromStepAfter(t, block, from, to);
        }
        cell.backward(t, from, to);
      }
      member.barrier();
    }
  }

  private void fromStepAfter(int t, int block, int from, int to) {
    Matrix du = cell.stateGradients[t + 1];
    if (cell.carries()) {
      stateGradient.add(layer.recurrentWeight, du, cell.dh, block);
    } else {
      stateGradient.run(layer.recurrentWeight, du, cell.dh, block);
    }
    if (gradients != null) {
      kernels.norm().addScaled(cell.dh, 1, gradients[t], cell.dh, from, to);
    }
  }

  @Override
  void learn(Member member, Matrix input, Group group, Learner learner) {
    if (!learns) {
      return;
    }
    if (lowest) {
      throughTime(member, group);
    }
    Matrix dw = layer.inputWeightGradient;
    Product product = inputWeightGradient;
    for (int block = member.from(product.blocks()); block < member.to(product.blocks()); block++) {
      product.run(reachedDz, reachedX, dw, block);
      learn(learner, dw, product.from(block), product.to(block));
    }
    dw = layer.recurrentWeightGradient;
    product = recurrentWeightGradient;
    for (int block = member.from(product.blocks()); block < member.to(product.blocks()); block++) {
      if (laterDu != null) {
        product.run(laterDu, earlierH, dw, block);
      } else {
        long at = dw.offset(product.from(block));
        kernels.fill().constant(dw.segment(), at, 0, dw.offset(product.to(block)) - at, 0);
      }
      learn(learner, dw, product.from(block), product.to(block));
    }
    learnBiases(member, learner);
  }

  private void learnBiases(Member member, Learner learner) {
    int blocks = (layer.rows() + Pass.BLOCK - 1) / Pass.BLOCK;
    int from = member.from(blocks) * Pass.BLOCK;
    int to = Math.min(layer.rows(), member.to(blocks) * Pass.BLOCK);
    sum(reachedDz, layer.inputBiasGradient, from, to);
    if (cell.du == cell.dz) {
      Cell.copy(layer.inputBiasGradient, layer.recurrentBiasGradient, from, to);
    } else {
      sum(reachedDu, layer.recurrentBiasGradient, from, to);
    }
    learn(learner, layer.inputBiasGradient, from, to);
    learn(learner, layer.recurrentBiasGradient, from, to);
  }

  /** {@code sums <- D 1}: the derivative of the identity leaves D as it is. */
  private void sum(Matrix d, Matrix sums, int from, int to) {
    kernels.activation().derive(Function.IDENTITY, 0, d, d, sums, from, to);
  }

  private static void learn(Learner learner, Matrix gradient, int from, int to) {
    if (learner != null && from < to) {
      learner.learn(gradient.offset(from), gradient.offset(to));
    }
  }

  /** All of the layer's own, which lie one behind the other. */
  @Override
  long learnt() {
    return learns ? layer.recurrentBias.offset() + layer.rows() - layer.inputWeight.offset() : 0;
  }
}
