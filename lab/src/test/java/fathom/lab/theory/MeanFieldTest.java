package fathom.lab.theory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.nn.Activation;
import fathom.nn.Initializer;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Quadrature against closed forms, and the maps against what papers print. */
class MeanFieldTest {
  /** What one-dimensional expectations promise. */
  private static final double FINE = 1e-12;

  /** What expectations over pairs promise. */
  private static final double PAIR = 1e-8;

  /** erf(x), whose kernel Williams 1997 found in closed form; by its series near 0. */
  private static final Expectations ERF =
      Expectations.of(
          x ->
              Math.abs(x) < 1e-3
                  ? 2 / Math.sqrt(Math.PI) * x * (1 - x * x / 3 + x * x * x * x / 10)
                  : 2 * NormalQuadrature.probability(Math.sqrt(2) * x) - 1,
          x -> 2 / Math.sqrt(Math.PI) * Math.exp(-x * x));

  @ParameterizedTest
  @ValueSource(doubles = {1e-12, 1e-3, 0.3, 1, 7, 300, 1e6, 1e12})
  void erfHasItsClosedForms(double q) {
    // As an arc sine of 2 q / (1 + 2 q), which rounding spoils near 1.
    double square = 2 / Math.PI * Math.atan(2 * q / Math.sqrt(1 + 4 * q));
    assertEquals(1, ERF.square(q) / square, FINE);
    assertEquals(1, ERF.slopeSquare(q) / (4 / Math.PI / Math.sqrt(1 + 4 * q)), FINE);
    double slope = 4 / Math.PI / ((1 + 2 * q) * Math.sqrt(1 + 4 * q));
    // E f f' U cancels where f is flat: to eps sqrt(q) of what it is the difference of.
    assertEquals(1, ERF.squareSlope(q) / slope, FINE * Math.max(1, Math.sqrt(q)));
    for (double c : new double[] {-1, -0.7, 0, 0.2, 0.9, 0.9999, 1}) {
      double product = 2 / Math.PI * Math.asin(2 * c * q / (1 + 2 * q));
      assertEquals(product, ERF.product(q, c), PAIR * square, "c = " + c);
      // (1 + 2 q)² - 4 q² c², without the difference of two large numbers.
      double root = Math.sqrt(1 + 4 * q + 4 * q * q * (1 - c) * (1 + c));
      double slopes = 4 / Math.PI / root;
      assertEquals(1, ERF.slopeProduct(q, c) / slopes, PAIR, "c = " + c);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-12, 0.3, 1, 300, 1e12})
  void reluHasItsClosedForms(double q) {
    Expectations relu = Expectations.of(Activation.RELU);
    assertEquals(1, relu.square(q) / (q / 2), FINE);
    assertEquals(1, relu.mean(q) / Math.sqrt(q / (2 * Math.PI)), FINE);
    assertEquals(1, relu.fourthPower(q) / (1.5 * q * q), FINE);
    assertEquals(0.5, relu.slopeSquare(q), FINE);
    assertEquals(0.5, relu.squareSlope(q), FINE);
    for (double c : new double[] {-1, -0.7, 0, 0.2, 0.9, 0.9999, 1}) {
      // Cho and Saul 2009.
      double angle = Math.acos(c);
      double product = q / (2 * Math.PI) * (Math.sin(angle) + (Math.PI - angle) * c);
      assertEquals(product, relu.product(q, c), PAIR * q, "c = " + c);
      // Its steps are smoothed by the inner expectation, over a width of sqrt(1 - c²).
      assertEquals((Math.PI - angle) / (2 * Math.PI), relu.slopeProduct(q, c), 1e-6, "c = " + c);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "relu, 0.5, 0.39894",
    "tanh, 0.39429, 0",
    "logistic, 0.29338, 0.5",
    "elu, 0.64495, 0.16052",
    "gelu, 0.42522, 0.28209",
    "silu, 0.35578, 0.20662",
    "leaky_relu, 0.50005, 0.39495",
    "selu, 1, 0",
    "identity, 1, 0"
  })
  void momentsAreThoseOfTheTables(String name, double square, double mean) {
    Expectations f = Expectations.of(Activation.named(name));
    assertEquals(square, f.square(1), 5e-6);
    assertEquals(mean, f.mean(1), 5e-6);
  }

