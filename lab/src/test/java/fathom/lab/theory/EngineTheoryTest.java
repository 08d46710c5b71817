package fathom.lab.theory;

import static fathom.lab.LabBench.ENGINE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.lab.probe.Probe;
import fathom.lab.probe.Sounding;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Theory as the oracle of the engine: what initializers draw, what forward passes make of it and
 * what backward passes send down must be what quadrature says, without any data.
 */
class EngineTheoryTest {
  private static final int WIDTH = 1000;
  private static final int DEPTH = 4;
  private static final int SAMPLES = 16;
  private static final List<String> ACTIVATIONS =
      List.of(
          "identity",
          "logistic",
          "tanh",
          "relu",
          "leaky_relu(0.2)",
          "prelu",
          "elu",
          "selu",
          "gelu",
          "gelu_tanh",
          "silu",
          "softplus",
          "softsign",
          "hardtanh",
          "hardsigmoid",
          "hardswish",
          "mish");
  private static final List<String> INITIALIZERS =
      List.of(
          "xavier_uniform",
          "xavier_normal",
          "he_uniform",
          "he_normal",
          "he_uniform_fan_out",
          "he_normal_fan_out",
          "lecun_uniform",
          "lecun_normal",
          "orthogonal",
          "orthogonal(2)",
          "xavier_uniform(4)",
          "normal(0.05)",
          "normal(1)",
          "uniform(0.1)");

  private static Arena arena;
  private static Matrix x;

  /** Closed after all tests. */
  @SuppressWarnings("MustBeClosedChecker")
  @BeforeAll
  static void drawInputs() {
    arena = Arena.ofShared();
    x = Matrix.allocate(arena, SAMPLES, WIDTH);
    Initializer.normal(1).fill(ENGINE, x, WIDTH, SAMPLES, 5, 99);
  }

  @AfterAll
  static void close() {
    arena.close();
  }

  static List<Arguments> pairs() {
    List<Arguments> pairs = new ArrayList<>();
    for (String activation : ACTIVATIONS) {
      Activation f = Activation.named(activation);
      pairs.add(Arguments.of(f, Initializer.XAVIER_UNIFORM));
      pairs.add(Arguments.of(f, Initializer.HE_NORMAL));
      pairs.add(Arguments.of(f, Criticality.initializer(f)));
    }
    for (String initializer : INITIALIZERS) {
      for (Activation f : List.of(Activation.TANH, Activation.LEAKY_RELU, Activation.LOGISTIC)) {
        pairs.add(Arguments.of(f, Initializer.named(initializer)));
      }
    }
    return pairs;
  }

  /**
   * Signals: given the layer below, a layer's mean square of B samples and N units has the relative
   * variance {@code ((1 - 1/B) k(c) + k(1) / B) / N} with {@code k(c) = E f(U)² f(V)² / (E f²)² -
   * 1}, c being the correlation of two samples. Gradients: a unit's is a normal number, independent
   * from sample to sample, times f'; so {@code k(1) = 3 E f'⁴ / (E f'²)² - 1} and {@code k(c) = E
   * f'(U)² f'(V)² / (E f'²)² - 1} there. Layers follow each other independently: variances of their
   * logarithms add up. Uniform and orthogonal weights scatter less. Five deviations are allowed.
   */
  @ParameterizedTest
  @MethodSource("pairs")
  void theEngineDoesWhatTheoryForetells(Activation f, Initializer initializer) {
    NetworkBuilder builder = Network.input(WIDTH);
    for (int i = 0; i < DEPTH; i++) {
      builder.dense(WIDTH, f, initializer);
    }
    builder.dense(WIDTH, Activation.IDENTITY, initializer);
    try (Network network = builder.seed(17).engine(ENGINE).build()) {
      Sounding sounding = new Probe(network).withoutJacobian().sound(x, 3);
      double gain = initializer.variance(WIDTH, WIDTH) * WIDTH;
      Expectations e = Expectations.of(f);
      double below = sounding.inputQ();
      double c = 0;
      double signals = 0;
      double signalVariance = 0;
      double gradients = 0;
      double gradientVariance = 0;
      for (int l = 0; l < DEPTH; l++) {
        double q = gain * below;
        double square = e.square(q);
        below = sounding.layers().get(l).q();
        signals += Math.log(below / square);
        double shared = e.pair(u -> e.value(u) * e.value(u), q, c) / (square * square) - 1;
        double own = e.fourthPower(q) / (square * square) - 1;
        signalVariance += variance(own, shared);

        double slope = e.slopeSquare(q);
        double above = sounding.layers().get(l + 1).gradient();
        gradients += Math.log(sounding.layers().get(l).gradient() / (above * gain * slope));
        double sharedSlope = e.pair(u -> e.slope(u) * e.slope(u), q, c) / (slope * slope) - 1;
        double ownSlope = 3 * e.slopeFourthPower(q) / (slope * slope) - 1;
        gradientVariance += variance(ownSlope, sharedSlope);
        c = Math.min(1, e.product(q, c) / square);
      }
      double top = sounding.layers().get(DEPTH).q();
      signals += Math.log(top / (gain * below));
      signalVariance += variance(2, 2 * c * c);
      assertEquals(0, signals, 5 * Math.sqrt(signalVariance), "signals of " + f);
      assertEquals(0, gradients, 5 * Math.sqrt(gradientVariance), "gradients of " + f);
    }
  }

  private static double variance(double own, double shared) {
    return (own / SAMPLES + Math.max(0, shared) * (1 - 1.0 / SAMPLES)) / WIDTH;
  }
}
