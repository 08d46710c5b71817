package fathom.optim;

import java.util.Arrays;

/**
 * Lowers the rate when a loss stops falling: PyTorch's {@code ReduceLROnPlateau} with mode min, a
 * relative threshold and eps 0. For each loss it is shown:
 *
 * <pre>
 *   if loss &lt; best (1 - threshold):  best = loss, bad = 0;   otherwise bad = bad + 1
 *   if cooling &gt; 0:                  cooling = cooling - 1, bad = 0
 *   if bad &gt; patience:               scale = scale factor, cooling = cooldown, bad = 0
 * </pre>
 *
 * <p>and the rate is {@code max(floor, base scale)}, or the base rate where that is below the
 * floor. A loss that is NaN is no progress.
 *
 * <p>Safe for many threads; nothing is allocated but by {@link #state()}, whose few numbers are all
 * that a checkpoint needs.
 */
public final class Plateau implements Schedule {
  private static final int NUMBERS = 4;

  private final double factor;
  private final int patience;
  private final double threshold;
  private final int cooldown;
  private final double floor;
  private double scale = 1;
  private double best = Double.POSITIVE_INFINITY;
  private long bad;
  private long cooling;

  /** As the other constructor, with PyTorch's threshold 1e-4, no cooldown and no floor. */
  public Plateau(double factor, int patience) {
    this(factor, patience, 1e-4, 0, 0);
  }

  /**
   * Starts without having seen a loss.
   *
   * @param factor what a reduction multiplies the rate by; above 0 and below 1
   * @param patience how many losses in a row may bring no progress
   * @param threshold the share of the best loss that progress takes; at least 0 and below 1
   * @param cooldown how many losses after a reduction are not counted as bad
   * @param floor the lowest rate
   * @throws IllegalArgumentException if an argument is out of range
   */
  public Plateau(double factor, int patience, double threshold, int cooldown, double floor) {
    if (!(factor > 0 && factor < 1)) {
      throw new IllegalArgumentException(
          "the factor of a reduction must be above 0 and below 1, not " + factor);
    }
    if (!(threshold >= 0 && threshold < 1)) {
      throw new IllegalArgumentException(
          "the threshold of progress must be at least 0 and below 1, not " + threshold);
    }
    Schedules.atLeast("patience", 0, patience);
    Schedules.atLeast("cooldown", 0, cooldown);
    Schedules.notNegative("the lowest rate", floor);
    this.factor = factor;
    this.patience = patience;
    this.threshold = threshold;
    this.cooldown = cooldown;
    this.floor = floor;
  }

  /** Takes note of a loss, such as an epoch's on validation rows; returns whether it reduced. */
  public synchronized boolean observe(double loss) {
    if (loss < best * (1 - threshold)) {
      best = loss;
      bad = 0;
    } else {
      bad++;
    }
    if (cooling > 0) {
      cooling--;
      bad = 0;
    }
    if (bad <= patience) {
      return false;
    }
    scale *= factor;
    cooling = cooldown;
    bad = 0;
    return true;
  }

  @Override
  public synchronized double rate(long step, double base) {
    return Math.min(base, Math.max(floor, base * scale));
  }

  /** Returns what changes, for a checkpoint: scale, best loss, bad losses, cooldown left. */
  @Override
  public synchronized double[] state() {
    return new double[] {scale, best, bad, cooling};
  }

  /**
   * Goes on from what {@link #state()} had returned.
   *
   * @throws IllegalArgumentException if the numbers cannot come from there
   */
  @Override
  public synchronized void restore(double[] state) {
    boolean sound =
        state.length == NUMBERS
            && state[0] >= 0
            && state[0] <= 1
            && !Double.isNaN(state[1])
            && isCount(state[2])
            && isCount(state[3]);
    if (!sound) {
      throw new IllegalArgumentException(
          "not the state of a plateau: "
              + Arrays.toString(state)
              + "; it is the scale, the best loss, and how many losses were bad and are to cool");
    }
    scale = state[0];
    best = state[1];
    bad = (long) state[2];
    cooling = (long) state[3];
  }

  private static boolean isCount(double value) {
    return value >= 0 && value == Math.rint(value) && value <= Integer.MAX_VALUE;
  }
}
