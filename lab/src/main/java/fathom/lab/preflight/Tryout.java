package fathom.lab.preflight;

import fathom.data.Batch;
import fathom.engine.Engine;
import fathom.engine.Member;
import fathom.engine.Task;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.Pass;
import fathom.optim.Clipping;
import fathom.optim.Optimizer;
import fathom.optim.OptimizerState;
import fathom.train.BatchFit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Passes and steps on a network that are taken back: {@link #close} gives the network the
 * parameters and running statistics that it came with. Its gradients are overwritten. Training
 * steps and predictions wait meanwhile.
 *
 * <p>One thread at a time. The same bits on any number of threads of the engine.
 */
final class Tryout extends Task implements AutoCloseable {
  /** The logit of a class that is not there: one in 10^9 of the others. */
  private static final double NEVER = -20;

  private final Arena arena = Arena.ofShared();
  private final Network network;
  private final Engine engine;
  private final Loss loss;
  private final Loss.Objective objective;
  private final MemorySegment parameters;
  private final MemorySegment statistics;
  private final long stamp;

  // Of the pass under way.
  private Pass pass;
  private Batch batch;

  /**
   * A copy, which nobody can free while products read it by address. To keep the dataset open
   * instead would have others wait in a circle: they take the data before the network.
   */
  private Matrix inputs;

  private Matrix targets;
  private boolean centred;
  private boolean back;
  private double mean;

  Tryout(Network network, Loss loss) {
    this.network = network;
    engine = network.engine();
    this.loss = loss;
    objective = bound();
    // What there is no memory for fails before the network is held.
    parameters = arena.allocate(network.parameters().segment().byteSize(), Float.BYTES);
    statistics = arena.allocate(network.statistics().segment().byteSize(), Float.BYTES);
    stamp = network.beginStep();
    MemorySegment unusedParameters = parameters.copyFrom(network.parameters().segment());
    MemorySegment unusedStatistics = statistics.copyFrom(network.statistics().segment());
  }

  private Loss.Objective bound() {
    try {
      return loss.bind(network.outputs(), arena);
    } catch (IllegalArgumentException e) {
      arena.close();
      throw e;
    }
  }

  /** Returns a copy of a slab of the network's, which lives until the end. */
  MemorySegment copy(Slab slab) {
    return copy(slab.segment());
  }

  MemorySegment copy(MemorySegment segment) {
    return arena.allocate(segment.byteSize(), Float.BYTES).copyFrom(segment);
  }

  /** Returns the mean loss of a batch, in training mode. */
  double loss(Batch rows) {
    back = false;
    return run(rows);
  }

  /** Returns the mean loss of a batch, and leaves its gradients with the network. */
  double gradients(Batch rows) {
    back = true;
    centred = false;
    return run(rows);
  }

  /**
   * As {@link #gradients}, but of the residuals less their mean over the batch: of what tells
   * samples apart.
   */
  double gradientsApart(Batch rows) {
    back = true;
    centred = true;
    return run(rows);
  }

  /**
   * Returns about the least loss that a batch has for an answer that is the same for all samples:
   * the classes' shares, or each target's mean, which is best for squares, or its median, which is
   * best for absolute errors, or the logit of its mean, which is best for a logistic's
   * cross-entropy.
   */
  double constant(Batch rows) {
    int n = rows.size();
    Matrix y = Matrix.allocate(arena, network.outputs(), n);
    for (int k = 0; k < y.rows(); k++) {
      double answer = loss.wantsLabels() ? logShare(rows, k) : middle(rows.targets(), k);
      for (int i = 0; i < n; i++) {
        y.set(k, i, (float) answer);
      }
    }
    Matrix unused = Matrix.allocate(arena, network.outputs(), n);
    return objective.mean(engine, y, rows.labels(), targets(rows), unused);
  }

  private static double logShare(Batch rows, int k) {
    long count = 0;
    for (int i = 0; i < rows.size(); i++) {
      count += rows.labels().getAtIndex(ValueLayout.JAVA_INT, i) == k ? 1 : 0;
    }
    return count == 0 ? NEVER : Math.log((double) count / rows.size());
  }

  private double middle(Matrix t, int k) {
    double[] column = new double[t.rows()];
    Arrays.setAll(column, i -> t.get(i, k));
    if (loss == Loss.MSE || loss == Loss.SIGMOID_CROSS_ENTROPY) {
      double mean = Arrays.stream(column).average().orElseThrow();
      return loss == Loss.MSE ? mean : Math.clamp(Math.log(mean / (1 - mean)), NEVER, -NEVER);
    }
    Arrays.sort(column);
    return column[column.length / 2];
  }

  private double run(Batch rows) {
    BatchFit.require(rows, network, loss);
    pass = network.pass(rows.size());
    batch = rows;
    if (inputs == null || inputs.rows() != rows.size()) {
      inputs = Matrix.allocate(arena, rows.size(), network.inputs());
    }
    inputs.copyFrom(rows.inputs());
    targets = targets(rows);
    pass.step(0);
    engine.run(this, pass.worthSharing());
    return mean;
  }

  /** Kernels want targets as they have outputs: one column a sample. */
  private Matrix targets(Batch rows) {
    if (loss.wantsLabels()) {
      return null;
    }
    Matrix given = rows.targets();
    Matrix columns =
        Matrix.allocate(Arena.ofAuto(), /* rows= */ given.cols(), /* cols= */ given.rows());
    columns.transposeFrom(given);
    return columns;
  }

  @Override
  protected void share(Member member) {
    pass.forward(member, inputs);
    if (member.index() == 0) {
      Matrix d = pass.outputGradient();
      mean = objective.mean(engine, pass.output(), batch.labels(), targets, d);
      if (back && centred) {
        center(d);
      }
    }
    member.barrier();
    if (back) {
      pass.backward(member, inputs, null);
    }
  }

  private static void center(Matrix d) {
    for (int r = 0; r < d.rows(); r++) {
      double mean = 0;
      for (int c = 0; c < d.cols(); c++) {
        mean += d.get(r, c) / (double) d.cols();
      }
      for (int c = 0; c < d.cols(); c++) {
        d.set(r, c, (float) (d.get(r, c) - mean));
      }
    }
  }

  /** Returns fresh state of an optimizer for {@link #step}. */
  OptimizerState state(Optimizer optimizer, Clipping clipping) {
    OptimizerState state =
        new OptimizerState(optimizer, network.parameters(), network.gradients(), arena);
    state.clipping(clipping);
    return state;
  }

  /** Takes a step along the gradients that are there. */
  void step(OptimizerState state) {
    state.measure(engine, 0, state.blocks());
    double unused = state.sumUp();
    state.begin();
    state.update(engine, network.firstLearnt(), network.parameters().size());
  }

  /** Returns the sum of squares of the gradients that are there. */
  double squares() {
    MemorySegment g = network.gradients().segment();
    return engine
        .kernels()
        .update()
        .sumOfSquares(g, network.firstLearnt(), network.gradients().size());
  }

  /** Returns {@code gᵀ (from - w)}, w being the parameters and g the gradients that are there. */
  double alongTheGradient(MemorySegment from) {
    MemorySegment g = network.gradients().segment();
    MemorySegment now = network.parameters().segment();
    double sum = 0;
    for (long i = network.firstLearnt(); i < network.parameters().size(); i++) {
      double moved =
          (double) from.getAtIndex(ValueLayout.JAVA_FLOAT, i)
              - now.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      sum += moved * g.getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }
    return sum;
  }

  /** Returns the cosine between the gradients that are there and others. */
  double turn(MemorySegment before) {
    MemorySegment after = network.gradients().segment();
    double product = 0;
    double beforeSquare = 0;
    double afterSquare = 0;
    for (long i = network.firstLearnt(); i < network.gradients().size(); i++) {
      double b = before.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      double a = after.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      product += a * b;
      beforeSquare += b * b;
      afterSquare += a * a;
    }
    return product / Math.sqrt(beforeSquare * afterSquare);
  }

  /** Returns the parameters as they came. */
  MemorySegment origin() {
    return parameters;
  }

  /** Gives the network the numbers that it came with. */
  void restore() {
    network.parameters().segment().copyFrom(parameters);
    network.statistics().segment().copyFrom(statistics);
  }

  @Override
  public void close() {
    restore();
    network.endStep(stamp);
    arena.close();
  }
}
