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

  Distribution(long count, double sum, double squares, long[] bins) {
    this.count = count;
    this.sum = sum;
    this.squares = squares;
    this.bins = bins;
  }

  /** Returns the bin of a number. */
  static int bin(float x) {
    return binOf(Float.floatToRawIntBits(x) >>> 23 & 0xff);
  }

  /** Returns the bin of all numbers with a biased exponent, from 0 to 255. */
  static int binOf(int biased) {
    return Math.clamp(biased - 127 - LEAST_EXPONENT, 0, BINS - 1);
  }

  /** Returns the least size that a bin counts; 0 for the first. */
  public static double start(int bin) {
    return bin == 0 ? 0 : Math.scalb(1.0, bin + LEAST_EXPONENT);
  }

  /** Returns how many numbers there are. */
  public long count() {
    return count;
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
