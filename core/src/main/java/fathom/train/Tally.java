package fathom.train;

import fathom.kernel.Kernels;
import fathom.kernel.TallyKernels;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Sums and counts of many numbers, piece by piece: members of an engine take pieces as they come,
 * and the sums are added in the order of the pieces.
 */
final class Tally {
  private final double[] sums;
  private final long[] bins = new long[Distribution.BINS];
  private long count;

  /** What one member counts by at a time, before it settles the account. */
  static final class Counts {
    final long[] exponents = new long[TallyKernels.EXPONENTS];
    final byte[] room = new byte[TallyKernels.ROOM];
    private long count;
  }

  Tally(int pieces) {
    sums = new double[2 * pieces];
  }

  /** Forgets everything. */
  void clear() {
    Arrays.fill(sums, 0);
    Arrays.fill(bins, 0);
    count = 0;
  }

  /** Adds elements {@code [from, to)} to a piece. */
  void add(Kernels kernels, int piece, MemorySegment x, long from, long to, Counts counts) {
    kernels.tally().moments(x, from, to, sums, 2 * piece);
    kernels.tally().exponents(x, from, to, counts.exponents, counts.room);
    counts.count += to - from;
  }

  /** Takes over what a member has counted, by exponents, into bins. */
  synchronized void settle(Counts counts) {
    Distribution.addToBins(counts.exponents, bins);
    Arrays.fill(counts.exponents, 0);
    count += counts.count;
    counts.count = 0;
  }

  /** Returns what all pieces are like, once all members have settled. */
  Distribution distribution() {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < sums.length; i += 2) {
      sum += sums[i];
      squares += sums[i + 1];
    }
    return new Distribution(count, sum, squares, bins);
  }
}
