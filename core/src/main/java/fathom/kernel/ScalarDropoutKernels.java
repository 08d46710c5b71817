package fathom.kernel;

import fathom.matrix.Matrix;

/**
 * Dropout one number at a time: the meaning of every bit, and the ends of the vector twin's runs.
 */
final class ScalarDropoutKernels implements DropoutKernels {
  /** A generator for each thread, since every step has streams of its own but allocates nothing. */
  private static final ThreadLocal<Threefry> GENERATOR =
      ThreadLocal.withInitial(() -> new Threefry(0, 0));

  @Override
  public void dropout(
      Matrix x,
      Matrix mask,
      Matrix y,
      double p,
      float scale,
      float shift,
      float dropped,
      long seed,
      long stream,
      int from,
      int to) {
    check(x, mask, y, from, to);
    long first = (long) from * x.cols();
    long end = (long) to * x.cols();
    dropout(x, mask, y, limit(p), scale, shift, dropped, generator(seed, stream), first, end);
  }

  /** Checks three matrices of one shape, of which the last two are written. */
  static void check(Matrix x, Matrix mask, Matrix y, int from, int to) {
    NativeMemory.check(x, from, to, x.cols());
    NativeMemory.checkOutput(mask, from, to, x.cols());
    NativeMemory.checkOutput(y, from, to, x.cols());
  }

  /** Returns this thread's generator, set to a stream. */
  static Threefry generator(long seed, long stream) {
    return GENERATOR.get().restart(seed, stream);
  }

  /** Returns the first word, unsigned, that keeps its element; 0 where all are kept. */
  static int limit(double p) {
    return (int) (long) (p * 0x1p32);
  }

  /** Elements {@code [first, end)}, row by row. */
  static void dropout(
      Matrix x,
      Matrix mask,
      Matrix y,
      int limit,
      float scale,
      float shift,
      float dropped,
      Threefry generator,
      long first,
      long end) {
    if (first >= end) {
      return;
    }
    long last = (end - 1) / Threefry.GROUP;
    for (long group = first / Threefry.GROUP; group <= last; group++) {
      for (int lane = 0; lane < Threefry.COUNTERS; lane++) {
        generator.block(group * Threefry.COUNTERS + lane);
        for (int w = 0; w < 4; w++) {
          long i = group * Threefry.GROUP + (long) w * Threefry.COUNTERS + lane;
          if (first <= i && i < end) {
            boolean drop = Integer.compareUnsigned(generator.word(w), limit) < 0;
            put(x, mask, y, i, drop, scale, shift, dropped);
          }
        }
      }
    }
  }

  private static void put(
      Matrix x,
      Matrix mask,
      Matrix y,
      long i,
      boolean drop,
      float scale,
      float shift,
      float dropped) {
    int r = (int) (i / x.cols());
    int c = (int) (i % x.cols());
    float v = Math.fma(NativeMemory.get(x.address(r, c)), scale, shift);
    NativeMemory.set(mask.address(r, c), drop ? 0 : scale);
    NativeMemory.set(y.address(r, c), drop ? dropped : v);
  }
}
