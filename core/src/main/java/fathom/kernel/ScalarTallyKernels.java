package fathom.kernel;

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
    long address = NativeMemory.address(x, from, to);
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      long start = address + i * Float.BYTES;
      int even = n - n % PARTS;
      for (int part = 0; part < PARTS && part < even; part++) {
        double sum = 0;
        double squares = 0;
        for (int j = part; j < even; j += PARTS) {
          double xj = NativeMemory.get(start + (long) j * Float.BYTES);
          sum += xj;
          squares += xj * xj;
        }
        sums[at] += sum;
        sums[at + 1] += squares;
      }
      rest(start, even, n, sums, at);
    }
  }

  /** Adds elements {@code [from, to)} to the sums, one after the other. */
  static void rest(long start, int from, int to, double[] sums, int at) {
    for (int i = from; i < to; i++) {
      double xi = NativeMemory.get(start + (long) i * Float.BYTES);
      sums[at] += xi;
      sums[at + 1] += xi * xi;
    }
  }

  /** As {@link #moments}; a difference is rounded, its square is not, and the sum is. */
  @Override
  public void changes(
      MemorySegment x, long first, MemorySegment y, long from, long to, double[] sums, int at) {
    long xAddress = NativeMemory.address(x, from - first, to - first);
    long address = NativeMemory.address(y, from, to);
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      long start = address + i * Float.BYTES;
      long xStart = xAddress + (i - first) * Float.BYTES;
      int even = n - n % PARTS;
      for (int part = 0; part < PARTS && part < even; part++) {
        double squares = 0;
        double distance = 0;
        for (int j = part; j < even; j += PARTS) {
          double xj = NativeMemory.get(xStart + (long) j * Float.BYTES);
          double dj = NativeMemory.get(start + (long) j * Float.BYTES) - xj;
          squares += xj * xj;
          distance = Math.fma(dj, dj, distance);
        }
        sums[at] += squares;
        sums[at + 1] += distance;
      }
      rest(xStart, start, even, n, sums, at);
    }
  }

  /** Adds elements {@code [from, to)} to the sums, one after the other. */
  static void rest(long xStart, long start, int from, int to, double[] sums, int at) {
    for (int i = from; i < to; i++) {
      double xi = NativeMemory.get(xStart + (long) i * Float.BYTES);
      double di = NativeMemory.get(start + (long) i * Float.BYTES) - xi;
      sums[at] += xi * xi;
      sums[at + 1] = Math.fma(di, di, sums[at + 1]);
    }
  }

  @Override
  public boolean isZero(MemorySegment x, long from, long to) {
    long address = NativeMemory.address(x, from, to);
    for (long i = from; i < to; i++) {
      if (NativeMemory.get(address + i * Float.BYTES) != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public long outside(MemorySegment x, long from, long to, float low, float high) {
    long address = NativeMemory.address(x, from, to);
    long found = 0;
    for (long i = from; i < to; i++) {
      float value = NativeMemory.get(address + i * Float.BYTES);
      found += value <= low || value >= high ? 1 : 0;
    }
    return found;
  }

  @Override
  public long inside(MemorySegment x, long from, long to, float low, float high) {
    long address = NativeMemory.address(x, from, to);
    long found = 0;
    for (long i = from; i < to; i++) {
      float value = NativeMemory.get(address + i * Float.BYTES);
      found += value > low && value < high ? 1 : 0;
    }
    return found;
  }

  @Override
  public void exponents(MemorySegment x, long from, long to, long[] counts, byte[] room) {
    long address = NativeMemory.address(x, from, to);
    for (long i = from; i < to; i += BLOCK) {
      count(address + i * Float.BYTES, (int) Math.min(BLOCK, to - i), counts);
    }
  }

  static void count(long start, int n, long[] counts) {
    for (int i = 0; i < n; i++) {
      counts[NativeMemory.getInt(start + (long) i * Float.BYTES) >>> 23 & 0xff]++;
    }
  }
}
