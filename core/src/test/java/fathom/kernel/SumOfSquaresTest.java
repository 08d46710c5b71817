package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The sum that gradient clipping needs. */
class SumOfSquaresTest {
  private static final UpdateKernels SCALAR = new ScalarUpdateKernels();
  private static final UpdateKernels VECTOR = new VectorUpdateKernels();

  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void close() {
    arena.close();
  }

  static Stream<UpdateKernels> families() {
    return Stream.of(SCALAR, VECTOR);
  }

  private MemorySegment normal(int n, float scale) {
    Random random = new Random(6);
    MemorySegment x = arena.allocate((long) n * Float.BYTES, 64);
    for (int i = 0; i < n; i++) {
      x.setAtIndex(JAVA_FLOAT, i, (float) random.nextGaussian() * scale);
    }
    return x;
  }

  @Test
  void sumsOfSquaresHaveTheSameBits() {
    for (float scale : new float[] {1, 1e-22f, 1e30f}) {
      MemorySegment x = normal(30_000, scale);
      for (long from : new long[] {0, 7}) {
        for (long n : new long[] {0, 1, 31, 32, 33, 500, 16_383, 16_384, 16_385, 20_001}) {
          String what = "scale " + scale + " from " + from + ", " + n + " elements, seed 6";
          double scalar = SCALAR.sumOfSquares(x, from, from + n);
          assertEquals(scalar, VECTOR.sumOfSquares(x, from, from + n), what);
          BigDecimal exact = BigDecimal.ZERO;
          for (long i = from; i < from + n; i++) {
            exact = exact.add(new BigDecimal(x.getAtIndex(JAVA_FLOAT, i)).pow(2));
          }
          double expected = exact.round(MathContext.DECIMAL64).doubleValue();
          // Squares are exact; a part holds at most 512 of them, a block 32 parts and a rest.
          assertEquals(expected, scalar, 600 * 0x1p-53 * expected, what);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void sumsOfSquaresTellUnsoundNumbers(UpdateKernels kernels) {
    for (int at : new int[] {0, 15, 40, 98}) {
      MemorySegment x = normal(100, 1);
      x.setAtIndex(JAVA_FLOAT, at, Float.NaN);
      assertTrue(Double.isNaN(kernels.sumOfSquares(x, 0, 100)));
      x.setAtIndex(JAVA_FLOAT, at, Float.NEGATIVE_INFINITY);
      assertEquals(Double.POSITIVE_INFINITY, kernels.sumOfSquares(x, 0, 100));
      assertFalse(Double.isInfinite(kernels.sumOfSquares(x, at + 1, 100)));
    }
  }
}
