package fathom.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.blas.Blas;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Rows or columns are orthonormal up to rounding: those of one block, and those of different ones.
 */
class OrthogonalTest {
  private static final double ROUNDING = 0x1p-24;
  private static final int SEEDS = 4;

  /**
   * Returns how far from 0 or 1 a product of two rows may be, from what the second sweep rounds.
   * The share of one row in another is a sum in single precision of n products of numbers of
   * variance 1/n. The sum of the first k has variance k/n², and adding the next one rounds by at
   * most a unit u of that, one way or the other: u² (1 + 2 + ... + n) / n² = u² / 2 in all. A row
   * is then stored at most 34 times, once for what lies before its block, once for each row before
   * it in the block, once to bring its length to 1. Each time its numbers are rounded by u of
   * themselves, which moves its product with another row by a variance of u² / n. Ten standard
   * deviations are for the largest of half a million products in each of sixty matrices.
   */
  private static double bound(int n) {
    return 10 * ROUNDING * Math.sqrt(0.5 + 34.0 / n);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 5",
    "5, 1",
    "32, 32",
    "33, 33",
    "64, 64",
    "100, 100",
    "256, 256",
    "500, 500",
    "1000, 1000",
    "255, 256",
    "256, 255",
    "70, 71",
    "71, 70",
    "64, 1000",
    "1000, 64",
    "999, 1000",
    "1000, 999"
  })
  void productsOfRowsAreThoseOfUnitVectors(int rows, int cols) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 1)) {
      for (long seed = 0; seed < SEEDS; seed++) {
        float[][] q = vectors(drawn(engine, rows, cols, seed));
        for (int i = 0; i < q.length; i++) {
          for (int j = 0; j <= i; j++) {
            double product = dot(q[i], q[j]);
            // Sixty million messages would cost more than what they say.
            if (!(Math.abs(product - (i == j ? 1 : 0)) <= bound(q[i].length))) {
              assertEquals(
                  i == j ? 1 : 0,
                  product,
                  bound(q[i].length),
                  "seed " + seed + ", rows " + i + " and " + j + ", " + engine.blas().core());
            }
          }
        }
      }
    }
  }

  /** Members of a crew may draw a layer each: what one draws alone, and beside others, is equal. */
  @Test
  void weightsAreTheSameOnAnyNumberOfThreads() {
    float[][] expected = null;
    for (int threads : new int[] {1, 2, 3}) {
      try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads)) {
        float[][] w = drawn(engine, 150, 140, 9);
        expected = expected == null ? w : expected;
        assertArrayEquals(expected, w, threads + " threads");
      }
    }
  }

  private static float[][] drawn(Engine engine, int rows, int cols, long seed) {
    try (Arena arena = Arena.ofConfined()) {
      Matrix w = Matrix.allocate(arena, rows, cols);
      Orthogonal.fill(engine, w, 1, seed, 0);
      return w.toArray();
    }
  }

  /** Returns the rows, or the columns where those are fewer. */
  private static float[][] vectors(float[][] w) {
    if (w.length <= w[0].length) {
      return w;
    }
    float[][] columns = new float[w[0].length][w.length];
    for (int r = 0; r < w.length; r++) {
      for (int c = 0; c < columns.length; c++) {
        columns[c][r] = w[r][c];
      }
    }
    return columns;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += (double) a[k] * b[k];
    }
    return sum;
  }
}