  /** Schoenholz et al. 2017 name 1.76 in their figures; q*, chi and xi were computed elsewhere. */
  @ParameterizedTest
  @CsvSource({
    "1.0, 0.1936, 0.7590, 3.63", "1.3, 0.3153, 0.8802, 7.83", "1.5, 0.4180, 0.9386, 15.8",
    "2.0, 0.7218, 1.0477, -21.5", "2.5, 1.0640, 1.1335, -7.98", "4.0, 2.1955, 1.3424, -3.40"
  })
  void tanhHasThePhasesOfThePaper(double weights, double q, double chi, double xi) {
    MeanField theory = MeanField.of(Activation.TANH, weights, 0.05);
    double fixed = theory.fixedPoint();
    assertEquals(q, fixed, 5e-5);
    assertEquals(chi, theory.chi(fixed), 5e-5);
    assertEquals(xi, theory.gradientScale(), Math.abs(xi) * 2e-3);
    assertTrue(Math.abs(theory.varianceSlope(fixed)) < 1, "q* attracts");
    double c = theory.correlationFixedPoint(fixed);
    assertEquals(chi < 1, c == 1, "c* = " + c);
    assertEquals(c, theory.correlation(c, fixed), PAIR);
    assertEquals(1, theory.correlation(1, fixed), 1e-6);
    // Iterated, the maps come to the same points: 60 layers are ten scales and more.
    assertEquals(fixed, theory.variances(1, 60)[60], 1e-9);
  }

  @Test
  void tanhIsCriticalWhereThePaperSays() {
    Criticality point = Criticality.of(Expectations.of(Activation.TANH), 0.05);
    assertEquals(1.7610, point.weightVariance(), 5e-5);
    assertEquals(0.5700, point.variance(), 1e-4);
    assertEquals(1, point.chi(), 1e-9);
    MeanField theory = MeanField.of(Activation.TANH, 1.7610, 0.05);
    assertTrue(theory.correlationScale() > 1000, "xi_c " + theory.correlationScale());
    double[] line =
        DoubleStream.of(0, 0.01, 0.05, 0.2, 1)
            .map(b -> Criticality.of(Expectations.of(Activation.TANH), b).weightVariance())
            .toArray();
    assertEquals(1, line[0], 1e-6);
    for (int i = 1; i < line.length; i++) {
      assertTrue(line[i] > line[i - 1], "the critical line rises");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "identity, 1",
    "tanh, 1",
    "softsign, 1",
    "hardtanh, 1",
    "elu, 1",
    "relu, 1.41421356237",
    "leaky_relu(0.5), 1.26491106407",
    "prelu, 1.37198868115",
    "softplus, 1.41421356237"
  })
  void criticalGainsAreTheKnownOnes(String name, double gain) {
    // What bends at 0 is seen from a deviation of 1e-6, which leaves some 1e-6 of its bend.
    assertEquals(gain, Criticality.of(Activation.named(name)).gain(), 1e-5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "logistic",
        "selu",
        "gelu",
        "gelu_tanh",
        "silu",
        "hardsigmoid",
        "hardswish",
        "mish"
      })
  void atTheCriticalGainNothingVanishesOrExplodes(String name) {
    Activation f = Activation.named(name);
    Criticality point = Criticality.of(f);
    MeanField theory = MeanField.of(f, point.weightVariance(), 0);
    // Either gradients keep their size, or signals of variance 1 do where chi jumps across 1.
    boolean keeps = Math.abs(point.chi() - 1) < 1e-6;
    boolean jumps =
        Math.abs(theory.variance(1) - 1) < 1e-9
            && below(f, point, 0.999) < 1
            && below(f, point, 1.001) > 1;
    assertTrue(keeps != jumps, point.toString());
    assertTrue(point.chi() < 1.1, "even then gradients grow slowly: " + point);
  }

  private static double below(Activation f, Criticality point, double factor) {
    MeanField theory = MeanField.of(f, point.weightVariance() * factor, 0);
    return theory.chi(theory.fixedPoint());
  }

