package fathom.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * Errors in units in the last place, on every 509th of all floats. The bounds are those that {@link
 * ScalarMath} states, which says on which floats they were measured.
 */
class ScalarMathTest {
  static final double EXP = 1.05;
  static final double EXPM1 = 1.61;
  static final double EXPM1_BELOW = 0.99;
  static final double LOG1P = 1.72;
  static final double LOGISTIC = 2.41;
  static final double TANH = 2.61;
  static final double GAUSS = 1.2;
  static final double NORMAL_TAIL = 6.25;
  static final double SELU = 1.87;
  static final double SOFTPLUS = 2.31;
  static final double SOFTSIGN = 1.5;
  static final double HARD_SIGMOID = 1.34;
  static final double HARD_SWISH = 2.49;
  static final double GELU = 6.15;
  static final double SILU = 3.65;
  static final double MISH = 4.31;

  /** Where functions made of exp lose what is below 2^-126.5. */
  private static final float LOW = -87.3f;

  private static final int STRIDE = 509;

  private interface FloatOperator {
    float apply(float x);
  }

  /** An error of the argument of exp is a relative one of the result. */
  static double geluTanhUlps(double x) {
    return 3.6 + (x < 0 ? 2.51 * -Reference.geluArgument(x) : 0);
  }

  private static void check(
      String name, FloatOperator f, DoubleUnaryOperator exact, float from, float to, double bound) {
    for (long bits = 0; bits < 1L << 32; bits += STRIDE) {
      float x = Float.intBitsToFloat((int) bits);
      if (x >= from && x <= to) {
        check(name, f, exact, x, bound);
      }
    }
    check(name, f, exact, from, bound);
    check(name, f, exact, to, bound);
  }

  private static void check(
      String name, FloatOperator f, DoubleUnaryOperator exact, float x, double bound) {
    double want = exact.applyAsDouble(x);
    double error = Math.abs(f.apply(x) - want);
    double limit = bound * Math.ulp((float) want);
    assertTrue(
        error <= limit,
        () ->
            String.format(
                "%s(%s [%08x]) is %s, not %s",
                name, x, Float.floatToRawIntBits(x), f.apply(x), want));
  }

  @Test
  void exponentials() {
    check("exp", ScalarMath::exp, Math::exp, -87.6f, 88, EXP);
    check("expm1", ScalarMath::expm1, Math::expm1, -26, 0, EXPM1_BELOW);
    check("expm1", ScalarMath::expm1, Math::expm1, 0, 20, EXPM1);
    check("log1p", ScalarMath::log1p, Math::log1p, 0, 1, LOG1P);
    check("gauss", ScalarMath::gauss, t -> Math.exp(-t * t / 2), 0, 13.2f, GAUSS);
  }

  @Test
  void normalTail() {
    FloatOperator tail = t -> ScalarMath.normalTail(t, ScalarMath.gauss(t));
    check("normalTail", tail, t -> Reference.normal(-t), 0, 12.8f, NORMAL_TAIL);
  }

  @Test
  void sigmoids() {
    float max = Float.MAX_VALUE;
    check("logistic", ScalarMath::logistic, Reference::logistic, LOW, max, LOGISTIC);
    check("slope", ScalarMath::softplusSlope, Reference::logistic, LOW, max, LOGISTIC);
    check("tanh", ScalarMath::tanh, Math::tanh, -max, max, TANH);
  }

  @Test
  void functions() {
    float max = Float.MAX_VALUE;
    // The largest float times lambda passes the range.
    check(Function.SELU, ScalarMath::selu, -max, max / 1.1f, SELU);
    check(Function.SOFTPLUS, ScalarMath::softplus, LOW, max, SOFTPLUS);
    check(Function.SOFTSIGN, ScalarMath::softsign, -max, max, SOFTSIGN);
    check(Function.HARD_SIGMOID, ScalarMath::hardSigmoid, -max, max, HARD_SIGMOID);
    check(Function.HARD_SWISH, ScalarMath::hardSwish, -max, max, HARD_SWISH);
    check(Function.GELU, ScalarMath::gelu, -13, max, GELU);
    check(Function.SILU, ScalarMath::silu, LOW, max, SILU);
    check(Function.MISH, ScalarMath::mish, LOW, max, MISH);
  }

  private static void check(Function f, FloatOperator g, float from, float to, double bound) {
    check(f.toString(), g, x -> Reference.value(f, 0, x), from, to, bound);
  }

  @Test
  void geluTanhLosesWithTheSizeOfItsArgument() {
    for (long bits = 0; bits < 1L << 32; bits += STRIDE) {
      float x = Float.intBitsToFloat((int) bits);
      if (x >= -9.99f && x <= 1e6f) {
        double bound = geluTanhUlps(x);
        check(
            "geluTanh",
            ScalarMath::geluTanh,
            v -> Reference.value(Function.GELU_TANH, 0, v),
            x,
            bound);
      }
    }
  }

  @Test
  void belowTheirRangeResultsAreZero() {
    for (float x : new float[] {-88, -89, -1000, -Float.MAX_VALUE, Float.NEGATIVE_INFINITY}) {
      assertEquals(0f, ScalarMath.logistic(x));
      assertEquals(0f, ScalarMath.softplus(x));
      assertEquals(-0f, ScalarMath.silu(x));
      assertEquals(-0f, ScalarMath.mish(x));
      assertEquals(0f, ScalarMath.gelu(x) + 0f);
      assertEquals(0f, ScalarMath.geluTanh(x) + 0f);
      assertEquals(0f, ScalarMath.siluSlope(x) + 0f);
      assertEquals(0f, ScalarMath.mishSlope(x) + 0f);
      assertEquals(0f, ScalarMath.geluSlope(x) + 0f);
      assertEquals(0f, ScalarMath.geluTanhSlope(x) + 0f);
    }
  }

  @Test
  void tanhKeepsZerosAndSubnormals() {
    for (float x : new float[] {0f, -0f, Float.MIN_VALUE, -Float.MIN_VALUE, 1e-40f, -1e-40f}) {
      assertEquals(Float.floatToRawIntBits(x), Float.floatToRawIntBits(ScalarMath.tanh(x)));
      assertEquals(Float.floatToRawIntBits(x), Float.floatToRawIntBits(ScalarMath.softsign(x)));
    }
  }

  @Test
  void sigmoidsStayInTheirRange() {
    for (long bits = 0; bits < 1L << 32; bits += STRIDE) {
      float x = Float.intBitsToFloat((int) bits);
      if (!Float.isNaN(x)) {
        assertTrue(Math.abs(ScalarMath.tanh(x)) <= 1, () -> "tanh(" + x + ")");
        float s = ScalarMath.logistic(x);
        assertTrue(s >= 0 && s <= 1, () -> "logistic(" + x + ")");
      }
    }
  }
}
