package fathom.train;

import fathom.data.DataException;
import fathom.data.Safetensors;
import fathom.matrix.Matrix;
import fathom.nn.Network;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A checkpoint that was proved to be of a trainer's training: every text and every number in it has
 * been read before {@link #apply} changes anything.
 */
final class Resumption {
  /** As many as a double counts, as which the steps of a rollback are kept. */
  private static final long MOST_STEPS = 1L << 53;

  private final Safetensors read;
  private final CheckpointMetadata metadata;
  private final Trainer trainer;
  private final EarlyStopping stopping;
  private final long steps;
  private final int frozen;
  private final float rate;
  private final float[] factors;
  private final double[] schedule;
  private final double[] watched;
  private final double[] recovered;
  private final Map<String, Matrix> targets = new LinkedHashMap<>();

  /**
   * Proves a checkpoint.
   *
   * @param stopping what watches the network, or null
   * @throws DataException if it is unsound, or of another training
   * @throws IllegalStateException if memory that it would fill was freed
   */
  Resumption(
      Safetensors read, CheckpointMetadata metadata, Trainer trainer, EarlyStopping stopping) {
    this.read = read;
    this.metadata = metadata;
    this.trainer = trainer;
    this.stopping = stopping;
    Network network = trainer.network();
    Settings.requireSame(metadata.file(), metadata.texts(), trainer, stopping);
    steps = metadata.whole(Checkpoint.STEPS, 0, MOST_STEPS);
    frozen = (int) metadata.whole(Checkpoint.FROZEN, 0, network.depth() - 1);
    rate = metadata.rate(Checkpoint.RATE);
    factors = metadata.rates(Checkpoint.FACTORS, network.depth());
    schedule = metadata.numbers(Checkpoint.SCHEDULE);
    watched = metadata.numbers(Checkpoint.STOPPING);
    recovered = metadata.numbers(Checkpoint.ROLLBACK);
    requireSchedule();
    Map<String, NonFinite.Allowed> allowed = targets();
    requireAll(targets.keySet(), read.names(), ": lacks this training's tensor ");
    requireAll(read.names(), targets.keySet(), ": this training has no tensor ");
    targets.forEach((name, matrix) -> requireSound(name, matrix, allowed.get(name)));
  }

  private void requireSchedule() {
    int here = Checkpoint.stateOf(trainer.schedule()).length;
    if (schedule.length != here) {
      throw new DataException(
          String.format(
              "%s: its schedule keeps %d numbers, and this training's %d; set the same one",
              metadata.file(), schedule.length, here));
    }
  }

  /** Fills in where each tensor is to go, and returns what each may hold. */
  private Map<String, NonFinite.Allowed> targets() {
    if (watched.length > 0 != (stopping != null)
        || recovered.length > 0 != (trainer.recovery() != null)) {
      throw metadata.damaged("the state of early stopping or rollback is missing");
    }
    Map<String, NonFinite.Allowed> allowed = new LinkedHashMap<>();
    try {
      for (Checkpoint.Part part : Checkpoint.parts(trainer, stopping, watched, recovered)) {
        part.slab()
            .matrices()
            .forEach(
                (name, matrix) -> {
                  targets.put(part.prefix() + name, matrix);
                  allowed.put(part.prefix() + name, part.allowed());
                });
      }
    } catch (IllegalArgumentException e) {
      throw metadata.damaged(e.getMessage());
    }
    return allowed;
  }

  private void requireAll(Set<String> wanted, Set<String> there, String message) {
    for (String name : wanted) {
      if (!there.contains(name)) {
        throw new DataException(metadata.file() + message + name + "; the file is damaged");
      }
    }
  }

  private void requireSound(String name, Matrix target, NonFinite.Allowed allowed) {
    if (!target.segment().scope().isAlive()) {
      throw new IllegalStateException(
          "the memory for '" + name + "' was freed: the trainer or its early stopping was closed");
    }
    long there = read.shape(name).stream().reduce(1L, (a, b) -> a * b);
    long here = (long) target.rows() * target.cols();
    if (there != here) {
      throw new DataException(
          String.format(
              "%s: tensor '%s' has %d numbers where this training has %d; the file is damaged",
              metadata.file(), name, there, here));
    }
    read.requireFit(name, target);
    NonFinite.requireNone(read, metadata.file(), name, allowed);
  }

  /**
   * Lets the trainer go on from here.
   *
   * @throws DataException if the schedule refuses its state; nothing has changed then
   */
  void apply() {
    Network network = trainer.network();
    long stamp = network.beginStep();
    try {
      // Other people's code, and the only one that may still refuse.
      if (schedule.length > 0) {
        restoreSchedule();
      }
      targets.forEach(read::copyTo);
      if (trainer.state().factors().length > 1 || !allOnes()) {
        long[] starts = new long[factors.length];
        Arrays.setAll(starts, network::firstParameter);
        trainer.state().rates(starts, factors);
      }
      trainer.state().rate(rate);
      trainer.state().resume(steps);
      if (stopping != null) {
        stopping.restore(watched);
      }
      if (trainer.recovery() != null) {
        trainer.recovery().restore(recovered);
      }
    } finally {
      network.endStep(stamp);
    }
    network.freeze(frozen);
  }

  private void restoreSchedule() {
    try {
      trainer.schedule().restore(schedule);
    } catch (IllegalArgumentException e) {
      throw metadata.damaged(e.getMessage());
    }
  }

  private boolean allOnes() {
    for (float factor : factors) {
      if (factor != 1) {
        return false;
      }
    }
    return true;
  }
}
