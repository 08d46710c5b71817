package fathom.train;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.engine.Engine;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Clipping;
import fathom.optim.Constraint;
import fathom.optim.Optimizer;
import fathom.optim.OptimizerState;
import fathom.optim.Schedule;
import java.lang.foreign.Arena;
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
  private final Network network;
  private final Engine engine;
  private final Loss.Objective objective;
  private final OptimizerState state;
  private final Arena arena = Arena.ofShared();
  private final Runnable closer = this::close;
  private final TrainingStep step;
  private Schedule schedule;
  private Monitor monitor;
  private int everySteps;
  private Sampler sampler;
  private Recovery recovery;
  private Constraint constraint = Constraint.none();

  /**
   * Prepares to train a network. The optimizer's state starts at zero.
   *
   * @throws IllegalArgumentException if the loss does not fit the network's outputs
   */
  public Trainer(Network network, Loss loss, Optimizer optimizer) {
    this.network = network;
    engine = network.engine();
    try {
      objective = loss.bind(network.outputs(), arena);
      state = new OptimizerState(optimizer, network.parameters(), network.gradients(), arena);
      step = new TrainingStep(network, objective, state, arena);
      network.onClose(closer);
    } catch (Throwable t) {
      arena.close();
      throw t;
    }
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
   * Sets what is done to the weights of dense layers that learn, after each step; nothing unless
   * set. Set it again after layers were frozen or freed.
   *
   * @return this trainer
   */
  public Trainer constraint(Constraint newConstraint) {
    constraint = newConstraint;
    step.constraint(
        newConstraint.isNone()
            ? null
            : newConstraint.on(network.parameters(), network.weightNames(), network.firstLearnt()));
    return this;
  }

  /**
   * Sets whether {@link Network#gradients} holds all gradients after each step. Unless set, those
   * of weights are used up on the way back, block by block, which saves their memory's traffic; the
   * parameters have the same bits either way.
   *
   * @return this trainer
   */
  public Trainer keepGradients(boolean on) {
    step.keepGradients(on);
    return this;
  }

  /** Returns the norm of the last step's gradients before clipping; NaN without clipping. */
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
    long stamp = network.beginStep();
    try {
      state.rates(starts, factors);
    } finally {
      network.endStep(stamp);
    }
    return this;
  }

  /** Returns what the rate follows, or null. */
  public Schedule schedule() {
    return schedule;
  }

  /** Returns what is done to weights after each step. */
  Constraint constraint() {
    return constraint;
  }

  /** Returns who goes back when training diverges, or null. */
  Recovery recovery() {
    return recovery;
  }

  /** Returns the loss that is to fall. */
  public Loss loss() {
    return objective.loss();
  }

  /**
   * Lets a monitor look at steps 1, 1 + n, 1 + 2n, …. Such a step updates the parameters after the
   * backward pass rather than during it, to the same bits, looks at weights and gradients on the
   * way and at outputs once more, and allocates what it reports; other steps are as without a
   * monitor. Takes memory for another copy of the parameters under a {@link #constraint}, since
   * what that did to them is known at the end alone.
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
    requireOpen();
    monitor = newMonitor;
    everySteps = newEverySteps;
    if (monitor != null && sampler == null) {
      sampler = new Sampler(network, state, arena);
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
    step.detectAnomalies(on);
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
    requireOpen();
    recovery = new Recovery(rollback, listener, network, state, arena);
    step.recovery(recovery);
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
    var iteration = batches.iterator();
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
   * @throws IllegalStateException if the network, the trainer or the batch's dataset was closed
   * @throws OutOfMemoryError if the system does not give the memory for a larger batch than before;
   *     smaller ones can still be trained on
   */
  public double step(Batch batch) {
    requireOpen();
    BatchFit.require(batch, network, objective.loss());
    while (true) {
      try {
        return attempt(batch);
      } catch (TrainingDivergedException e) {
        goBack(e);
      }
    }
  }

  /**
   * Requires that what the last step left is finite, of which no next step tells: parameters,
   * statistics and the answers to a batch. Goes back where {@link #rollback} is set. Allocates.
   *
   * @throws TrainingDivergedException if there is nothing to go back to
   */
  public void verify(Batch batch) {
    requireOpen();
    Diagnosis last = new Diagnosis(network, state.steps(), state.rate());
    for (var e = last.ofState(batch); e != null; e = last.ofState(batch)) {
      goBack(e);
    }
  }

  private void goBack(TrainingDivergedException found) {
    if (recovery == null || !recovery.restore(found)) {
      throw found;
    }
  }

  private double attempt(Batch batch) {
    // Schedules and monitors are other people's code, which may well predict with the network.
    float rate = state.rate();
    if (schedule != null) {
      double scheduled = schedule.rate(state.steps(), state.optimizer().rate());
      rate = (float) (recovery == null ? scheduled : scheduled * recovery.rateFactor());
    }
    boolean sampled = monitor != null && state.steps() % everySteps == 0 && monitor.isWatching();
    StepSample sample;
    // The data before the network, as whoever predicts a batch has them: else one who closes the
    // data, for whom others wait, could wait for both.
    long reading = batch.beginReading();
    try {
      sample = run(batch, sampled, rate);
    } finally {
      batch.endReading(reading);
    }
    double loss = step.loss();
    if (sample != null) {
      monitor.sample(sample);
    }
    return loss;
  }

  /** Says what was closed: a network closes its trainers. */
  void requireOpen() {
    if (!arena.scope().isAlive()) {
      long stamp = network.beginReading();
      network.endReading(stamp);
      throw new IllegalStateException("this trainer was closed; make another one for the network");
    }
  }

  /** Returns what the step was like, or null if nobody looks. */
  private StepSample run(Batch batch, boolean sampled, float rate) {
    long stamp = network.beginStep();
    try {
      state.rate(rate);
      step.prepare(batch, sampled ? sampler : null);
      engine.run(step, step.pass().worthSharing());
      if (!step.isDone()) {
        Diagnosis diagnosis = new Diagnosis(network, state.steps() + 1, rate);
        throw Double.isFinite(step.loss())
            ? diagnosis.ofGradients(gradientNorm())
            : diagnosis.ofLoss(step.pass(), batch);
      }
      if (step.isKept()) {
        recovery.kept(state.steps() - 1);
      }
      return sampled ? sampler.sample(state.steps(), step.loss(), rate) : null;
    } finally {
      network.endStep(stamp);
    }
  }

  /** Frees the optimizer's state; a second call does nothing. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      network.forget(closer);
      arena.close();
    }
  }
}
