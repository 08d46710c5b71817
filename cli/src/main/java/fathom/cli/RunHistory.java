package fathom.cli;

import fathom.train.Monitor;
import fathom.train.StepSample;
import java.util.ArrayList;
import java.util.List;

/** What a training came to on its way, for a report; a checkpoint keeps it. */
final class RunHistory implements Monitor {
  private static final int MOST_SAMPLES = 400;

  /** An epoch's figures; NaN for what there is not. */
  record Epoch(
      int epoch,
      double rate,
      double trainLoss,
      double trainAccuracy,
      double validationLoss,
      double validationAccuracy) {}

  private final List<Epoch> epochs = new ArrayList<>();
  private final List<StepSample> samples = new ArrayList<>();
  private long stride = 1;
  private long seen;

  void add(Epoch epoch) {
    epochs.add(epoch);
  }

  /** Keeps so many samples at most: then every second one goes, and every second one comes. */
  @Override
  public void sample(StepSample sample) {
    if (seen++ % stride != 0) {
      return;
    }
    if (samples.size() == MOST_SAMPLES) {
      for (int i = MOST_SAMPLES - 1; i > 0; i -= 2) {
        samples.remove(i);
      }
      stride *= 2;
    }
    samples.add(sample);
  }

  /** Goes on from samples of an earlier run, of which every stride-th of those seen is there. */
  void restore(List<StepSample> earlier, long newStride, long newSeen) {
    samples.addAll(earlier);
    stride = newStride;
    seen = newSeen;
  }

  List<Epoch> epochs() {
    return epochs;
  }

  List<StepSample> samples() {
    return samples;
  }

  long stride() {
    return stride;
  }

  long seen() {
    return seen;
  }
}
