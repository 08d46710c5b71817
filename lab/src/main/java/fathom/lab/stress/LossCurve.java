package fathom.lab.stress;

import java.util.Arrays;

/** The losses of a training's steps beside that of the best constant answer. Immutable. */
public final class LossCurve {
  private static final int SHARE = 10;

  private final double baseline;
  private final double[] losses;

  /**
   * Takes the losses, which nobody changes any more.
   *
   * @param baseline the loss of the answer that fits the data best among those that do not depend
   *     on the input: the entropy of the classes, or the variance of the targets
   * @param losses of each step, before its update; those of a training that diverged end there
   */
  LossCurve(double baseline, double[] losses) {
    this.baseline = baseline;
    this.losses = losses;
  }

  /** Returns the loss of the best constant answer. */
  double baseline() {
    return baseline;
  }

  /** Returns how many steps were done. */
  int steps() {
    return losses.length;
  }

  /** Returns the mean over the first tenth of the steps; NaN without a step. */
  double first() {
    return mean(0, part());
  }

  /** Returns the mean over the last tenth of the steps; NaN without a step. */
  double last() {
    return mean(losses.length - part(), losses.length);
  }

  /**
   * Returns what share of the baseline the network has done away with: 0 or less for a network that
   * has learnt nothing, 1 for one without a mistake.
   */
  public double learnt() {
    return 1 - last() / baseline;
  }

  /** Returns at most so many means over equal runs of steps. */
  double[] thinned(int most) {
    int n = Math.min(most, losses.length);
    double[] means = new double[n];
    Arrays.setAll(
        means,
        i -> mean((int) ((long) i * losses.length / n), (int) ((i + 1L) * losses.length / n)));
    return means;
  }

  private int part() {
    return Math.min(losses.length, Math.max(1, losses.length / SHARE));
  }

  private double mean(int from, int to) {
    return Arrays.stream(losses, from, to).average().orElse(Double.NaN);
  }
}
