package fathom.train;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.kernel.Engine;
import fathom.kernel.Member;
import fathom.kernel.Task;
import fathom.kernel.UpdateKernels;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Learner;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.Pass;
import fathom.optim.Clipping;
import fathom.optim.Optimizer;
import fathom.optim.OptimizerState;
import fathom.optim.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Iterator;

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
  private Monitor monitor;
  private int everySteps;
  private Sampler sampler;
  private boolean anomalies;
  private Recovery recovery;

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

  /** Returns what the rate follows, or null. */
  public Schedule schedule() {
    return schedule;
  }

  /** Returns the loss that is to fall. */
  public Loss loss() {
    return objective.loss();
  }

  /**
   * Lets a monitor look at steps 1, 1 + n, 1 + 2n, …. Such a step updates the parameters after the
   * backward pass rather than during it, to the same bits, reads outputs, gradients and weights
   * once more, and allocates what it reports; other steps are as without a monitor. Takes memory
   * for another copy of the parameters.
   *
   * @param newMonitor who looks, or null for nobody
   * @param newEverySteps n, at least 1
   * @return this trainer
   * @throws IllegalArgumentException if n is not positive
   */
  public Trainer monitor(Monitor newMonitor, int newEverySteps) {
    if (newEverySteps < 1) {
      throw new IllegalArgumentException(
          "a monitor looks at every n-th step, n at least 1, not " + newEverySteps);
    }
    monitor = newMonitor;
    everySteps = newEverySteps;
    if (monitor != null && sampler == null) {
      sampler = new Sampler(network, arena);
    }
    return this;
  }

  /**
   * Lets each step look for gradients that are not finite, and stop before they reach the
   * parameters. It costs another pass over the gradients, and the update waits for all of them;
   * clipping by a norm looks anyway.
   *
   * @return this trainer
   */
  public Trainer detectAnomalies(boolean on) {
    anomalies = on;
    return this;
  }

  /**
   * Lets a training that diverges go back to its last good state, parameters, batch norm's
   * statistics, moments and number of steps, and try the batch again with a lower rate. Takes
   * memory for a copy of that state. Bad data are not forgiven, nor is a first step that fails.
   *
   * @param listener who is told of each rollback, on the trainer's thread
   * @return this trainer
   */
  public Trainer rollback(Rollback rollback, Rollback.Listener listener) {
    recovery = new Recovery(rollback, listener, network, state, arena);
    return this;
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
    Iterator<Batch> iteration = batches.iterator();
    try {
      while (iteration.hasNext()) {
        Batch batch = iteration.next();
        sum += step(batch) * batch.size();
        samples += batch.size();
      }
    } finally {
      if (iteration instanceof Batches.Iteration own) {
        own.close();
      }
    }
    return sum / samples;
  }

  /**
   * Trains on one batch.
   *
   * @return the batch's mean loss before the update
   * @throws TrainingDivergedException if that loss is not finite, or a gradient is not where they
   *     are measured to be clipped or {@link #detectAnomalies} looks; the parameters stay as they
   *     were
   * @throws IllegalArgumentException if the batch does not fit the network or the loss
   * @throws IllegalStateException if the network was closed
   */
  public double step(Batch batch) {
    BatchFit.require(batch, network, objective.loss());
    while (true) {
      try {
        return attempt(batch);
      } catch (TrainingDivergedException e) {
        if (recovery == null || !recovery.restore(e)) {
          throw e;
        }
      }
    }
  }

  private double attempt(Batch batch) {
    StepSample sample;
    long stamp = network.beginStep();
    try {
      if (schedule != null) {
        double rate = schedule.rate(state.steps(), state.optimizer().rate());
        state.rate((float) (recovery == null ? rate : rate * recovery.rateFactor()));
      }
      step.prepare(batch);
      engine.run(step, step.pass.worthSharing());
      if (!step.begun) {
        Diagnosis diagnosis = new Diagnosis(network, state.steps() + 1, state.rate());
        throw Double.isFinite(step.loss)
            ? diagnosis.ofGradients(gradientNorm())
            : diagnosis.ofLoss(step.pass, batch);
      }
      if (step.kept) {
        recovery.kept(state.steps() - 1);
      }
      if (!step.sampled) {
        return step.loss;
      }
      sample = sampler.sample(step.pass, state.steps(), step.loss, state.rate());
    } finally {
      network.endStep(stamp);
    }
    monitor.sample(sample);
    return sample.loss();
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
    private boolean sampled;
    private boolean kept;
    private volatile boolean sound;
    private final Learner learner = (from, to) -> state.update(engine.kernels().update(), from, to);

    void prepare(Batch batch) {
      pass = network.pass(batch.size());
      pass.step(state.steps());
      first = network.firstLearnt();
      sound = true;
      sampled = monitor != null && state.steps() % everySteps == 0 && monitor.isWatching();
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
        kept = recovery != null && recovery.wants(state.steps(), loss);
        begun = Double.isFinite(loss) && state.blocks() == 0 && !anomalies;
        if (begun) {
          state.begin();
        }
      }
      member.barrier();
      if (!Double.isFinite(loss)) {
        return;
      }
      // Who has to see gradients or weights whole needs the update to wait for all of them.
      if (begun && !sampled && !kept) {
        pass.backward(member, x, learner);
        return;
      }
      pass.backward(member, x, null);
      long size = network.parameters().size();
      long chunks = (size - first + CHUNK - 1) / CHUNK;
      long from = first + member.from(chunks) * CHUNK;
      long to = Math.min(size, first + member.to(chunks) * CHUNK);
      if (!(state.blocks() > 0 ? measure(member) : !anomalies || look(member, from, to))) {
        return;
      }
      if (sampled) {
        sampler.remember(from, to);
      }
      if (kept) {
        recovery.keep(member.index() == 0 ? 0 : from, to);
      }
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

    /** Looks for gradients that are not finite, and begins the step if there are none. */
    private boolean look(Member member, long from, long to) {
      UpdateKernels kernels = engine.kernels().update();
      if (!Double.isFinite(kernels.sumOfSquares(network.gradients().segment(), from, to))) {
        sound = false;
      }
      member.barrier();
      if (member.index() == 0 && sound) {
        begun = true;
        state.begin();
      }
      member.barrier();
      return begun;
    }
  }
}
