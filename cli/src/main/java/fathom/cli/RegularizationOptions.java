package fathom.cli;

import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Constraint;
import fathom.train.EarlyStopping;
import picocli.CommandLine.Option;

/** What keeps a network from learning its rows by heart. */
final class RegularizationOptions {
  @Option(
      names = "--l1",
      paramLabel = "X",
      description = "L1 penalty of the weights, as a proximal step after each update.")
  private Float l1;

  @Option(
      names = "--max-norm",
      paramLabel = "X",
      description = "Scale the weights into each unit down to this norm after each update.")
  private Float maxNorm;

  @Option(
      names = "--label-smoothing",
      paramLabel = "E",
      description = "Spread this share of each target over all classes while training.")
  private Float smoothing;

  @Option(
      names = "--early-stopping",
      paramLabel = "N",
      description =
          "Stop after N epochs whose validation loss is no better than the best, and keep the"
              + " network that had it; needs --validation.")
  private Integer patience;

  /**
   * Checks what can be checked before there are data.
   *
   * @param validated whether there is a validation loss after each epoch
   */
  void check(boolean validated) {
    Constraint unused = constraint();
    if (smoothing != null && !(smoothing >= 0 && smoothing < 1)) {
      throw new BadInput("--label-smoothing must be at least 0 and less than 1, not " + smoothing);
    }
    if (patience != null && patience < 1) {
      throw new BadInput("--early-stopping must be at least 1, not " + patience);
    }
    if (patience != null && !validated) {
      throw new BadInput("--early-stopping goes by the validation loss; add --validation 0.1");
    }
  }

  /** Returns what is done to weights after each step. */
  Constraint constraint() {
    if (l1 != null && !(l1 >= 0 && l1 < Float.POSITIVE_INFINITY)) {
      throw new BadInput("--l1 must be finite and at least 0, not " + l1);
    }
    if (maxNorm != null && !(maxNorm > 0 && maxNorm < Float.POSITIVE_INFINITY)) {
      throw new BadInput("--max-norm must be finite and above 0, not " + maxNorm);
    }
    return new Constraint(l1 == null ? 0 : l1, maxNorm == null ? Float.POSITIVE_INFINITY : maxNorm);
  }

  /** Returns the loss to train with, where that to measure by is given. */
  Loss smoothed(Loss loss) {
    if (smoothing == null) {
      return loss;
    }
    if (!loss.wantsLabels()) {
      throw new BadInput("--label-smoothing is for classes, not for " + loss);
    }
    return loss.labelSmoothing(smoothing);
  }

  /** Returns what ends the training of a network early, or null. */
  EarlyStopping stopping(Network network) {
    return patience == null ? null : new EarlyStopping(network, patience);
  }

  /** Returns how many copies of the network {@link #stopping} keeps. */
  int copies() {
    return patience == null ? 0 : 1;
  }

  /** Returns what to add to a line about the learning; empty for nothing. */
  String describe() {
    StringBuilder text = new StringBuilder();
    add(text, ", L1 ", l1);
    add(text, ", max-norm ", maxNorm);
    add(text, ", labels smoothed by ", smoothing);
    add(text, ", early stopping after ", patience);
    return text.toString();
  }

  private static void add(StringBuilder text, String what, Number value) {
    if (value != null) {
      text.append(what).append(value);
    }
  }
}
