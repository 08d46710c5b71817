package fathom.cli;

import fathom.train.Monitor;
import fathom.train.Rollback;
import fathom.train.Trainer;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;
import jdk.jfr.FlightRecorder;
import picocli.CommandLine.Option;

/** Who watches a training, and what happens when it goes wrong. */
final class MonitorOptions {
  private static final int SAMPLES = 200;

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

  private final StringWriter text = new StringWriter();
  private OutputFile output;

  /**
   * Checks what can be checked before the work starts.
   *
   * @throws BadInput if the file cannot be written or a number is out of range
   */
  void check(boolean folds, Path... others) {
    if (every != null && every < 1) {
      throw new BadInput("--monitor-every must be at least 1, not " + every);
    }
    if (file == null) {
      return;
    }
    if (folds) {
      throw new BadInput("--monitor is for one training; leave out --folds, or --monitor");
    }
    output = new OutputFile("--monitor", file);
    for (Path other : others) {
      output.requireOtherThan(other);
    }
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
   * @param moments as many as the optimizer has, which a rollback keeps too
   * @param reported whether somebody else wants samples
   */
  int copies(int moments, boolean reported) {
    boolean watched = reported || file != null || FlightRecorder.isInitialized();
    return (rollback ? 1 + moments : 0) + (watched ? 1 : 0);
  }

  private Monitor monitor(Monitor reported) {
    Monitor all = reported;
    if (file != null) {
      boolean table = file.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
      all = both(all, table ? Monitor.csv(text) : Monitor.jsonLines(text));
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
      output.write(writer -> writer.print(text));
    }
  }
}
