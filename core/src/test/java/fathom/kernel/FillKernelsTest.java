package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FillKernelsTest {
  private static final long SEED = 3;
  private static final int GUARD = 70;
  private static final int POISON = 0x7fc0dead;
  private static final List<FillKernels> BOTH =
      List.of(ScalarFillKernels.INSTANCE, new VectorFillKernels(true));

  /** What a test fills with. */
  enum Kind {
    CONSTANT,
    UNIFORM,
    NORMAL;

    void fill(FillKernels k, MemorySegment x, long base, long from, long to, long stream) {
      switch (this) {
        case CONSTANT -> k.constant(x, base, from, to, -2.5f);
        case UNIFORM -> k.uniform(x, base, from, to, SEED, stream, 0.3f);
        case NORMAL -> k.normal(x, base, from, to, SEED, stream, 0.3f);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void bothTwinsWriteTheSameBitsAndNothingElse(Kind kind) {
    int run = VectorThreefry.RUN * Threefry.GROUP;
    long[] starts = {0, 1, 15, 16, 17, 63, 64, 65, 127, 1000};
    long[] lengths = {0, 1, 2, 15, 16, 31, 63, 64, 65, 127, 128, 129, 1000, run - 1, run, run + 77};
    for (long from : starts) {
      for (long length : lengths) {
        int[] scalar = filled(BOTH.get(0), kind, from, length);
        int[] vector = filled(BOTH.get(1), kind, from, length);
        for (int i = 0; i < scalar.length; i++) {
          boolean inside = i >= GUARD && i < GUARD + length;
          String place = kind + " from " + from + " for " + length + ", element " + (i - GUARD);
          assertEquals(scalar[i], vector[i], place);
          assertEquals(!inside, vector[i] == POISON, place);
        }
      }
    }
  }

  /** A range far behind 2^31 elements, and ranges where the counter passes 2^32, write the same. */
  @ParameterizedTest
  @ValueSource(
      longs = {
        (1L << 31) - 100,
        (1L << 32) - 77,
        (1L << 34) - 200,
        (1L << 34) - 64,
        (1L << 40) + 13,
        (1L << 60) - 5
      })
  void indicesAreLong(long from) {
    for (Kind kind : Kind.values()) {
      int[] scalar = filled(BOTH.get(0), kind, from, 5000);
      int[] vector = filled(BOTH.get(1), kind, from, 5000);
      for (int i = 0; i < scalar.length; i++) {
        assertEquals(scalar[i], vector[i], kind + " from " + from + ", element " + (i - GUARD));
        assertEquals(i < GUARD || i >= GUARD + 5000, vector[i] == POISON);
      }
    }
    Threefry generator = new Threefry(SEED, 9);
    generator.block(from / 64 * 16 + from % 16);
    float expected = ScalarFillKernels.uniform(generator.word((int) (from % 64 / 16)), 0.3f);
    int first = filled(BOTH.get(1), Kind.UNIFORM, from, 5000)[GUARD];
    assertEquals(expected, Float.intBitsToFloat(first), "element " + from);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aCutRangeIsTheWholeRange(Kind kind) {
    int n = 3 * VectorThreefry.RUN * Threefry.GROUP + 41;
    SplittableRandom random = new SplittableRandom(SEED);
    for (FillKernels kernels : BOTH) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment whole = arena.allocate((long) n * Float.BYTES, 64);
        kind.fill(kernels, whole, 0, 0, n, 9);
        for (int turn = 0; turn < 20; turn++) {
          MemorySegment pieces = arena.allocate((long) n * Float.BYTES, 64);
          int from = 0;
          while (from < n) {
            int to = Math.min(n, from + random.nextInt(turn < 10 ? 300 : n));
            kind.fill(kernels, pieces, 0, from, to, 9);
            from = to;
          }
          assertEquals(-1, whole.mismatch(pieces), kind + ", cuts of turn " + turn);
        }
      }
    }
  }

  /** Fixed for ever: a saved seed means the same weights in every version. */
  @Test
  void theNumbersOfASeedNeverChange() {
    for (FillKernels kernels : BOTH) {
      assertEquals(1962157521L, checksum(filled(kernels, Kind.UNIFORM, 0, 4096)), "uniform");
      assertEquals(1695488760L, checksum(filled(kernels, Kind.NORMAL, 0, 4096)), "normal");
    }
  }

  private static long checksum(int[] bits) {
    CRC32 crc = new CRC32();
    for (int value : bits) {
      for (int shift = 0; shift < 32; shift += 8) {
        crc.update(value >>> shift);
      }
    }
    return crc.getValue();
  }

  @Test
  void everyBitOfSeedAndStreamCounts() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment plain = arena.allocate(256, 64);
      MemorySegment other = arena.allocate(256, 64);
      FillKernels kernels = new VectorFillKernels(true);
      kernels.normal(plain, 0, 0, 64, 0, 0, 1f);
      for (int bit = 0; bit < 64; bit++) {
        kernels.normal(other, 0, 0, 64, 1L << bit, 0, 1f);
        assertEquals(0, equalNumbers(plain, other), "bit " + bit + " of the seed");
        kernels.normal(other, 0, 0, 64, 0, 1L << bit, 1f);
        assertEquals(0, equalNumbers(plain, other), "bit " + bit + " of the stream");
      }
    }
  }

  private static int equalNumbers(MemorySegment a, MemorySegment b) {
    int equal = 0;
    for (int i = 0; i < 64; i++) {
      equal += a.getAtIndex(JAVA_INT, i) == b.getAtIndex(JAVA_INT, i) ? 1 : 0;
    }
    return equal;
  }

  @Test
  void uniformKeepsItsBoundsExactlyAndMirrorsEveryWord() {
    float[] bounds = {1f, 0.1f, 1.5f, 0x1.fffffep-1f, 3e-39f, Float.MIN_VALUE, Float.MAX_VALUE, 0f};
    SplittableRandom random = new SplittableRandom(SEED);
    for (float bound : bounds) {
      assertEquals(bound, ScalarFillKernels.uniform(Integer.MAX_VALUE, bound), "upper end");
      assertEquals(-bound, ScalarFillKernels.uniform(Integer.MIN_VALUE, bound), "lower end");
      for (int i = 0; i < 100_000; i++) {
        int word = i < 1000 ? Integer.MAX_VALUE - i : random.nextInt();
        float value = ScalarFillKernels.uniform(word, bound);
        assertTrue(Math.abs(value) <= bound, () -> value + " for bound " + bound);
        assertEquals(-value, ScalarFillKernels.uniform(~word, bound), 0f);
      }
    }
    assertNotEquals(0f, ScalarFillKernels.uniform(0, 1f));
  }

  @Test
  void anEmptyRangeAndAReversedOneWriteNothing() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment none = arena.allocate(0, 64);
      for (FillKernels kernels : BOTH) {
        for (Kind kind : Kind.values()) {
          kind.fill(kernels, none, 0, 128, 128, 9);
          kind.fill(kernels, none, 0, 500, 100, 9);
          kind.fill(kernels, none, 0, 127, 65, 9);
        }
      }
    }
  }

  private static int[] filled(FillKernels kernels, Kind kind, long from, long length) {
    int n = Math.toIntExact(length) + 2 * GUARD;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate((long) n * Float.BYTES, 64);
      for (int i = 0; i < n; i++) {
        x.setAtIndex(JAVA_INT, i, POISON);
      }
      kind.fill(kernels, x, GUARD - from, from, from + length, 9);
      int[] bits = new int[n];
      MemorySegment.copy(x, JAVA_INT, 0, bits, 0, n);
      for (int i = 0; i < n; i++) {
        float value = x.getAtIndex(JAVA_FLOAT, i);
        assertTrue(bits[i] == POISON || Math.abs(value) < 3, () -> kind + " wrote " + value);
      }
      return bits;
    }
  }
}
