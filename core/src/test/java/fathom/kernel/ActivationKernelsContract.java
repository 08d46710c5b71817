package fathom.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every implementation has to do. */
abstract class ActivationKernelsContract extends ActivationPlacementContract {
  /** Half an ulp of 1: what a rounding costs at most, beside 1. */
  private static final double ROUNDING = 0x1p-24;

  @ParameterizedTest
  @EnumSource
  void activatesLikeTheDefinition(Function f) {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : shapes()) {
        Guarded z = new Guarded(arena, s.rows(), s.cols(), s.gap()).normal(random, 4);
        Guarded bias = new Guarded(arena, s.rows(), 1, 0).normal(random, 1);
        Guarded before = new Guarded(arena, s.rows(), s.cols(), 0).copy(z);
        kernels().activate(f, ALPHA, z.matrix, bias.matrix, 0, s.rows());
        for (int r = 0; r < s.rows(); r++) {
          for (int c = 0; c < s.cols(); c++) {
            float x = before.matrix.get(r, c) + bias.matrix.get(r, 0);
            double want = Reference.value(f, ALPHA, x);
            double limit = Reference.tolerance(f, ALPHA, x);
            assertEquals(want, z.matrix.get(r, c), limit, f + "(" + x + ") of " + s);
          }
        }
        z.assertUntouched(f + " of " + s);
        bias.assertUntouched(f + " of " + s);
      }
    }
  }

  /** {@link ScalarMath} states errors of at most 2.4e-7; the reference is wrong by 1e-9. */
  @ParameterizedTest
  @EnumSource(names = {"SOFTPLUS", "HARD_SWISH", "GELU", "GELU_TANH", "SILU", "MISH"})
  void writesSlopesBesideTheSameActivations(Function f) {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : shapes()) {
        Guarded z = new Guarded(arena, s.rows(), s.cols(), s.gap()).normal(random, 4);
        Guarded bias = new Guarded(arena, s.rows(), 1, 0).normal(random, 1);
        Guarded before = new Guarded(arena, s.rows(), s.cols(), 0).copy(z);
        Guarded alone = new Guarded(arena, s.rows(), s.cols(), 0).copy(z);
        Guarded a = new Guarded(arena, s.rows(), s.cols(), 2 * s.gap());
        kernels().activate(f, ALPHA, alone.matrix, bias.matrix, 0, s.rows());
        kernels().activateAndSlope(f, ALPHA, z.matrix, bias.matrix, a.matrix, 0, s.rows());
        for (int r = 0; r < s.rows(); r++) {
          for (int c = 0; c < s.cols(); c++) {
            float x = before.matrix.get(r, c) + bias.matrix.get(r, 0);
            if (!Reference.nearKink(f, x)) {
              double want = Reference.slope(f, ALPHA, x);
              assertEquals(want, z.matrix.get(r, c), 2.5e-7, f + "'(" + x + ") of " + s);
            }
          }
        }
        a.assertSame(alone, 0, s.rows(), f + " of " + s);
        z.assertUntouched(f + " of " + s);
        a.assertUntouched(f + " of " + s);
      }
    }
  }

  /**
   * The slope from an output that is right to 3 ulp of at most 1 (what f' depends on is not above 1
   * where f' is not constant, and f' does so by a factor of at most 2), and three roundings.
   */
  @ParameterizedTest
  @EnumSource(
      names = {
        "IDENTITY",
        "LOGISTIC",
        "TANH",
        "RELU",
        "LEAKY_RELU",
        "ELU",
        "SELU",
        "SOFTSIGN",
        "HARD_TANH",
        "HARD_SIGMOID"
      })
  void derivesFromTheOutput(Function f) {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : shapes()) {
        Guarded a = new Guarded(arena, s.rows(), s.cols(), s.gap()).normal(random, 3);
        Guarded d = new Guarded(arena, s.rows(), s.cols(), s.gap() / 2).normal(random, 1);
        Guarded zero = zeros(arena, s.rows());
        Guarded x = new Guarded(arena, s.rows(), s.cols(), 0).copy(a);
        Guarded old = new Guarded(arena, s.rows(), s.cols(), 0).copy(d);
        Guarded db = new Guarded(arena, s.rows(), 1, 0);
        kernels().activate(f, ALPHA, a.matrix, zero.matrix, 0, s.rows());
        kernels().derive(f, ALPHA, a.matrix, d.matrix, db.matrix, 0, s.rows());
        for (int r = 0; r < s.rows(); r++) {
          for (int c = 0; c < s.cols(); c++) {
            if (!Reference.nearKink(f, x.matrix.get(r, c))) {
              double slope = Reference.slope(f, ALPHA, x.matrix.get(r, c));
              double want = old.matrix.get(r, c) * slope;
              double limit = 15 * ROUNDING * 2 * Math.abs(old.matrix.get(r, c)) + 1e-9;
              String what = f + "'(" + x.matrix.get(r, c) + ") of " + s;
              assertEquals(want, d.matrix.get(r, c), limit, what);
            }
          }
        }
        assertSums(d.matrix, db.matrix, f + " of " + s);
        d.assertUntouched(f + " of " + s);
        db.assertUntouched(f + " of " + s);
      }
    }
  }

  @Test
  void multipliesByTheSlope() {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : shapes()) {
        Guarded slope = new Guarded(arena, s.rows(), s.cols(), s.gap()).normal(random, 1);
        Guarded d = new Guarded(arena, s.rows(), s.cols(), s.gap() / 2).normal(random, 1);
        Guarded old = new Guarded(arena, s.rows(), s.cols(), 0).copy(d);
        Guarded db = new Guarded(arena, s.rows(), 1, 0);
        kernels().multiplySlope(slope.matrix, d.matrix, db.matrix, 0, s.rows());
        for (int r = 0; r < s.rows(); r++) {
          for (int c = 0; c < s.cols(); c++) {
            float want = old.matrix.get(r, c) * slope.matrix.get(r, c);
            assertEquals(want, d.matrix.get(r, c), "at " + r + ", " + c + " of " + s);
          }
        }
        assertSums(d.matrix, db.matrix, s.toString());
        d.assertUntouched(s.toString());
        db.assertUntouched(s.toString());
      }
    }
  }

  @Test
  void learnsTheSlopeOfPrelu() {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : shapes()) {
        Guarded z = new Guarded(arena, s.rows(), s.cols(), s.gap()).normal(random, 1);
        Guarded before = new Guarded(arena, s.rows(), s.cols(), 0).copy(z);
        Guarded bias = new Guarded(arena, s.rows(), 1, 0).normal(random, 1);
        Guarded a = new Guarded(arena, s.rows(), s.cols(), s.gap() / 2);
        Guarded d = new Guarded(arena, s.rows(), s.cols(), s.gap() / 2).normal(random, 1);
        Guarded old = new Guarded(arena, s.rows(), s.cols(), 0).copy(d);
        Guarded db = new Guarded(arena, s.rows(), 1, 0);
        kernels().prelu(0.25f, z.matrix, bias.matrix, a.matrix, 0, s.rows());
        double share = kernels().preluDerive(0.25f, z.matrix, d.matrix, db.matrix, 0, s.rows());
        double want = 0;
        double size = 0;
        for (int r = 0; r < s.rows(); r++) {
          for (int c = 0; c < s.cols(); c++) {
            float x = before.matrix.get(r, c) + bias.matrix.get(r, 0);
            assertEquals(x, z.matrix.get(r, c));
            assertEquals(x > 0 ? x : 0.25f * x, a.matrix.get(r, c));
            assertEquals(old.matrix.get(r, c) * (x > 0 ? 1 : 0.25f), d.matrix.get(r, c));
            want += (double) old.matrix.get(r, c) * Math.min(x, 0);
            size += Math.abs((double) old.matrix.get(r, c) * Math.min(x, 0));
          }
        }
        assertEquals(want, share, (s.cols() + 1) * ROUNDING * size, s.toString());
        assertSums(d.matrix, db.matrix, s.toString());
        for (Guarded g : List.of(z, a, d, db)) {
          g.assertUntouched(s.toString());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void nanGivesNan(Function f) {
    try (Arena arena = Arena.ofConfined()) {
      Guarded z = new Guarded(arena, 2, 37, 0).normal(new Random(SEED), 1);
      Guarded a = new Guarded(arena, 2, 37, 0);
      Guarded bias = zeros(arena, 2);
      z.matrix.set(0, 3, Float.NaN);
      bias.matrix.set(1, 0, Float.NaN);
      if (f.keepsSlope()) {
        Guarded copy = new Guarded(arena, 2, 37, 0).copy(z);
        kernels().activateAndSlope(f, ALPHA, copy.matrix, bias.matrix, a.matrix, 0, 2);
        assertNan(a.matrix);
        assertNan(copy.matrix);
      }
      kernels().activate(f, ALPHA, z.matrix, bias.matrix, 0, 2);
      assertNan(z.matrix);
    }
  }

  private static void assertNan(Matrix m) {
    for (int c = 0; c < m.cols(); c++) {
      assertEquals(c == 3, Float.isNaN(m.get(0, c)), "column " + c);
      assertTrue(Float.isNaN(m.get(1, c)), "column " + c + " of the row with a bias of NaN");
    }
  }

  @ParameterizedTest
  @EnumSource
  void infinitiesGiveLimits(Function f) {
    try (Arena arena = Arena.ofConfined()) {
      Matrix z = Matrix.of(arena, new float[][] {new float[19], new float[19]});
      Matrix a = Matrix.allocate(arena, 2, 19);
      Guarded bias = zeros(arena, 2);
      bias.matrix.set(0, 0, Float.POSITIVE_INFINITY);
      bias.matrix.set(1, 0, Float.NEGATIVE_INFINITY);
      if (f.keepsSlope()) {
        kernels().activateAndSlope(f, ALPHA, z, bias.matrix, a, 0, 2);
        for (int c = 0; c < 19; c++) {
          assertEquals(1, z.get(0, c), f + " has slope 1 at infinity");
          assertEquals(0, z.get(1, c), 0, f + " has slope 0 at -infinity");
        }
        z.copyFrom(Matrix.allocate(arena, 2, 19));
      }
      kernels().activate(f, ALPHA, z, bias.matrix, 0, 2);
      for (int c = 0; c < 19; c++) {
        double high = Reference.value(f, ALPHA, Double.POSITIVE_INFINITY);
        double low = Reference.value(f, ALPHA, Double.NEGATIVE_INFINITY);
        assertEquals((float) high, z.get(0, c), f + " at infinity");
        assertEquals((float) low, z.get(1, c), 0, f + " at -infinity");
      }
    }
  }

  @Test
  void oddFunctionsKeepMinusZero() {
    try (Arena arena = Arena.ofConfined()) {
      Matrix bias = Matrix.of(arena, new float[][] {{-0f}});
      for (Function f :
          List.of(Function.IDENTITY, Function.TANH, Function.SOFTSIGN, Function.HARD_TANH)) {
        for (int cols : new int[] {1, 16, 17}) {
          Matrix z = Matrix.allocate(arena, 1, cols);
          for (int c = 0; c < cols; c++) {
            z.set(0, c, -0f);
          }
          kernels().activate(f, ALPHA, z, bias, 0, 1);
          for (int c = 0; c < cols; c++) {
            assertEquals(-0f, z.get(0, c), f + " in column " + c + " of " + cols);
          }
        }
      }
    }
  }

  @Test
  void aPassThatDoesNotFitTheFunctionIsRefused() {
    try (Arena arena = Arena.ofConfined()) {
      Matrix m = Matrix.allocate(arena, 2, 16);
      Matrix b = Matrix.allocate(arena, 2, 1);
      assertThrows(
          IllegalArgumentException.class,
          () -> kernels().activateAndSlope(Function.TANH, 0, m, b, m, 0, 2));
      assertThrows(
          IllegalArgumentException.class, () -> kernels().derive(Function.GELU, 0, m, m, b, 0, 2));
    }
  }

  /** A sum of n floats in any order is wrong by less than n roundings of the sum of their sizes. */
  private static void assertSums(Matrix d, Matrix db, String what) {
    for (int r = 0; r < d.rows(); r++) {
      double sum = 0;
      double size = 0;
      for (int c = 0; c < d.cols(); c++) {
        sum += d.get(r, c);
        size += Math.abs(d.get(r, c));
      }
      assertEquals(sum, db.get(r, 0), d.cols() * ROUNDING * size, what + ", sum of row " + r);
    }
  }
}
