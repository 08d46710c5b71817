package fathom.train;

import java.io.Writer;

/**
 * Who looks at a network while it learns; see {@link Trainer#monitor}. Called on the trainer's
 * thread, between steps: it may predict with the network. What it throws, the step throws.
 */
@FunctionalInterface
public interface Monitor {
  /** Takes what a sampled step was like. */
  void sample(StepSample sample);

  /** Returns whether the next sample is wanted; asked before it costs anything. */
  default boolean isWatching() {
    return true;
  }

  /**
   * Returns a monitor that writes a line for each layer and sampled step under a line of names,
   * without histograms; what there is not is empty. The caller closes the writer.
   */
  static Monitor csv(Writer out) {
    return new CsvMonitor(out);
  }

  /**
   * Returns a monitor that writes a JSON object on a line for each sampled step, with histograms;
   * what there is not, or is not finite, is null. The caller closes the writer.
   */
  static Monitor jsonLines(Writer out) {
    return new JsonMonitor(out);
  }

  /**
   * Returns a monitor that emits events {@code fathom.Step} and {@code fathom.Layer} for the JDK's
   * Flight Recorder, and that is not watching while nothing records them.
   */
  static Monitor flightRecorder() {
    return new FlightMonitor();
  }
}
