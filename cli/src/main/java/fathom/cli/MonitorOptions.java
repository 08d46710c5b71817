package fathom.cli;

import fathom.train.Monitor;
import fathom.train.Rollback;
import fathom.train.Trainer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import jdk.jfr.FlightRecorder;
import picocli.CommandLine.Option;

/** Who watches a training, and what happens when it goes wrong. */
final class MonitorOptions {
  private static final int SAMPLES = 200;
  private static final String LINES = "monitor.lines";

  @Option(
      names = "--monitor",
      paramLabel = "FILE",
      description =
          "Write what layers were like at sampled steps: activations, gradients, updates. A .csv"
              + " table, or else JSON lines, with histograms.")
  private Path file;

  @Option(
      names = "--monitor-every",
      paramLabel = "N",
      description =
          "Sample every N-th step for --monitor, --report and Java's Flight Recorder; as many as"
              + " make "
              + SAMPLES
              + " samples unless given.")
  private Integer every;

  @Option(
      names = "--anomaly",
      description = "Stop before a gradient that is not finite reaches the weights, and name it.")
  private boolean anomaly;

  @Option(
      names = "--rollback",
      description =
          "When the loss is no number any more, go back to the last good weights, halve the learning"
              + " rate and go on, at most 5 times.")
  private boolean rollback;

  private MonitorFile output;

  /**
   * Checks what can be checked before the work starts.
   *
   * @param page the report, which shows samples too, or null
   * @throws BadInput if the file cannot be written, a number is out of range, or nobody wants the
   *     samples
   */
  void check(boolean folds, Path page) {
    if (every != null && every < 1) {
      throw new BadInput("--monitor-every must be at least 1, not " + every);
    }
    if (every != null && file == null && page == null && !FlightRecorder.isInitialized()) {
      throw new BadInput("--monitor-every is for --monitor or --report; give one of them too");
    }
    if (file == null) {
      return;
    }
    if (folds) {
      throw new BadInput("--monitor is for one training; leave out --folds, or --monitor");
    }
    output = new MonitorFile(file);
  }

  /** Returns the file that was asked for, or null. */
  OutputFile file() {
    return output == null ? null : output.file();
  }

  /**
   * Lets the file go on where an earlier part of the training left it.
   *
   * @param notes of the checkpoint
   * @param err where it is told what the file lacks
   */
  void goOn(Map<String, String> notes, Consumer<String> err) {
    if (output != null && !output.goOn(lines(notes))) {
      err.accept(
          "--monitor " + file + ": earlier steps are missing, since this file did not have them");
    }
  }

  private static int lines(Map<String, String> notes) {
    try {
      return Integer.parseInt(notes.getOrDefault(LINES, "0"));
    } catch (NumberFormatException e) {
      throw new BadInput("--resume: '" + LINES + "' is " + notes.get(LINES) + ", no number", e);
    }
  }

  /** Writes the file that was asked for along with a checkpoint, and returns its notes. */
  Map<String, String> keep() {
    return output == null ? Map.of() : Map.of(LINES, Integer.toString(output.write()));
  }

  /**
   * Sets up a trainer.
   *
   * @param steps how many the training has
   * @param reported who else wants samples, or null
   * @param err where rollbacks are told of
   */
  void attach(Trainer trainer, long steps, Monitor reported, Consumer<String> err) {
    trainer.detectAnomalies(anomaly);
    if (rollback) {
      trainer.rollback(
          Rollback.standard(),
          (cause, back, factor) ->
              err.accept(
                  String.format(
                      Locale.ROOT,
                      "rollback to step %,d, learning rates x %s: %s",
                      back,
                      factor,
                      cause.getMessage())));
    }
    Monitor monitor = monitor(reported);
    if (monitor != null) {
      trainer.monitor(monitor, every == null ? (int) Math.max(1, steps / SAMPLES) : every);
    }
  }

  /**
   * Returns how many copies of a network are kept for this.
   *
   * @param how the network learns: a rollback keeps moments too, and whoever watches keeps weights
   *     that change once more after the update
   * @param reported whether somebody else wants samples
   */
  int copies(LearningOptions how, boolean reported) {
    boolean watched = reported || file != null || FlightRecorder.isInitialized();
    boolean constrained = !how.regularization().constraint().isNone();
    return (rollback ? 1 + how.optimizer().moments().size() : 0) + (watched && constrained ? 1 : 0);
  }

  private Monitor monitor(Monitor reported) {
    Monitor all = reported;
    if (output != null) {
      all = both(all, output.monitor());
    }
    // A recorder that was started with the virtual machine wants events without being asked.
    return FlightRecorder.isInitialized() ? both(all, Monitor.flightRecorder()) : all;
  }

  private static Monitor both(Monitor first, Monitor second) {
    if (first == null) {
      return second;
    }
    return sample -> {
      first.sample(sample);
      second.sample(sample);
    };
  }

  /** Writes the file that was asked for. */
  void write() {
    if (output != null) {
      int unused = output.write();
    }
  }
}
