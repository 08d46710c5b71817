package fathom.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecimalTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "1",
        "-1",
        "+1",
        "007",
        "1.5",
        ".5",
        "5.",
        "-.5",
        "1e3",
        "1E3",
        "1e+3",
        "1e-3",
        "1.5e10",
        "123456789012345678901234567890",
        "-0",
        "1e999"
      })
  void takesDecimalNumbers(String text) {
    assertTrue(Decimal.isNumber(text));
    assertEquals(Float.parseFloat(text), Decimal.toFloat(text));
  }

  /** Among them all that Java's parser takes and other programs do not write. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "+",
        "-",
        ".",
        "-.",
        "e",
        "e5",
        "1e",
        "1e+",
        "1e5.5",
        "1.2.3",
        "1,5",
        "1 2",
        "1f",
        "1d",
        "1F",
        "1D",
        "0x1p3",
        "NaN",
        "Infinity",
        "--1",
        "1-",
        "\u0661",
        "\uFF11",
        "1_000",
        "abc",
        "1e5e5"
      })
  void takesNothingElse(String text) {
    assertFalse(Decimal.isNumber(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"nan", "NaN", "NAN", "-nan", "inf", "+Inf", "Infinity", "-INFINITY"})
  void knowsTheNamesOfNonNumbers(String text) {
    assertTrue(Decimal.isNonFinite(text));
    assertFalse(Decimal.isNonFinite("x" + text));
  }

  @Property(tries = 2000, seed = "6")
  void floatsComeBackBitForBit(@ForAll int bits) {
    float value = Float.intBitsToFloat(bits);
    if (Float.isFinite(value)) {
      String text = Float.toString(value);
      assertTrue(Decimal.isNumber(text), text);
      assertEquals(Float.floatToIntBits(value), Float.floatToIntBits(Decimal.toFloat(text)), text);
    }
  }

  @Test
  void valuesHaveOneSpelling() {
    for (String one : new String[] {"1", "01", "+1", "1.0", "1e0", "10e-1"}) {
      assertEquals("1", Decimal.canonical(one));
    }
    assertEquals("0", Decimal.canonical("-0"));
    assertEquals("1.5", Decimal.canonical("1.50"));
    assertEquals("-3", Decimal.canonical("-3.000"));
  }
}
