package fathom.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Sums and counts over elements {@code [from, to)} of flat memory; indices are long. Sums are in
 * double precision and in an order fixed by from and to alone. Nothing is allocated or written but
 * where it is said.
 */
public interface TallyKernels {
  /** How many counts {@link #exponents} takes. */
  int EXPONENTS = 1 << 10;

  /** Returns the sum. */
  double sum(MemorySegment x, long from, long to);

  /** Returns the sum of squared differences of two runs of elements at the same place. */
  double squaredDistance(MemorySegment x, MemorySegment y, long from, long to);

  /** Returns whether all are zero, of either sign. */
  boolean isZero(MemorySegment x, long from, long to);

  /** Returns how many are {@code <= low} or {@code >= high}, for low < high; NaN is neither. */
  long outside(MemorySegment x, long from, long to, float low, float high);

  /** Returns how many are {@code > low} and {@code < high}, for low < high. */
  long inside(MemorySegment x, long from, long to, float low, float high);

  /**
   * Adds to the counts of sizes: that of biased exponents e, from 0 for zeros and subnormals to 255
   * for what is not finite, is the sum of {@code counts[e]}, {@code counts[e + 256]}, {@code
   * counts[e + 512]} and {@code counts[e + 768]}. A count for each would have to wait for the one
   * before where neighbours are alike.
   *
   * @param counts {@link #EXPONENTS} of them
   */
  void exponents(MemorySegment x, long from, long to, int[] counts);
}
