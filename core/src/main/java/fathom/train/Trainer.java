package fathom.train;

import fathom.data.Batch;
import fathom.kernel.Engine;
import fathom.kernel.Member;
import fathom.kernel.Task;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.Pass;
import fathom.optim.Clipping;
import fathom.optim.Optimizer;
import fathom.optim.OptimizerState;
import fathom.optim.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Trains one network: forward, loss, backward and update, one batch a step. Equal seeds give equal
 * losses and weights, bit for bit, on any number of threads. After the first step of each batch
 * size nothing is allocated.
 *
 * <p>One thread at a time calls a trainer; others may meanwhile predict with the network. The
 * optimizer's state is freed by {@link #close}, or with the network.
 */
public final class Trainer implements AutoCloseable {
  private static final int CHUNK = 1024;

  private final Network network;
  private final Engine engine;
  private final Loss.Objective objective;
  private final OptimizerState state;
  private final Arena arena = Arena.ofShared();
  private final Step step = new Step();
  private Schedule schedule;
  private Matrix targets;

  /**
   * Prepares to train a network. The optimizer's state starts at zero.
   *
   * @throws IllegalArgumentException if the loss does not fit the network's outputs
   */
  public Trainer(Network network, Loss loss, Optimizer optimizer) {
    this.network = network;
    engine = network.engine();
    objective = loss.bind(network.outputs(), arena);
    Slab parameters = network.parameters();
    state = new OptimizerState(optimizer, parameters, network.gradients(), arena);
    network.onClose(this::close);
  }

  /**
   * Sets what becomes of large gradients; nothing unless set.
   *
   * @return this trainer
   */
  public Trainer clipping(Clipping clipping) {
    state.clipping(clipping);
    return this;
  }

  /**
   * Returns the norm of all gradients of the last step, before clipping; NaN without clipping,
   * which does not measure it.
   */
  public double gradientNorm() {
    return state.gradientNorm();
  }

  /** Returns the network in training. */
  public Network network() {
    return network;
  }

  /** Returns the optimizer's state; its rate may be changed between steps. */
  public OptimizerState state() {
    return state;
  }

  /**
   * Lets the rate of each step follow a schedule, with the optimizer's rate as its base and the
   * state's number of steps as the step; null leaves the rate to whoever sets the state's.
   *
   * @return this trainer
   */
  public Trainer schedule(Schedule newSchedule) {
    schedule = newSchedule;
    return this;
  }

  /**
   * Multiplies the rate of each layer by a factor of its own, from the next step on; moments are
   * kept. Layers that are frozen stay so, whatever their factor.
   *
   * @param factors one for each layer, from the first; finite and at least 0
   * @return this trainer
   * @throws IllegalArgumentException if they are not as many as the layers, or one is out of range
   */
  public Trainer layerRates(float... factors) {
    if (factors.length != network.depth()) {
      throw new IllegalArgumentException(
          factors.length + " factors for " + network.depth() + " layers; give one for each layer");
    }
    long[] starts = new long[factors.length];
    Arrays.setAll(starts, network::firstParameter);
    state.rates(starts, factors);
    return this;
  }

  /** Returns what the rate follows, or null. */
  public Schedule schedule() {
    return schedule;
  }

  /** Returns the loss that is to fall. */
  public Loss loss() {
    return objective.loss();
  }

  /**
   * Trains on all batches in turn.
   *
   * @return the mean loss over the samples, each batch's as it was before its step; NaN for no
   *     batch
   * @throws TrainingDivergedException as {@link #step}
   */
  public double epoch(Iterable<Batch> batches) {
    double sum = 0;
    long samples = 0;
    for (Batch batch : batches) {
      sum += step(batch) * batch.size();
      samples += batch.size();
    }
    return sum / samples;
  }

  /**
   * Trains on one batch.
   *
   * @return the batch's mean loss before the update
   * @throws TrainingDivergedException if that loss, or the norm of gradients that are to be
   *     clipped, is not finite; the parameters stay as they were
   * @throws IllegalArgumentException if the batch does not fit the network or the loss
   * @throws IllegalStateException if the network was closed
   */
  public double step(Batch batch) {
    check(batch);
    long stamp = network.beginStep();
    try {
      if (schedule != null) {
        state.rate((float) schedule.rate(state.steps(), state.optimizer().rate()));
      }
      step.prepare(batch);
      engine.run(step, step.pass.worthSharing());
      if (!Double.isFinite(step.loss)) {
        throw diverged(step.pass);
      }
      if (!step.begun) {
        throw diverged("the gradients, whose norm is " + gradientNorm());
      }
      return step.loss;
    } finally {
      network.endStep(stamp);
    }
  }

