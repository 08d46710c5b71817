package fathom.cli;

import fathom.train.Checkpoint;
import fathom.train.Trainer;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

/**
 * Keeps a training in a file. While it is open, a signal that ends the process (Ctrl-C, SIGTERM)
 * waits until the step under way is done and kept.
 */
final class Checkpoints implements AutoCloseable {
  private static final Checkpoints NONE = new Checkpoints(null, 0, 0, null, Map.of());

  private final Path file;
  private final long steps;
  private final long nanos;
  private final Path resume;
  private final Map<String, String> settings;
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook = new Thread(this::stopAndWait, "fathom-checkpoint");
  private volatile boolean ending;
  private long last = System.nanoTime();

  /**
   * Listens for the end of the process.
   *
   * @param file where to keep the training, or null to do nothing at all
   * @param steps how often in steps, or 0
   * @param seconds how often in seconds, or 0
   * @param resume what to go on from, or null
   * @param settings what a training that goes on must have been told too
   */
  Checkpoints(Path file, long steps, long seconds, Path resume, Map<String, String> settings) {
    this.file = file;
    this.steps = steps;
    nanos = seconds * 1_000_000_000;
    this.resume = resume;
    this.settings = settings;
    if (file != null) {
      Runtime.getRuntime().addShutdownHook(hook);
    }
  }

  /** Returns what keeps nothing. */
  static Checkpoints none() {
    return NONE;
  }

  /** Brings a trainer to where it was; returns null if it is to start from the beginning. */
  Checkpoint.Progress resume(Trainer trainer) {
    return resume == null ? null : Checkpoint.load(resume, trainer);
  }

  /** Takes note of a step; returns whether the training has to stop. */
  boolean stepped(
      Trainer trainer, int epoch, int batch, boolean atEnd, Supplier<Map<String, String>> sums) {
    if (file == null) {
      return false;
    }
    boolean stop = ending;
    if (stop || atEnd || isDue(trainer.state().steps())) {
      Map<String, String> notes = new HashMap<>(settings);
      notes.putAll(sums.get());
      try {
        Checkpoint.save(trainer, new Checkpoint.Progress(epoch, batch, notes), file);
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
    return "stopped; " + file + " keeps the training: repeat the command with --resume " + file;
  }

  private void stopAndWait() {
    ending = true;
    try {
      done.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets the process end. */
  @Override
  public void close() {
    if (file == null) {
      return;
    }
    done.countDown();
    try {
      boolean unused = Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending; it waited for this.
    }
  }
}
