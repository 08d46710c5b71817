package fathom.lab;

import fathom.data.Batch;
import fathom.kernel.Engine;
import fathom.kernel.Member;
import fathom.kernel.Task;
import fathom.kernel.UpdateKernels;
import fathom.matrix.Matrix;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.Pass;
import fathom.optim.Clipping;
import fathom.optim.Optimizer;
import fathom.optim.OptimizerState;
import fathom.optim.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What an optimizer's first step would do to the loss of a batch. The step is taken and undone.
 *
 * <p>Most of a first gradient may be about what all samples have in common: the shares of the
 * classes, which the last bias learns in any network. What tells samples apart is the gradient g of
 * the residuals less their mean over the batch. To first order, a step along it does away with
 * {@code gᵀ dw / loss} of the loss, dw being the optimizer's step; with momentum m, the steps that
 * follow are up to 1 / (1 - m) times as long, and that is counted. Where signals or gradients are
 * lost on their way, this share is nothing, whichever way they are lost.
 *
 * @param loss of the batch, before
 * @param after the loss of the same batch after one step
 * @param share of the loss that a step does away with, to first order, by telling samples apart
 * @param turn the cosine between all gradients before and after the step: near 1 where the network
 *     is as good as linear over a step, and near 0 or below where the step is too long
 * @param turnApart the same of g, after a step along it
 * @param gradient the norm of all gradients
 */
public record FirstStep(
    double loss, double after, double share, double turn, double turnApart, double gradient) {
  /**
   * Measures it. Parameters and running statistics are as before when the call returns; gradients
   * are overwritten.
   *
   * @throws IllegalArgumentException if the batch does not fit the network or the loss
   */
  public static FirstStep of(
      Network network, Batch batch, Loss loss, Optimizer optimizer, Clipping clipping) {
    long stamp = network.beginStep();
    try (Arena arena = Arena.ofConfined()) {
      return new Undone(network, batch, loss, arena).measure(optimizer, clipping);
    } finally {
      network.endStep(stamp);
    }
  }

  /** Runs passes and takes back what they change. */
  private static final class Undone extends Task {
    private final Network network;
    private final Engine engine;
    private final Batch batch;
    private final Loss.Objective objective;
    private final Matrix targets;
    private final Arena arena;
    private final Pass pass;
    private final MemorySegment origin;
    private final MemorySegment statistics;
    private boolean centred;
    private double loss;

    Undone(Network network, Batch batch, Loss loss, Arena arena) {
      this.network = network;
      this.batch = batch;
      this.arena = arena;
      engine = network.engine();
      objective = loss.bind(network.outputs(), arena);
      targets = loss.wantsLabels() ? null : transposed(batch.targets());
      pass = network.pass(batch.size());
      origin = copy(network.parameters().segment());
      statistics = copy(network.statistics().segment());
    }

    private MemorySegment copy(MemorySegment segment) {
      return arena.allocate(segment.byteSize(), Float.BYTES).copyFrom(segment);
    }

    private Matrix transposed(Matrix rows) {
      Matrix columns = Matrix.allocate(arena, rows.cols(), rows.rows());
      columns.transposeFrom(rows);
      return columns;
    }

    FirstStep measure(Optimizer optimizer, Clipping clipping) {
      double before = run(false);
      double gradient = Math.sqrt(squares());
      MemorySegment all = copy(network.gradients().segment());
      step(optimizer, clipping);
      double after = run(false);
      double turn = turn(all);
      restore();
      double unused = run(true);
      MemorySegment apart = copy(network.gradients().segment());
      step(optimizer, clipping);
      double share = alongTheGradient() / before * speed(optimizer);
      unused = run(true);
      double turnApart = turn(apart);
      restore();
      return new FirstStep(before, after, share, turn, turnApart, gradient);
    }

    /** What steps get to be, over the first. */
    private static double speed(Optimizer optimizer) {
      return optimizer instanceof Sgd s && s.momentum() > 0
          ? (1 - s.dampening()) / (1 - s.momentum())
          : 1;
    }

    private double run(boolean newCentred) {
      centred = newCentred;
      pass.step(0);
      engine.run(this, pass.worthSharing());
      return loss;
    }

    @Override
    protected void share(Member member) {
      pass.forward(member, batch.inputs());
      if (member.index() == 0) {
        Matrix d = pass.outputGradient();
        loss = objective.mean(engine.kernels().loss(), pass.output(), batch.labels(), targets, d);
        if (centred) {
          center(d);
        }
      }
      member.barrier();
      pass.backward(member, batch.inputs(), null);
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

    private double squares() {
      MemorySegment g = network.gradients().segment();
      return engine
          .kernels()
          .update()
          .sumOfSquares(g, network.firstLearnt(), network.gradients().size());
    }

    private void step(Optimizer optimizer, Clipping clipping) {
      OptimizerState state =
          new OptimizerState(optimizer, network.parameters(), network.gradients(), arena);
      UpdateKernels kernels = engine.kernels().update();
      state.clipping(clipping);
      state.measure(kernels, 0, state.blocks());
      double unused = state.sumUp();
      state.begin();
      state.update(kernels, network.firstLearnt(), network.parameters().size());
    }

    private double alongTheGradient() {
      MemorySegment g = network.gradients().segment();
      MemorySegment now = network.parameters().segment();
      double sum = 0;
      for (long i = network.firstLearnt(); i < network.parameters().size(); i++) {
        double moved =
            (double) origin.getAtIndex(ValueLayout.JAVA_FLOAT, i)
                - now.getAtIndex(ValueLayout.JAVA_FLOAT, i);
        sum += moved * g.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      }
      return sum;
    }

    private double turn(MemorySegment before) {
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

    private void restore() {
      network.parameters().segment().copyFrom(origin);
      network.statistics().segment().copyFrom(statistics);
    }
  }
}
