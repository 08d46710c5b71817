package fathom.kernel;

import static fathom.kernel.ActivationPlacementContract.SEED;
import static fathom.kernel.NormCall.EPSILON;
import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.kernel.ActivationPlacementContract.Shape;
import fathom.kernel.NormCall.Operands;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Both families against formulas in double precision, which central differences confirm. Bounds are
 * of first order in the rounding U, with a tenth more for the products of errors, which are at most
 * n U = 3e-4 of them here.
 */
class NormFormulasTest {
  private static final double U = 0x1p-24;

  static Stream<NormKernels> families() {
    return Stream.of(new ScalarNormKernels(VectorMath.LANES), new VectorNormKernels());
  }

  @ParameterizedTest
  @MethodSource("families")
  void standardizesAsDefined(NormKernels kernels) {
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : NormKernelsTest.sizes().toList()) {
        for (double shift : new double[] {0, 3, 1000}) {
          Operands o = shifted(arena, s, shift);
          NormCall.STANDARDIZE_ROWS.apply(kernels, o, 0, s.rows());
          for (int r = 0; r < s.rows() && s.cols() > 0; r++) {
            String what = "row " + r + " of " + s + " about " + shift + ", seed " + SEED;
            double[] z = row(o.x().matrix, r);
            double off = meanError(z);
            assertEquals(DoubleNorms.mean(z), o.p().matrix.get(r, 0), off, what);
            double spread = DoubleNorms.variance(z);
            assertEquals(spread, o.q().matrix.get(r, 0), varianceError(z), what);
            assertStandard(z, row(o.y().matrix, r), what);
          }
          NormCall.STANDARDIZE_COLUMNS.apply(kernels, o, 0, s.cols());
          for (int c = 0; c < s.cols() && s.rows() > 0; c++) {
            String what = "column " + c + " of " + s + " about " + shift + ", seed " + SEED;
            double[] z = column(o.x().matrix, c);
            double sum = DoubleNorms.variance(z) + EPSILON;
            double inverse = 1 / Math.sqrt(sum);
            double limit = 1.1 * inverse * (varianceError(z) / sum / 2 + 3 * U);
            assertEquals(inverse, o.row().matrix.get(0, c), limit, what);
            assertStandard(z, column(o.y().matrix, c), what);
          }
        }
      }
    }
  }

  private static Operands shifted(Arena arena, Shape s, double shift) {
    Operands o = Operands.normal(arena, s, new Random(SEED));
    for (int r = 0; r < s.rows(); r++) {
      for (int c = 0; c < s.cols(); c++) {
        o.x().matrix.set(r, c, (float) (shift + o.x().matrix.get(r, c)));
      }
    }
    return o;
  }

  /**
   * A sum in any order is wrong by less than n roundings of the sum of sizes; a division rounds.
   */
  private static double meanError(double[] z) {
    double size = Arrays.stream(z).map(Math::abs).sum() / z.length;
    return 1.1 * (z.length + 1) * U * size;
  }

  /**
   * A wrong mean adds its error squared. Each difference is rounded, so squares are wrong by 2 U,
   * their sum by n U, and the quotient by one more.
   */
  private static double varianceError(double[] z) {
    double square = meanError(z) * meanError(z);
    return square + 1.1 * (z.length + 3) * U * (DoubleNorms.variance(z) + square);
  }

  /**
   * The mean's error, divided; the variance's, halved by the root; and five roundings: difference,
   * product, quotient, root, and half of the one before the root.
   */
  private static void assertStandard(double[] z, double[] got, String what) {
    double[] want = DoubleNorms.standardize(z, EPSILON);
    double sum = DoubleNorms.variance(z) + EPSILON;
    for (int i = 0; i < z.length; i++) {
      double size = Math.abs(want[i]) * (varianceError(z) / sum / 2 + 5 * U);
      double limit = 1.1 * (meanError(z) / Math.sqrt(sum) + size);
      assertEquals(want[i], got[i], limit, what + ", element " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void goesBackAsDefined(NormKernels kernels) {
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : NormKernelsTest.sizes().toList()) {
        Operands o = Operands.normal(arena, s, new Random(SEED));
        Operands old = o.copy(arena, s);
        NormCall.BATCH_NORM_BACKWARD.apply(kernels, o, 0, s.rows());
        for (int r = 0; r < s.rows() && s.cols() > 0; r++) {
          String what = "row " + r + " of " + s + ", seed " + SEED;
          double[] x = row(old.x().matrix, r);
          double[] d = row(old.y().matrix, r);
          double dGamma = DoubleNorms.dot(d, x);
          assertEquals(dGamma, o.s().matrix.get(r, 0), dotError(d, x), what);
          double root = Math.sqrt((double) old.q().matrix.get(r, 0) + EPSILON);
          double[] terms = {
            old.t().matrix.get(r, 0) / (double) s.cols(),
            dGamma / s.cols(),
            old.p().matrix.get(r, 0) / root
          };
          assertCorrected(x, d, terms, 0, row(o.y().matrix, r), what);
        }
        o = old.copy(arena, s);
        NormCall.LAYER_NORM_BACKWARD.apply(kernels, o, 0, s.cols());
        for (int c = 0; c < s.cols() && s.rows() > 0; c++) {
          String what = "column " + c + " of " + s + ", seed " + SEED;
          double[] x = column(old.x().matrix, c);
          double[] d = column(old.y().matrix, c);
          double dot = DoubleNorms.dot(d, x) / s.rows();
          double[] terms = {DoubleNorms.mean(d), dot, old.row().matrix.get(0, c)};
          assertCorrected(x, d, terms, meanError(d), column(o.y().matrix, c), what);
        }
      }
    }
  }

  /** Products are not rounded when they are added, so the bound is that of a sum. */
  private static double dotError(double[] a, double[] b) {
    double size = 0;
    for (int i = 0; i < a.length; i++) {
      size += Math.abs(a[i] * b[i]);
    }
    return 1.1 * a.length * U * size;
  }

  /**
   * The errors of the two means, and nine roundings of the terms' sizes: of each mean, of both
   * differences and the product, and of the factor, which is made by at most four.
   *
   * @param terms shift, slope and factor
   * @param off the error of the shift, but for its division
   */
  private static void assertCorrected(
      double[] x, double[] d, double[] terms, double off, double[] got, String what) {
    double[] want = DoubleNorms.correct(x, d, terms[0], terms[1], terms[2]);
    double slopeError = dotError(d, x) / x.length;
    for (int i = 0; i < x.length; i++) {
      double size = Math.abs(d[i]) + Math.abs(terms[0]) + Math.abs(terms[1] * x[i]);
      double inner = off + Math.abs(x[i]) * slopeError + 9 * U * size;
      assertEquals(want[i], got[i], 1.1 * Math.abs(terms[2]) * inner, what + ", element " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void theSimpleOnesRoundOnce(NormKernels kernels) {
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : NormKernelsTest.sizes().toList()) {
        Operands old = Operands.normal(arena, s, new Random(SEED));
        Operands scaled = old.copy(arena, s);
        Operands back = old.copy(arena, s);
        Operands added = old.copy(arena, s);
        Operands multiplied = old.copy(arena, s);
        NormCall.SCALE_ROWS.apply(kernels, scaled, 0, s.rows());
        NormCall.SCALE_BACKWARD.apply(kernels, back, 0, s.rows());
        NormCall.ADD_SCALED.apply(kernels, added, 0, s.rows());
        NormCall.MULTIPLY.apply(kernels, multiplied, 0, s.rows());
        for (int r = 0; r < s.rows(); r++) {
          double[] xs = row(old.x().matrix, r);
          double[] ys = row(old.y().matrix, r);
          double dot = DoubleNorms.dot(xs, ys);
          assertEquals(dot, back.s().matrix.get(r, 0), dotError(xs, ys), "row " + r + " of " + s);
          for (int c = 0; c < s.cols(); c++) {
            float x = old.x().matrix.get(r, c);
            float y = old.y().matrix.get(r, c);
            float p = old.p().matrix.get(r, 0);
            String what = r + ", " + c + " of " + s + ", seed " + SEED;
            assertEquals(x * p, scaled.y().matrix.get(r, c), what);
            assertEquals(y * p, back.y().matrix.get(r, c), what);
            assertEquals(y * x, multiplied.y().matrix.get(r, c), what);
            assertEquals(Math.fma(y, 0.3f, x), added.w().matrix.get(r, c), what);
          }
        }
      }
    }
  }

  /**
   * The difference of two central differences, of steps h and h / 2, is three times the error of
   * the second. A sum of about ten is rounded at 1e-15, which h / 2 makes 1e-11 at most.
   */
  @Test
  void backwardIsTheGradient() {
    Random random = new Random(SEED);
    double h = 1e-3;
    for (int n : new int[] {1, 2, 3, 7, 20}) {
      double[] z = random.doubles(n, -2, 2).toArray();
      double[] d = random.doubles(n, -1, 1).toArray();
      double[] gradient = DoubleNorms.backward(z, d, 1.7, EPSILON);
      for (int i = 0; i < n; i++) {
        double wide = difference(z, d, i, h);
        double narrow = difference(z, d, i, h / 2);
        double limit = Math.abs(wide - narrow) + 1e-11;
        assertEquals(narrow, gradient[i], limit, "element " + i + " of " + n + ", seed " + SEED);
      }
    }
  }

  private static double difference(double[] z, double[] d, int i, double h) {
    double[] more = z.clone();
    double[] less = z.clone();
    more[i] += h;
    less[i] -= h;
    double high = DoubleNorms.dot(d, DoubleNorms.standardize(more, EPSILON));
    double low = DoubleNorms.dot(d, DoubleNorms.standardize(less, EPSILON));
    return 1.7 * (high - low) / (more[i] - less[i]);
  }

  private static double[] row(Matrix m, int r) {
    return IntStream.range(0, m.cols()).mapToDouble(c -> m.get(r, c)).toArray();
  }

  private static double[] column(Matrix m, int c) {
    return IntStream.range(0, m.rows()).mapToDouble(r -> m.get(r, c)).toArray();
  }
}
