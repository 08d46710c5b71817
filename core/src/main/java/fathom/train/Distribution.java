package fathom.train;

/**
 * What many numbers are like: their mean and spread, and a histogram of their sizes. Bin {@code k}
 * of the 64 counts {@code 2^(k-48) <= |x| < 2^(k-47)}; the first has all that is smaller, zeros
 * too, and the last all that is larger, or not finite. Sizes rather than values, because what
 * vanishes or explodes does so over many powers of two.
 *
 * <p>Immutable.
 */
public final class Distribution {
  /** The number of bins. */
  public static final int BINS = 64;

  private static final int LEAST_EXPONENT = -48;

  private final long count;
  private final double sum;
  private final double squares;
  private final long[] bins;

  /**
   * Takes sums and counts over numbers.
   *
   * @param squares the sum of their squares
   * @param bins how many each bin has; copied
   * @throws IllegalArgumentException if there are not {@link #BINS} bins that add up to the count
   */
  public Distribution(long count, double sum, double squares, long[] bins) {
    this.count = count;
    this.sum = sum;
    this.squares = squares;
    this.bins = bins.clone();
    long all = 0;
    for (long bin : bins) {
      all += bin;
    }
    if (bins.length != BINS || all != count) {
      throw new IllegalArgumentException(
          String.format(
              "%d numbers need %d bins that add up to them, not %d that add up to %d",
              count, BINS, bins.length, all));
    }
  }

  /** Returns the bin of a number. */
  static int bin(float x) {
    return binOf(Float.floatToRawIntBits(x) >>> 23 & 0xff);
  }

  /** Returns the bin of all numbers with a biased exponent, from 0 to 255. */
  private static int binOf(int biased) {
    return Math.clamp(biased - 127 - LEAST_EXPONENT, 0, BINS - 1);
  }

  /** Adds counts of biased exponents, from 0 to 255, to bins. */
  static void addToBins(long[] exponents, long[] bins) {
    int second = 127 + LEAST_EXPONENT + 1;
    int last = second + BINS - 2;
    for (int e = 0; e < second; e++) {
      bins[0] += exponents[e];
    }
    for (int e = second; e < last; e++) {
      bins[e - second + 1] += exponents[e];
    }
    for (int e = last; e < exponents.length; e++) {
      bins[BINS - 1] += exponents[e];
    }
  }

  /** Returns the least size that a bin counts; 0 for the first. */
  public static double start(int bin) {
    return bin == 0 ? 0 : Math.scalb(1.0, bin + LEAST_EXPONENT);
  }

  /** Returns how many numbers there are. */
  public long count() {
    return count;
  }

  /** Returns the sum. */
  public double sum() {
    return sum;
  }

  /** Returns the sum of squares. */
  public double sumOfSquares() {
    return squares;
  }

  /** Returns the mean. */
  public double mean() {
    return sum / count;
  }

  /** Returns the mean squared distance from the mean. */
  public double variance() {
    double variance = squares / count - mean() * mean();
    return variance < 0 ? 0 : variance;
  }

  /** Returns the root of the sum of squares. */
  public double norm() {
    return Math.sqrt(squares);
  }

  /** Returns how many numbers each bin has. */
  public long[] histogram() {
    return bins.clone();
  }
}
