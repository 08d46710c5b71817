package fathom.kernel;

import java.lang.foreign.MemorySegment;

/** Fills in plain Java: the meaning of every bit, and the ends of the vector twin's ranges. */
final class ScalarFillKernels implements FillKernels {
  static final ScalarFillKernels INSTANCE = new ScalarFillKernels();

  private ScalarFillKernels() {}

  @Override
  public void constant(MemorySegment x, long base, long from, long to, float value) {
    long start = start(x, base, from, to);
    for (long i = from; i < to; i++) {
      NativeMemory.set(start + i * Float.BYTES, value);
    }
  }

  @Override
  public void uniform(
      MemorySegment x, long base, long from, long to, long seed, long stream, float bound) {
    if (from >= to) {
      return;
    }
    long start = start(x, base, from, to);
    Threefry generator = new Threefry(seed, stream);
    long last = (to - 1) / Threefry.GROUP;
    for (long group = from / Threefry.GROUP; group <= last; group++) {
      for (int lane = 0; lane < Threefry.COUNTERS; lane++) {
        generator.block(group * Threefry.COUNTERS + lane);
        for (int w = 0; w < 4; w++) {
          long i = group * Threefry.GROUP + (long) w * Threefry.COUNTERS + lane;
          put(start, from, to, i, uniform(generator.word(w), bound));
        }
      }
    }
  }

  /** Returns an odd multiple of {@code bound / 2^31}, rounded: symmetric, and never past bound. */
  static float uniform(int word, float bound) {
    return (float) (word | 1) * 0x1p-31f * bound;
  }

  @Override
  public void normal(
      MemorySegment x, long base, long from, long to, long seed, long stream, float sigma) {
    if (from >= to) {
      return;
    }
    long start = start(x, base, from, to);
    Threefry generator = new Threefry(seed, stream);
    long last = (to - 1) / Threefry.GROUP;
    for (long group = from / Threefry.GROUP; group <= last; group++) {
      for (int lane = 0; lane < Threefry.COUNTERS; lane++) {
        generator.block(group * Threefry.COUNTERS + lane);
        for (int w = 0; w < 4; w += 2) {
          long i = group * Threefry.GROUP + (long) w * Threefry.COUNTERS + lane;
          float r = BoxMuller.radius(generator.word(w), sigma);
          float t = BoxMuller.halfTurns(generator.word(w + 1));
          put(start, from, to, i, r * BoxMuller.cosine(t));
          put(start, from, to, i + Threefry.COUNTERS, r * BoxMuller.sine(t));
        }
      }
    }
  }

  /** Returns the address of the stream's first number, after checking those of a range. */
  static long start(MemorySegment x, long base, long from, long to) {
    return NativeMemory.output(x, base + from, base + to) + base * Float.BYTES;
  }

  private static void put(long start, long from, long to, long i, float value) {
    if (from <= i && i < to) {
      NativeMemory.set(start + i * Float.BYTES, value);
    }
  }
}