  @Test
  void signalsWithoutAFixedPointVanishOrGrow() {
    assertEquals(0, MeanField.of(Activation.RELU, 1.9, 0).fixedPoint());
    assertEquals(Double.POSITIVE_INFINITY, MeanField.of(Activation.RELU, 2.1, 0).fixedPoint());
    assertEquals(3, MeanField.of(Activation.RELU, 2, 0).fixedPoint(3));
    assertEquals(Double.POSITIVE_INFINITY, MeanField.of(Activation.RELU, 2, 0.1).fixedPoint());
    double[] q = MeanField.of(Activation.RELU, 1, 0).variances(1, 30);
    assertEquals(Math.pow(2, -30), q[30], FINE * Math.pow(2, -30));
    assertEquals(-1 / Math.log(0.5), MeanField.of(Activation.RELU, 1, 0).gradientScale(), FINE);
    assertEquals(Double.POSITIVE_INFINITY, MeanField.of(Activation.RELU, 2, 0).gradientScale());
  }

  /**
   * With sigma_w² = 1 a ReLU's distance from q* halves in each layer. For tanh, V' is compared with
   * a central difference over d = 1e-4, which is off by d² V''' / 6 and by the error of V over d.
   */
  @Test
  void variancesComeNearerByEInTheirDepthScale() {
    MeanField halving = MeanField.of(Activation.RELU, 1, 0.3);
    assertEquals(1 / Math.log(2), halving.varianceScale(), 10 * FINE);
    assertEquals(Double.POSITIVE_INFINITY, MeanField.of(Activation.RELU, 2, 0).varianceScale());
    MeanField tanh = MeanField.of(Activation.TANH, 1.5, 0.1);
    double q = tanh.fixedPoint();
    double d = 1e-4;
    double slope = (tanh.variance(q + d) - tanh.variance(q - d)) / (2 * d);
    assertEquals(slope, Math.exp(-1 / tanh.varianceScale()), 10 * d * d + FINE / d);
  }

  /** The fourth section of Schoenholz et al.: c* < 1 and xi_c finite, at any gain. */
  @Test
  void dropoutTakesCriticalityAway() {
    MeanField whole = MeanField.of(Activation.TANH, 1.7610, 0.05);
    MeanField dropping = whole.keeping(0.9);
    double q = dropping.fixedPoint();
    assertEquals(whole.variance(q) - 0.05, 0.9 * (dropping.variance(q) - 0.05), FINE);
    double c = 1;
    for (int i = 0; i < 200; i++) {
      c = dropping.correlation(c, q);
    }
    assertTrue(c < 0.9, "even equal inputs part: c* = " + c);
    assertEquals(c, dropping.correlationFixedPoint(q), 1e-6);
    assertTrue(dropping.correlationScale() < 30, "xi_c = " + dropping.correlationScale());
  }

  @Test
  void aFunctionOfOnesOwnIsAsGoodAsANamedOne() {
    Criticality named = Criticality.of(Activation.LOGISTIC);
    Criticality own = Criticality.of(Expectations.of(x -> 1 / (1 + Math.exp(-x))), 0);
    // Central differences of steps of 1e-5 are good to 1e-10 of f'.
    assertEquals(named.weightVariance(), own.weightVariance(), 1e-6);
    Expectations relu = Expectations.of(x -> Math.max(0, x), 0);
    assertEquals(0.5, relu.slopeSquare(1), 1e-9);
    assertEquals(Math.sqrt(2), Criticality.of(relu, 0).gain(), 1e-6);
  }

  @Test
  void theInitializerHasTheGain() {
    Initializer normal = Criticality.initializer(Activation.RELU);
    assertEquals(2.0 / 300, normal.variance(300, 40), 1e-9);
    Initializer turned = Criticality.initializer(Activation.TANH, Initializer.ORTHOGONAL);
    assertEquals(1.0 / 300, turned.variance(300, 300), 1e-7);
    assertTrue(turned.toString().startsWith("orthogonal"), turned.toString());
  }

  @Test
  void whatCannotBeIsSaidSo() {
    assertTrue(message(() -> MeanField.of(Activation.TANH, -1, 0)).contains("sigma_w²"));
    assertTrue(message(() -> MeanField.of(Activation.TANH, 1, Double.NaN)).contains("sigma_b²"));
    assertTrue(
        message(() -> MeanField.of(Activation.TANH, 1, 0).keeping(0)).contains("(0, 1], not 0.0"));
    assertTrue(message(() -> Criticality.of(Expectations.of(x -> 1), 0)).contains("vanish"));
    assertTrue(
        message(() -> Criticality.initializer(Activation.TANH, Initializer.HE_NORMAL))
            .contains("not for he_normal"));
  }

  private static String message(Runnable call) {
    return assertThrows(IllegalArgumentException.class, call::run).getMessage();
  }
}
