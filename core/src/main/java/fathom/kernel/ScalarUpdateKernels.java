package fathom.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Updates one number at a time. {@link VectorUpdateKernels} computes the same bits, and leaves what
 * fills no register to the methods here and in {@link ScalarUpdates}, which take their start in
 * bytes and a count.
 */
final class ScalarUpdateKernels implements UpdateKernels {
  /** Elements of one inner loop, whose int counter the compiler handles best. */
  static final int CHUNK = 1 << 16;

  /** Elements of a block of {@link #sumOfSquares}. */
  static final int BLOCK = 1 << 14;

  /** Partial sums of a block. */
  static final int PARTS = 32;

  @Override
  public void update(
      Update update,
      UpdateStep step,
      MemorySegment g,
      long first,
      long from,
      long to,
      float factor,
      float bound) {
    UpdateLoop loop = ScalarUpdates.loop(update);
    step.check(update, from, to);
    long address = NativeMemory.address(g, from - first, to - first);
    for (long i = from; i < to; i += CHUNK) {
      int n = (int) Math.min(CHUNK, to - i);
      loop.run(step, address + (i - first) * Float.BYTES, i * Float.BYTES, n, factor, bound);
    }
  }

  @Override
  public void scale(MemorySegment x, long from, long to, float factor) {
    long address = NativeMemory.output(x, from, to);
    for (long i = from; i < to; i += CHUNK) {
      scale(address + i * Float.BYTES, (int) Math.min(CHUNK, to - i), factor);
    }
  }

  static void scale(long start, int n, float factor) {
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      NativeMemory.set(at, NativeMemory.get(at) * factor);
    }
  }

  @Override
  public void shrink(MemorySegment x, long from, long to, float threshold) {
    long address = NativeMemory.output(x, from, to);
    for (long i = from; i < to; i += CHUNK) {
      shrink(address + i * Float.BYTES, (int) Math.min(CHUNK, to - i), threshold);
    }
  }

  static void shrink(long start, int n, float threshold) {
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float xi = NativeMemory.get(at);
      NativeMemory.set(at, xi - Math.max(-threshold, Math.min(threshold, xi)));
    }
  }

  /**
   * Sums up blocks of 16,384 elements from {@code from} on, and in each the sums of every 32nd
   * element, and then what the 32 leave over. Squares of floats are exact in double precision.
   */
  @Override
  public double sumOfSquares(MemorySegment x, long from, long to) {
    long address = NativeMemory.address(x, from, to);
    double total = 0;
    for (long i = from; i < to; i += BLOCK) {
      total += block(address + i * Float.BYTES, (int) Math.min(BLOCK, to - i));
    }
    return total;
  }

  private static double block(long start, int n) {
    int even = n - n % PARTS;
    double total = 0;
    for (int part = 0; part < PARTS; part++) {
      double sum = 0;
      for (int i = part; i < even; i += PARTS) {
        double xi = NativeMemory.get(start + (long) i * Float.BYTES);
        sum += xi * xi;
      }
      total += sum;
    }
    return rest(start, even, n, total);
  }

  /** Adds the squares of elements {@code [from, to)} to total, one after the other. */
  static double rest(long start, int from, int to, double total) {
    for (int i = from; i < to; i++) {
      double xi = NativeMemory.get(start + (long) i * Float.BYTES);
      total += xi * xi;
    }
    return total;
  }
}
