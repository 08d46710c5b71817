package fathom.train;

import fathom.kernel.Kernels;
import fathom.kernel.TallyKernels;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Sums and counts over a run of numbers, in double precision. */
final class Tally {
  private static final int SIZES = 256;

  private final Kernels kernels;
  private final int[] counts = new int[TallyKernels.EXPONENTS];
  private final long[] bins = new long[Distribution.BINS];
  private long count;
  private double sum;
  private double squares;

  Tally(Kernels kernels) {
    this.kernels = kernels;
  }

  /** Adds elements {@code [from, to)}, fewer than 2^31. */
  void add(MemorySegment x, long from, long to) {
    count += to - from;
    sum += kernels.tally().sum(x, from, to);
    squares += kernels.update().sumOfSquares(x, from, to);
    kernels.tally().exponents(x, from, to, counts);
    settle();
  }

  /** Adds what another has counted. */
  void add(Tally other) {
    count += other.count;
    sum += other.sum;
    squares += other.squares;
    for (int k = 0; k < bins.length; k++) {
      bins[k] += other.bins[k];
    }
  }

  Distribution distribution() {
    return new Distribution(count, sum, squares, bins.clone());
  }

  /** Sorts the counts of exponents into bins. */
  private void settle() {
    for (int e = 0; e < SIZES; e++) {
      int alike = counts[e] + counts[e + SIZES] + counts[e + 2 * SIZES] + counts[e + 3 * SIZES];
      bins[Distribution.binOf(e)] += alike;
    }
    Arrays.fill(counts, 0);
  }
}