  private void check(Batch batch) {
    if (batch.inputs().cols() != network.inputs()) {
      throw new IllegalArgumentException(
          String.format(
              "the batch has rows of %d numbers, the network takes rows of %d",
              batch.inputs().cols(), network.inputs()));
    }
    if (objective.loss().wantsLabels()) {
      if (batch.labels() == null) {
        throw new IllegalArgumentException(
            objective.loss() + " needs integer labels, and the batch has numeric targets");
      }
      if (batch.classes() > network.outputs()) {
        throw new IllegalArgumentException(
            String.format(
                "the data have %d classes, the network has %d outputs",
                batch.classes(), network.outputs()));
      }
    } else if (batch.targets() == null || batch.targets().cols() != network.outputs()) {
      throw new IllegalArgumentException(
          String.format(
              "%s needs rows of %d numeric targets, and the batch has %s",
              objective.loss(),
              network.outputs(),
              batch.targets() == null ? "integer labels" : "rows of " + batch.targets().cols()));
    }
  }

  private TrainingDivergedException diverged(Pass pass) {
    String where = "the loss itself, every layer's output being finite";
    for (int i = 0; i < pass.layers(); i++) {
      if (!isFinite(pass.output(i))) {
        where =
            "the output of layer "
                + (i + 1)
                + " of "
                + pass.layers()
                + " ("
                + network.describe(i)
                + ")";
        break;
      }
    }
    return diverged(where);
  }

  private TrainingDivergedException diverged(String where) {
    long at = state.steps() + 1;
    return new TrainingDivergedException(
        at,
        String.format(
            "training diverged at step %d with learning rate %s: the first non-finite number is in"
                + " %s; lower the rate, or clip or normalize",
            at, state.rate(), where));
  }

  private static boolean isFinite(Matrix matrix) {
    for (float[] row : matrix.toArray()) {
      for (float value : row) {
        if (!Float.isFinite(value)) {
          return false;
        }
      }
    }
    return true;
  }

  /** Frees the optimizer's state; a second call does nothing. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  /** One step as the engine's members run it. */
  private final class Step extends Task {
    private Pass pass;
    private Matrix x;
    private MemorySegment labels;
    private Matrix t;
    private long first;
    private double loss;
    private boolean begun;

    void prepare(Batch batch) {
      pass = network.pass(batch.size());
      pass.step(state.steps());
      first = network.firstLearnt();
      x = batch.inputs();
      labels = batch.labels();
      t = null;
      if (!objective.loss().wantsLabels()) {
        t = transposed(batch.targets());
      }
    }

    /** Kernels want targets as they have outputs: one column a sample. */
    private Matrix transposed(Matrix rows) {
      long needed = (long) rows.rows() * rows.cols();
      if (targets == null || (long) targets.rows() * targets.cols() < needed) {
        targets = Matrix.allocate(arena, rows.cols(), rows.rows());
      }
      int samples = rows.rows();
      if (targets.cols() != samples) {
        targets = new Matrix(targets.segment(), 0, rows.cols(), samples, samples);
      }
      targets.transposeFrom(rows);
      return targets;
    }

    @Override
    protected void share(Member member) {
      pass.forward(member, x);
      if (member.index() == 0) {
        loss =
            objective.mean(
                engine.kernels().loss(), pass.output(), labels, t, pass.outputGradient());
        begun = Double.isFinite(loss) && state.blocks() == 0;
        if (begun) {
          state.begin();
        }
      }
      member.barrier();
      if (!Double.isFinite(loss)) {
        return;
      }
      pass.backward(member, x);
      if (state.blocks() > 0 && !measure(member)) {
        return;
      }
      long size = network.parameters().size();
      long chunks = (size - first + CHUNK - 1) / CHUNK;
      long from = first + member.from(chunks) * CHUNK;
      long to = Math.min(size, first + member.to(chunks) * CHUNK);
      state.update(engine.kernels().update(), from, to);
    }

    /** Measures the gradients, and begins the step if they are sound. */
    private boolean measure(Member member) {
      int blocks = state.blocks();
      state.measure(engine.kernels().update(), member.from(blocks), member.to(blocks));
      member.barrier();
      if (member.index() == 0 && Double.isFinite(state.sumUp())) {
        begun = true;
        state.begin();
      }
      member.barrier();
      return begun;
    }
  }
}
