package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * Tallies one number at a time. {@link VectorTallyKernels} finds the same bits, and leaves what
 * fills no register to the methods here that take their start in bytes and a count.
 */
final class ScalarTallyKernels implements TallyKernels {
  /** Elements of a block, whose sums start anew. */
  static final int BLOCK = 1 << 14;

  /** Partial sums of a block. */
  static final int PARTS = 16;

  private static final int ALIKE = 512;

  /** Sums up blocks, in each the sums of every 16th element, and then what the 16 leave over. */
  @Override
  public double sum(MemorySegment x, long from, long to) {
    double total = 0;
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      long start = i * Float.BYTES;
      int even = n - n % PARTS;
      double sum = 0;
      for (int part = 0; part < PARTS; part++) {
        double own = 0;
        for (int j = part; j < even; j += PARTS) {
          own += x.get(JAVA_FLOAT, start + (long) j * Float.BYTES);
        }
        sum += own;
      }
      total += rest(x, start, even, n, sum);
    }
    return total;
  }

  /** Adds elements {@code [from, to)} to a sum, one after the other. */
  static double rest(MemorySegment x, long start, int from, int to, double sum) {
    double total = sum;
    for (int i = from; i < to; i++) {
      total += x.get(JAVA_FLOAT, start + (long) i * Float.BYTES);
    }
    return total;
  }

  /** As {@link #sum}; differences of floats are rounded once. */
  @Override
  public double squaredDistance(MemorySegment x, MemorySegment y, long from, long to) {
    double total = 0;
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      long start = i * Float.BYTES;
      int even = n - n % PARTS;
      double sum = 0;
      for (int part = 0; part < PARTS; part++) {
        double own = 0;
        for (int j = part; j < even; j += PARTS) {
          own += square(x, y, start + (long) j * Float.BYTES);
        }
        sum += own;
      }
      total += rest(x, y, start, even, n, sum);
    }
    return total;
  }

  /** Adds the squared differences of elements {@code [from, to)} to a sum. */
  static double rest(MemorySegment x, MemorySegment y, long start, int from, int to, double sum) {
    double total = sum;
    for (int i = from; i < to; i++) {
      total += square(x, y, start + (long) i * Float.BYTES);
    }
    return total;
  }

  private static double square(MemorySegment x, MemorySegment y, long at) {
    double difference = (double) y.get(JAVA_FLOAT, at) - x.get(JAVA_FLOAT, at);
    return difference * difference;
  }

  @Override
  public boolean isZero(MemorySegment x, long from, long to) {
    for (long i = from; i < to; i++) {
      if (x.get(JAVA_FLOAT, i * Float.BYTES) != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public long outside(MemorySegment x, long from, long to, float low, float high) {
    long found = 0;
    for (long i = from; i < to; i++) {
      float value = x.get(JAVA_FLOAT, i * Float.BYTES);
      found += value <= low || value >= high ? 1 : 0;
    }
    return found;
  }

  @Override
  public long inside(MemorySegment x, long from, long to, float low, float high) {
    long found = 0;
    for (long i = from; i < to; i++) {
      float value = x.get(JAVA_FLOAT, i * Float.BYTES);
      found += value > low && value < high ? 1 : 0;
    }
    return found;
  }

  @Override
  public void exponents(MemorySegment x, long from, long to, int[] counts) {
    for (long i = from; i < to; i += BLOCK) {
      count(x, i * Float.BYTES, (int) Math.min(BLOCK, to - i), counts);
    }
  }

  /** Sign and exponent are the index: one table for each sign, and one pair for each neighbour. */
  private static void count(MemorySegment x, long start, int n, int[] counts) {
    int even = n - n % 2;
    for (int i = 0; i < even; i += 2) {
      long at = start + (long) i * Float.BYTES;
      counts[x.get(JAVA_INT, at) >>> 23]++;
      counts[ALIKE + (x.get(JAVA_INT, at + Float.BYTES) >>> 23)]++;
    }
    if (even < n) {
      counts[x.get(JAVA_INT, start + (long) even * Float.BYTES) >>> 23]++;
    }
  }
}
