package fathom.data;

/**
 * Random orders that depend on a seed and on nothing else, whatever the JDK: the Fisher-Yates
 * shuffle over SplitMix64 (Steele, Lea and Flood 2014), with Lemire's unbiased bounded numbers
 * (2019).
 */
final class Shuffle {
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private long state;

  Shuffle(long seed) {
    state = seed;
  }

  /** Puts the elements in a random order. */
  static void shuffle(int[] elements, long seed) {
    Shuffle random = new Shuffle(seed);
    for (int i = elements.length - 1; i > 0; i--) {
      int j = random.below(i + 1);
      int swap = elements[i];
      elements[i] = elements[j];
      elements[j] = swap;
    }
  }

  /** Returns 0, 1, ..., n - 1. */
  static int[] identity(int n) {
    int[] elements = new int[n];
    for (int i = 0; i < n; i++) {
      elements[i] = i;
    }
    return elements;
  }

  /** Turns a seed into an unrelated one for another purpose. */
  static long derive(long seed, long purpose) {
    return mix(mix(seed + GAMMA) ^ purpose);
  }

  /** Returns the n-th of the numbers that follow a seed, n from 1; SplitMix64 jumps to any. */
  static long nth(long seed, long n) {
    return mix(seed + n * GAMMA);
  }

  private int below(int bound) {
    long product = (next() >>> 32) * bound;
    if ((product & 0xFFFFFFFFL) < bound) {
      long threshold = (1L << 32) % bound;
      while ((product & 0xFFFFFFFFL) < threshold) {
        product = (next() >>> 32) * bound;
      }
    }
    return (int) (product >>> 32);
  }

  /** Returns the next 64 random bits. */
  long next() {
    state += GAMMA;
    return mix(state);
  }

  private static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
