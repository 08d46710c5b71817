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
    0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100, 511, 512, 513, 16_383, 16_384, 16_385, 16_399,
    16_400, 40_001
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

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void vectorsFindTheBitsOfScalars(boolean special) {
    forSizes(
        special,
        (x, y, what) -> {
          MemorySegment s = x.segment();
          assertEquals(SCALAR.sum(s, from(x), to(x)), VECTOR.sum(s, from(x), to(x)), what);
          assertEquals(
              SCALAR.squaredDistance(s, y.segment(), from(x), to(x)),
              VECTOR.squaredDistance(s, y.segment(), from(x), to(x)),
              what);
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
          int[] scalar = new int[TallyKernels.EXPONENTS];
          int[] vector = new int[TallyKernels.EXPONENTS];
          SCALAR.exponents(s, from(x), to(x), scalar);
          VECTOR.exponents(s, from(x), to(x), vector);
          assertArrayEquals(scalar, vector, what);
        });
  }

  /**
   * A part of a block holds at most 1,024 numbers, a block 16 parts and at most 15 more, and there
   * are three blocks: each number is rounded in fewer than 1,060 sums of no more than all sizes.
   */
  @ParameterizedTest
  @MethodSource("families")
  void sumsAreExactButForRounding(TallyKernels kernels) {
    forSizes(
        false,
        (x, y, what) -> {
          BigDecimal sum = BigDecimal.ZERO;
          BigDecimal squares = BigDecimal.ZERO;
          double sizes = 0;
          for (int i = 0; i < x.cols(); i++) {
            double xi = x.get(0, i);
            sum = sum.add(new BigDecimal(xi));
            sizes += Math.abs(xi);
            squares = squares.add(new BigDecimal(y.get(0, i)).subtract(new BigDecimal(xi)).pow(2));
          }
          double bound = 1060 * 0x1p-53;
          assertEquals(
              sum.doubleValue(), kernels.sum(x.segment(), from(x), to(x)), bound * sizes, what);
          double distance = squares.doubleValue();
          // The difference is rounded and squared, and the square rounded: three more.
          assertEquals(
              distance,
              kernels.squaredDistance(x.segment(), y.segment(), from(x), to(x)),
              (bound + 3 * 0x1p-53) * distance,
              what);
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
          int[] counts = new int[TallyKernels.EXPONENTS];
          // What is there is added to.
          Arrays.fill(counts, 5);
          kernels.exponents(s, from(x), to(x), counts);
          for (int e = 0; e < 256; e++) {
            int biased = e;
            long found = -20;
            for (int k = e; k < counts.length; k += 256) {
              found += counts[k];
            }
            long expected = count(x, v -> Math.getExponent(v) + 127 == biased ? 1 : 0);
            assertEquals(expected, found, what + ", exponent " + e);
          }
        });
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
          assertEquals(Float.MIN_VALUE, kernels.sum(s, 0, size));
          x.set(0, at, Float.NaN);
          assertFalse(kernels.isZero(s, 0, size));
          assertTrue(Double.isNaN(kernels.sum(s, 0, size)));
          assertTrue(Double.isNaN(kernels.squaredDistance(s, y.segment(), 0, size)));
          assertEquals(size - 1, kernels.inside(s, 0, size, -1, 1));
          assertEquals(0, kernels.outside(s, 0, size, -1, 1));
          x.set(0, at, Float.NEGATIVE_INFINITY);
          assertEquals(Double.NEGATIVE_INFINITY, kernels.sum(s, 0, size));
          assertEquals(Double.POSITIVE_INFINITY, kernels.squaredDistance(y.segment(), s, 0, size));
          assertEquals(1, kernels.outside(s, 0, size, -1, 1));
        }
      }
    }
  }
}
