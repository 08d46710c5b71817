package fathom.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Random;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sums and counts of what a monitor looks at: Vector kernels against scalar ones, and both. */
class TallyKernelsTest {
  private static final long SEED = 8;
  private static final TallyKernels SCALAR = new ScalarTallyKernels();
  private static final TallyKernels VECTOR = new VectorTallyKernels();

  /** Around whole registers of any width, around the parts of a block, and around blocks. */
  private static final int[] SIZES = {
    0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 511, 512, 513, 4_095, 4_096,
    4_097, 4_111, 4_112, 4_160, 16_383, 16_384, 16_385, 16_399, 16_400, 40_001
  };

  static Stream<TallyKernels> families() {
    return Stream.of(SCALAR, VECTOR);
  }

  /** Of numbers that are special to each kernel, and of bits that nobody may read or write. */
  private static void forSizes(boolean special, Check check) {
    for (int size : SIZES) {
      Random random = new Random(SEED + size);
      try (Arena arena = Arena.ofConfined()) {
        Guarded x = new Guarded(arena, 1, size, 0).normal(random, 1);
        Guarded y = new Guarded(arena, 1, size, 0).normal(random, 1);
        if (special) {
          x.special(random);
          y.special(random);
        }
        check.run(x.matrix, y.matrix, size + " elements, seed " + (SEED + size));
        x.assertUntouched("a tally of " + size);
        y.assertUntouched("a tally of " + size);
      }
    }
  }

  private interface Check {
    void run(Matrix x, Matrix y, String what);
  }

  private static long from(Matrix x) {
    return x.offset();
  }

  private static long to(Matrix x) {
    return x.offset() + x.cols();
  }

  private static double[] moments(TallyKernels kernels, Matrix x) {
    double[] sums = {9, 0, 0, 9};
    kernels.moments(x.segment(), from(x), to(x), sums, 1);
    assertEquals(9, sums[0]);
    assertEquals(9, sums[3]);
    return Arrays.copyOfRange(sums, 1, 3);
  }

