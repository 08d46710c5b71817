package fathom.nn;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

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

  private final Recurrent.Placed layer;
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
  private final RecurrentProducts products;
  private final Matrix inputWeight;
  private final Matrix recurrentWeight;
  private final Matrix inputWeightGradient;
  private final Matrix recurrentWeightGradient;
  private final Matrix inputBiasGradient;
  private final Matrix recurrentBiasGradient;
  private final Matrix reachedX;
  private final Matrix reachedDz;
  private final Matrix reachedDu;
  private final Matrix earlierH;
  private final Matrix laterDu;
  private final Matrix reachedBelow;
  private final Matrix[] gradients;

  /**
   * Binds the products.
   *
   * @param x features x T B: the output below, or where the batch is gathered
   * @param a units x B: where the last state goes; or all states as the cell has them
   * @param first whether the layer reads the batch as it came, B x T features
   * @param lowest whether no gradient by the input is needed
   * @param d the gradient by a; null in inference
   * @param below the gradient by x; null at the bottom
   */
  RecurrentPass(
      Binding bound,
      Recurrent.Placed layer,
      RecurrentProducts products,
      CellPlan cell,
      Buffer x,
      Buffer a,
      boolean first,
      boolean lowest,
      Matrix d,
      Matrix below) {
    this.layer = layer;
    this.products = products;
    this.cell = Cell.of(layer, cell, bound);
    this.x = bound.matrix(x);
    this.a = bound.matrix(a);
    this.first = first;
    this.lowest = lowest;
    kernels = bound.kernels();
    learns = cell.dz() != null;
    int all = x.cols();
    batch = all / layer.steps();
    start = products.start();
    inputWeight = bound.parameter(layer.inputWeight());
    recurrentWeight = bound.parameter(layer.recurrentWeight());
    inputWeightGradient = bound.gradient(layer.inputWeight());
    recurrentWeightGradient = bound.gradient(layer.recurrentWeight());
    inputBiasGradient = bound.gradient(layer.inputBias());
    recurrentBiasGradient = bound.gradient(layer.recurrentBias());
    int from = start * batch;
    int later = Math.max(1, start) * batch;
    reachedX = Cell.columns(this.x, from, all);
    reachedDz = learns ? Cell.columns(this.cell.dz, from, all) : null;
    reachedDu = learns ? Cell.columns(this.cell.du, from, all) : null;
    boolean hasLater = learns && later < all;
    laterDu = hasLater ? Cell.columns(this.cell.du, later, all) : null;
    earlierH = hasLater ? Cell.columns(this.cell.h, later - batch, all - batch) : null;
    gradients = d != null && layer.returnsSequence() ? this.cell.steps(d) : null;
    reachedBelow = lowest ? null : Cell.columns(below, from, below.cols());
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
    Product inputs = products.input();
    for (int block = member.from(inputs.blocks()); block < member.to(inputs.blocks()); block++) {
      inputs.run(inputWeight, x, cell.z, block);
    }
    member.barrier();
    Product state = products.state();
    int last = layer.steps() - 1;
    for (int t = 0; t < layer.steps(); t++) {
      for (int block = member.from(state.blocks()); block < member.to(state.blocks()); block++) {
        int from = state.from(block);
        int to = state.to(block);
        if (t > 0) {
          cell.recur(state, t, block);
        }
        cell.forward(t, from, to);
        if (t == last && !layer.returnsSequence()) {
          RowPass.copy(cell.states[t], a, from, to);
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
    int features = layer.features();
    // What belongs to the caller's thread alone is read by the caller, who is member 0.
    boolean byAll = from.isAccessibleBy(SOMEBODY);
    int firstStep = byAll ? member.from(layer.steps()) : 0;
    int end = byAll ? member.to(layer.steps()) : member.index() == 0 ? layer.steps() : 0;
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
    Product product = products.inputGradient();
    for (int block = member.from(product.blocks()); block < member.to(product.blocks()); block++) {
      product.run(inputWeight, reachedDz, reachedBelow, block);
      for (int r = product.from(block); start > 0 && r < product.to(block); r++) {
        kernels.fill().constant(below.d.segment(), below.d.offset(r), 0, (long) start * batch, 0);
      }
      below.backward(product.from(block), product.to(block));
    }
  }

  /** Takes the gradient from the last step back; whole for all members on return. */
  private void throughTime(Member member, Group group) {
    Product stateGradient = products.stateGradient();
    int blocks = stateGradient.blocks();
    for (int t = layer.steps() - 1; t >= start; t--) {
      for (int block = member.from(blocks); block < member.to(blocks); block++) {
        int from = stateGradient.from(block);
        int to = stateGradient.to(block);
        if ((layer.steps() - 1 - t) % layer.window() == 0) {
          RowPass.copy(gradients == null ? group.d : gradients[t], cell.dh, from, to);
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
    Product stateGradient = products.stateGradient();
    Matrix du = cell.stateGradients[t + 1];
    if (cell.carries()) {
      stateGradient.add(recurrentWeight, du, cell.dh, block);
    } else {
      stateGradient.run(recurrentWeight, du, cell.dh, block);
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
    Matrix dw = inputWeightGradient;
    Product product = products.inputWeightGradient();
    for (int block = member.from(product.blocks()); block < member.to(product.blocks()); block++) {
      product.run(reachedDz, reachedX, dw, block);
      learn(learner, dw, product.from(block), product.to(block));
    }
    dw = recurrentWeightGradient;
    product = products.recurrentWeightGradient();
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
    sum(reachedDz, inputBiasGradient, from, to);
    if (cell.du == cell.dz) {
      RowPass.copy(inputBiasGradient, recurrentBiasGradient, from, to);
    } else {
      sum(reachedDu, recurrentBiasGradient, from, to);
    }
    learn(learner, inputBiasGradient, from, to);
    learn(learner, recurrentBiasGradient, from, to);
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
    return learns ? cell.recurrentBias.offset() + layer.rows() - inputWeight.offset() : 0;
  }
}
