package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * Tallies one number at a time. {@link VectorTallyKernels} finds the same bits, and leaves what
 * fills no register to the methods here that take their start in bytes and a count.
 */
final class ScalarTallyKernels implements TallyKernels {
  /** Elements of a block, whose sums start anew: what stays in the first cache. */
  static final int BLOCK = ROOM;

  /** Partial sums of a block. */
  static final int PARTS = 16;

  /**
   * Sums up blocks, in each the sums of every 16th element, and then what the 16 leave over.
   * Squares of floats are exact in double precision.
   */
  @Override
  public void moments(MemorySegment x, long from, long to, double[] sums, int at) {
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      long start = i * Float.BYTES;
      int even = n - n % PARTS;
      for (int part = 0; part < PARTS && part < even; part++) {
        double sum = 0;
        double squares = 0;
        for (int j = part; j < even; j += PARTS) {
          double xj = x.get(JAVA_FLOAT, start + (long) j * Float.BYTES);
          sum += xj;
          squares += xj * xj;
        }
        sums[at] += sum;
        sums[at + 1] += squares;
      }
      rest(x, start, even, n, sums, at);
    }
  }

  /** Adds elements {@code [from, to)} to the sums, one after the other. */
  static void rest(MemorySegment x, long start, int from, int to, double[] sums, int at) {
    for (int i = from; i < to; i++) {
      double xi = x.get(JAVA_FLOAT, start + (long) i * Float.BYTES);
      sums[at] += xi;
      sums[at + 1] += xi * xi;
    }
  }

  /** As {@link #moments}; a difference is rounded, its square is not, and the sum is. */
  @Override
  public void changes(
      MemorySegment x, long first, MemorySegment y, long from, long to, double[] sums, int at) {
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      long start = i * Float.BYTES;
      long xStart = (i - first) * Float.BYTES;
      int even = n - n % PARTS;
      for (int part = 0; part < PARTS && part < even; part++) {
        double squares = 0;
        double distance = 0;
        for (int j = part; j < even; j += PARTS) {
          double xj = x.get(JAVA_FLOAT, xStart + (long) j * Float.BYTES);
          double dj = y.get(JAVA_FLOAT, start + (long) j * Float.BYTES) - xj;
          squares += xj * xj;
          distance = Math.fma(dj, dj, distance);
        }
        sums[at] += squares;
        sums[at + 1] += distance;
      }
      rest(x, xStart, y, start, even, n, sums, at);
    }
  }

  /** Adds elements {@code [from, to)} to the sums, one after the other. */
  static void rest(
      MemorySegment x,
      long xStart,
      MemorySegment y,
      long start,
      int from,
      int to,
      double[] sums,
      int at) {
    for (int i = from; i < to; i++) {
      double xi = x.get(JAVA_FLOAT, xStart + (long) i * Float.BYTES);
      double di = y.get(JAVA_FLOAT, start + (long) i * Float.BYTES) - xi;
      sums[at] += xi * xi;
      sums[at + 1] = Math.fma(di, di, sums[at + 1]);
    }
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
  public void exponents(MemorySegment x, long from, long to, long[] counts, byte[] room) {
    for (long i = from; i < to; i += BLOCK) {
      count(x, i * Float.BYTES, (int) Math.min(BLOCK, to - i), counts);
    }
  }

  static void count(MemorySegment x, long start, int n, long[] counts) {
    for (int i = 0; i < n; i++) {
      counts[x.get(JAVA_INT, start + (long) i * Float.BYTES) >>> 23 & 0xff]++;
    }
  }
}