  /** Of y against x, which begins its segment as a copy of one piece does. */
  private static double[] changes(TallyKernels kernels, Matrix x, Matrix y) {
    double[] sums = {9, 0, 0, 9};
    MemorySegment piece = x.segment().asSlice(from(x) * Float.BYTES);
    kernels.changes(piece, from(y), y.segment(), from(y), to(y), sums, 1);
    assertEquals(9, sums[0]);
    assertEquals(9, sums[3]);
    return Arrays.copyOfRange(sums, 1, 3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void vectorsFindTheBitsOfScalars(boolean special) {
    forSizes(
        special,
        (x, y, what) -> {
          MemorySegment s = x.segment();
          assertArrayEquals(moments(SCALAR, x), moments(VECTOR, x), what);
          assertArrayEquals(changes(SCALAR, x, y), changes(VECTOR, x, y), what);
          assertEquals(SCALAR.isZero(s, from(x), to(x)), VECTOR.isZero(s, from(x), to(x)), what);
          for (float[] limits :
              new float[][] {{-1, 1}, {0, Float.POSITIVE_INFINITY}, {-0f, 1e-40f}}) {
            assertEquals(
                SCALAR.outside(s, from(x), to(x), limits[0], limits[1]),
                VECTOR.outside(s, from(x), to(x), limits[0], limits[1]),
                what);
            assertEquals(
                SCALAR.inside(s, from(x), to(x), limits[0], limits[1]),
                VECTOR.inside(s, from(x), to(x), limits[0], limits[1]),
                what);
          }
          long[] scalar = new long[TallyKernels.EXPONENTS];
          long[] vector = new long[TallyKernels.EXPONENTS];
          SCALAR.exponents(s, from(x), to(x), scalar, new byte[TallyKernels.ROOM]);
          VECTOR.exponents(s, from(x), to(x), vector, new byte[TallyKernels.ROOM]);
          assertArrayEquals(scalar, vector, what);
        });
  }

  /**
   * A part of a block holds at most 256 numbers, there are ten blocks of 16 parts each, and at most
   * 15 numbers more: each is rounded in fewer than 512 sums of no more than all sizes.
   */
  @ParameterizedTest
  @MethodSource("families")
  void sumsAreExactButForRounding(TallyKernels kernels) {
    forSizes(
        false,
        (x, y, what) -> {
          BigDecimal sum = BigDecimal.ZERO;
          BigDecimal squares = BigDecimal.ZERO;
          BigDecimal distance = BigDecimal.ZERO;
          double sizes = 0;
          for (int i = 0; i < x.cols(); i++) {
            BigDecimal xi = new BigDecimal(x.get(0, i));
            sum = sum.add(xi);
            sizes += Math.abs(x.get(0, i));
            squares = squares.add(xi.pow(2));
            distance = distance.add(new BigDecimal(y.get(0, i)).subtract(xi).pow(2));
          }
          double bound = 512 * 0x1p-53;
          double exact = squares.doubleValue();
          double[] moments = moments(kernels, x);
          assertEquals(sum.doubleValue(), moments[0], bound * sizes, what);
          assertEquals(exact, moments[1], bound * exact, what);
          double[] changes = changes(kernels, x, y);
          assertEquals(exact, changes[0], bound * exact, what);
          // The difference is rounded and squared: two more.
          exact = distance.doubleValue();
          assertEquals(exact, changes[1], (bound + 2 * 0x1p-53) * exact, what);
        });
  }

  @ParameterizedTest
  @MethodSource("families")
  void countsAreThoseOfEachNumberByItself(TallyKernels kernels) {
    forSizes(
        true,
        (x, y, what) -> {
          MemorySegment s = x.segment();
          float low = -1e-40f;
          float high = 3;
          assertEquals(
              count(x, v -> v <= low || v >= high ? 1 : 0),
              kernels.outside(s, from(x), to(x), low, high),
              what);
          assertEquals(
              count(x, v -> v > low && v < high ? 1 : 0),
              kernels.inside(s, from(x), to(x), low, high),
              what);
          long[] counts = new long[TallyKernels.EXPONENTS];
          // What is there is added to.
          Arrays.fill(counts, 5);
          kernels.exponents(s, from(x), to(x), counts, new byte[TallyKernels.ROOM]);
          for (int e = 0; e < 256; e++) {
            int biased = e;
            long found = counts[e] - 5;
            long expected = count(x, v -> Math.getExponent(v) + 127 == biased ? 1 : 0);
            assertEquals(expected, found, what + ", exponent " + e);
          }
        });
  }

  /** Every exponent, in runs long and short, and with none between far ones. */
  @ParameterizedTest
  @MethodSource("families")
  void everyExponentIsCounted(TallyKernels kernels) {
    try (Arena arena = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(arena, 1, 9_000);
      for (int step : new int[] {1, 3, 50, 255}) {
        long[] expected = new long[TallyKernels.EXPONENTS];
        for (int i = 0; i < x.cols(); i++) {
          int e = i * i / 7 % 256 / step * step;
          expected[e]++;
          x.set(0, i, Float.intBitsToFloat((i % 2 << 31) | (e << 23) | (i & 0x7fffff)));
        }
        long[] counts = new long[TallyKernels.EXPONENTS];
        kernels.exponents(x.segment(), 0, x.cols(), counts, new byte[TallyKernels.ROOM]);
        assertArrayEquals(expected, counts, "every " + step);
      }
    }
  }

  private static long count(Matrix x, ToLongFunction<Float> counts) {
    long found = 0;
    for (int i = 0; i < x.cols(); i++) {
      found += counts.applyAsLong(x.get(0, i));
    }
    return found;
  }

  @ParameterizedTest
  @MethodSource("families")
  void unsoundNumbersShow(TallyKernels kernels) {
    for (int size : new int[] {1, 17, 100, 20_000}) {
      for (int at : new int[] {0, size / 2, size - 1}) {
        try (Arena arena = Arena.ofConfined()) {
          Matrix x = Matrix.allocate(arena, 1, size);
          Matrix y = Matrix.allocate(arena, 1, size);
          MemorySegment s = x.segment();
          assertTrue(kernels.isZero(s, 0, size));
          x.set(0, at, -0f);
          assertTrue(kernels.isZero(s, 0, size));
          assertTrue(kernels.isZero(s, at, at));
          x.set(0, at, Float.MIN_VALUE);
          assertFalse(kernels.isZero(s, 0, size), size + " at " + at);
          assertEquals(Float.MIN_VALUE, moments(kernels, x)[0]);
          x.set(0, at, Float.NaN);
          assertFalse(kernels.isZero(s, 0, size));
          assertTrue(Double.isNaN(moments(kernels, x)[0]));
          assertTrue(Double.isNaN(moments(kernels, x)[1]));
          assertTrue(Double.isNaN(changes(kernels, x, y)[0]));
          assertTrue(Double.isNaN(changes(kernels, y, x)[1]));
          assertEquals(size - 1, kernels.inside(s, 0, size, -1, 1));
          assertEquals(0, kernels.outside(s, 0, size, -1, 1));
          x.set(0, at, Float.NEGATIVE_INFINITY);
          assertEquals(Double.NEGATIVE_INFINITY, moments(kernels, x)[0]);
          assertEquals(Double.POSITIVE_INFINITY, moments(kernels, x)[1]);
          assertEquals(Double.POSITIVE_INFINITY, changes(kernels, y, x)[1]);
          assertEquals(1, kernels.outside(s, 0, size, -1, 1));
        }
      }
    }
  }
}
