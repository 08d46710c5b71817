package fathom.cli;

import fathom.train.Checkpoint;
import fathom.train.EarlyStopping;
import fathom.train.Trainer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Keeps a training in a file: now and then, and when the process is to end. */
final class Checkpoints implements AutoCloseable {
  private final Ending ending;
  private final OutputFile file;
  private final LockFile lock;
  private final long steps;
  private final long nanos;
  private final Path resume;
  private final Map<String, String> settings;
  private long last = System.nanoTime();
  private Supplier<Map<String, String>> alongside = Map::of;

  /**
   * @param ending who knows when to stop
   * @param file where to keep the training, or null
   * @param lock who keeps others from that file until this is closed, or null
   * @param steps how often in steps, or 0
   * @param seconds how often in seconds, or 0
   * @param resume what to go on from, or null
   * @param settings what a training that goes on must have been told too
   */
  Checkpoints(
      Ending ending,
      OutputFile file,
      LockFile lock,
      long steps,
      long seconds,
      Path resume,
      Map<String, String> settings) {
    this.ending = ending;
    this.file = file;
    this.lock = lock;
    this.steps = steps;
    nanos = seconds * 1_000_000_000;
    this.resume = resume;
    this.settings = settings;
  }

  /** Returns what keeps nothing, and only stops. */
  static Checkpoints none(Ending ending) {
    return new Checkpoints(ending, null, null, 0, 0, null, Map.of());
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
      Unwritten failed = null;
      try {
        notes.putAll(alongside.get());
      } catch (Unwritten e) {
        failed = e;
      }
      Checkpoint.Progress progress = new Checkpoint.Progress(epoch, batch, notes);
      file.keep(target -> Checkpoint.save(trainer, stopping, progress, target));
      if (failed != null) {
        throw failed;
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
    Path path = file == null ? null : file.path();
    return file == null
        ? "stopped; nothing is kept: repeat the command, with --checkpoint FILE to be able to go on"
            + " the next time"
        : "stopped; " + path + " keeps the training: repeat the command with --resume " + path;
  }

  /** Lets others write to the file. */
  @Override
  public void close() {
    if (lock != null) {
      lock.close();
    }
  }
}
