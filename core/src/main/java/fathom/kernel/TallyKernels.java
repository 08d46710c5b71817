package fathom.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Sums and counts over elements {@code [from, to)} of flat memory; indices are long. Sums are in
 * double precision and in an order fixed by from and to alone. Nothing is allocated or written but
 * where it is said.
 */
public interface TallyKernels {
  /** How many counts {@link #exponents} takes: one for each biased exponent. */
  int EXPONENTS = 1 << 8;

  /** How many bytes {@link #exponents} writes over. */
  int ROOM = 1 << 12;

  /** Adds the sum to {@code sums[at]}, and the sum of squares to {@code sums[at + 1]}. */
  void moments(MemorySegment x, long from, long to, double[] sums, int at);

  /**
   * Adds the sum of the squares of x to {@code sums[at]}, and that of the squares of y - x to
   * {@code sums[at + 1]}.
   *
   * @param first the element of y that the first of x stands beside: element i of x is at {@code i
   *     - first}
   */
  void changes(
      MemorySegment x, long first, MemorySegment y, long from, long to, double[] sums, int at);

  /** Returns whether all are zero, of either sign. */
  boolean isZero(MemorySegment x, long from, long to);

  /** Returns how many are {@code <= low} or {@code >= high}, for low < high; NaN is neither. */
  long outside(MemorySegment x, long from, long to, float low, float high);

  /** Returns how many are {@code > low} and {@code < high}, for low < high. */
  long inside(MemorySegment x, long from, long to, float low, float high);

  /**
   * Adds to the counts of sizes: that of biased exponents, from 0 for zeros and subnormals to 255
   * for what is not finite.
   *
   * @param counts {@link #EXPONENTS} of them
   * @param room {@link #ROOM} bytes that are the call's own
   */
  void exponents(MemorySegment x, long from, long to, long[] counts, byte[] room);
}
