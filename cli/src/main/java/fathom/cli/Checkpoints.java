package fathom.cli;

import fathom.train.Checkpoint;
import fathom.train.EarlyStopping;
import fathom.train.Trainer;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Keeps a training in a file: now and then, and when the process is to end. */
final class Checkpoints {
  private final Ending ending;
  private final Path file;
  private final long steps;
  private final long nanos;
  private final Path resume;
  private final Map<String, String> settings;
  private long last = System.nanoTime();
  private Supplier<Map<String, String>> alongside = Map::of;

  /**
   * @param ending who knows when to stop
   * @param file where to keep the training
   * @param steps how often in steps, or 0
   * @param seconds how often in seconds, or 0
   * @param resume what to go on from, or null
   * @param settings what a training that goes on must have been told too
   */
  Checkpoints(
      Ending ending,
      Path file,
      long steps,
      long seconds,
      Path resume,
      Map<String, String> settings) {
    this.ending = ending;
    this.file = file;
    this.steps = steps;
    nanos = seconds * 1_000_000_000;
    this.resume = resume;
    this.settings = settings;
  }

  /** Returns what keeps nothing, and only stops. */
  static Checkpoints none(Ending ending) {
    return new Checkpoints(ending, null, 0, 0, null, Map.of());
  }

  /**
   * Sets what else is written whenever the training is kept, and noted of it.
   *
   * @return this
   */
  Checkpoints alongside(Supplier<Map<String, String>> newAlongside) {
    alongside = newAlongside;
    return this;
  }

  /** Returns what to say of a checkpoint whose notes make no sense. */
  BadInput damaged(IllegalArgumentException cause) {
    return new BadInput("--resume " + resume + ": is damaged: " + cause.getMessage(), cause);
  }

  /** Brings a trainer to where it was; returns null if it is to start from the beginning. */
  Checkpoint.Progress resume(Trainer trainer, EarlyStopping stopping) {
    return resume == null ? null : Checkpoint.load(resume, trainer, stopping);
  }

  /**
   * Takes note of a step; returns whether the training has to stop.
   *
   * @param stopping what watches the network, or null
   * @param batch how many batches of the epoch are done
   * @param atEnd whether the training is done
   */
  boolean stepped(
      Trainer trainer,
      EarlyStopping stopping,
      int epoch,
      int batch,
      boolean atEnd,
      Supplier<Map<String, String>> sums) {
    boolean stop = ending.isAsked();
    if (file != null && (stop || atEnd || isDue(trainer.state().steps()))) {
      Map<String, String> notes = new HashMap<>(settings);
      notes.putAll(sums.get());
      notes.putAll(alongside.get());
      try {
        Checkpoint.save(trainer, stopping, new Checkpoint.Progress(epoch, batch, notes), file);
      } catch (UncheckedIOException e) {
        throw new BadInput("--checkpoint: " + e.getMessage(), e);
      }
      last = System.nanoTime();
    }
    return stop;
  }

  private boolean isDue(long step) {
    return steps > 0 ? step % steps == 0 : System.nanoTime() - last >= nanos;
  }

  /** Returns how to go on. */
  String farewell() {
    return file == null
        ? "stopped; nothing is kept: repeat the command, with --checkpoint FILE to be able to go on"
            + " the next time"
        : "stopped; " + file + " keeps the training: repeat the command with --resume " + file;
  }
}
