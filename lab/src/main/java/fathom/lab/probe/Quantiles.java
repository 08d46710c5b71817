package fathom.lab.probe;

import java.util.Arrays;

/**
 * How numbers are distributed: the values that 5, 25, 50, 75 and 95 percent of them do not pass.
 * All NaN where there are no numbers.
 */
public record Quantiles(double q05, double q25, double q50, double q75, double q95) {
  /** Sorts the numbers, which are overwritten. */
  static Quantiles of(float[] values) {
    Arrays.sort(values);
    return new Quantiles(
        at(values, 0.05), at(values, 0.25), at(values, 0.5), at(values, 0.75), at(values, 0.95));
  }

  /** Linear between neighbours, as NumPy's default. */
  private static double at(float[] sorted, double share) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double place = share * (sorted.length - 1);
    int i = (int) place;
    int next = Math.min(i + 1, sorted.length - 1);
    return sorted[i] + (place - i) * ((double) sorted[next] - sorted[i]);
  }
}
