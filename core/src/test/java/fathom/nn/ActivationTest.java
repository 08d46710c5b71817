package fathom.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.kernel.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The parameters of activations. */
class ActivationTest {
  private static void assertRefused(String stem, float value) {
    String wanted = "of " + stem + " must be ";
    for (String message :
        new String[] {
          assertThrows(
                  IllegalArgumentException.class, () -> Activation.named(stem + "(" + value + ")"))
              .getMessage(),
          assertThrows(
                  IllegalArgumentException.class,
                  () -> {
                    Activation unused =
                        stem.equals("elu") ? Activation.elu(value) : Activation.leakyRelu(value);
                  })
              .getMessage()
        }) {
      assertTrue(message.contains(wanted) && message.contains("not " + value + ";"), message);
    }
  }

  @ParameterizedTest
  @ValueSource(
      floats = {-1, -1e-30f, 0, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void alphaOfEluIsAboveZero(float alpha) {
    assertRefused("elu", alpha);
  }

  @ParameterizedTest
  @ValueSource(floats = {-1, -1e-30f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void slopeOfLeakyReluIsNotBelowZero(float slope) {
    assertRefused("leaky_relu", slope);
  }

  @Test
  void othersStand() {
    assertEquals(0, Activation.leakyRelu(0).parameter());
    assertEquals(1.5f, Activation.named("Leaky-ReLU(1.5)").parameter());
    assertEquals(1e-6f, Activation.elu(1e-6f).parameter());
    assertEquals("elu(20.0)", Activation.named("elu(20)").toString());
  }

  /** Why: outputs that are alike must have derivatives that are alike, but at the kink. */
  @ParameterizedTest
  @ValueSource(strings = {"leaky_relu(0)", "leaky_relu(1.5)", "elu(0.5)", "elu(20)"})
  void theOutputTellsTheDerivative(String name) {
    Activation f = Activation.named(name);
    double alpha = f.parameter();
    for (int i = -300; i <= 300; i++) {
      double x = i / 50.0;
      double a = ReferenceFunctions.value(f, 0, x);
      double slope = f.function() == Function.ELU ? a + alpha : alpha;
      double told = a > 0 ? 1 : slope;
      // expm1 and exp round by an ulp each, of numbers up to alpha.
      double rounding = 4 * Math.ulp(Math.max(1, alpha));
      assertEquals(ReferenceFunctions.derivative(f, 0, x), told, rounding, name + " at " + x);
    }
  }
}
