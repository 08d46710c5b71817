package fathom.lab.theory;

import static fathom.lab.LabBench.ENGINE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.lab.probe.LayerSounding;
import fathom.lab.probe.Probe;
import fathom.lab.probe.Sounding;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Forecasts of concrete networks against closed forms and against what the engine does. */
class ForecastTest {
  private static final int WIDTH = 400;
  private static final int SAMPLES = 64;
  private static final int SEEDS = 6;

  @Test
  void hesVarianceStaysAndXaviersHalves() {
    List<LayerForecast> he = layers(dense(Network.input(50), 30, Initializer.HE_NORMAL));
    List<LayerForecast> xavier = layers(dense(Network.input(50), 30, Initializer.XAVIER_NORMAL));
    assertEquals(2, he.get(29).variance(), 1e-9);
    assertEquals(1, he.get(0).gradient() / he.get(29).gradient(), 1e-9);
    assertEquals(Math.pow(2, -29), xavier.get(29).variance(), 1e-9 * Math.pow(2, -29));
    assertEquals(Math.pow(2, -29), xavier.get(0).gradient() / xavier.get(29).gradient(), 1e-17);
  }

  private static NetworkBuilder dense(NetworkBuilder builder, int depth, Initializer init) {
    for (int i = 0; i < depth; i++) {
      builder.dense(50, Activation.RELU, init);
    }
    return builder.dense(50, Activation.IDENTITY, Initializer.LECUN_NORMAL);
  }

  /** Yang et al. 2019: with large batches, ReLU's gradients grow by pi / (pi - 1) a layer. */
  @Test
  void batchNormLetsGradientsExplode() {
    NetworkBuilder builder = Network.input(50);
    for (int i = 0; i < 20; i++) {
      builder.dense(50).noBias().batchNorm(Activation.RELU);
    }
    Forecast forecast = forecast(builder.dense(50), InputMoments.UNIT, 1_000_000);
    List<LayerForecast> layers = forecast.layers();
    double growth = layers.get(11).gradient() / layers.get(13).gradient();
    // Epsilon is 1e-5, of variances of 2 (1/2 - 1/(2 pi)); the batch's share is 1e-6.
    assertEquals(Math.PI / (Math.PI - 1), growth, 1e-4);
    assertEquals(1, layers.get(13).variance(), 1e-4);
  }

  @Test
  void layerNormHoldsWhatItsActivationKeeps() {
    NetworkBuilder builder = Network.input(50);
    for (int i = 0; i < 20; i++) {
      builder.dense(50, Activation.IDENTITY, Initializer.XAVIER_NORMAL).layerNorm(Activation.RELU);
    }
    List<LayerForecast> layers = layers(builder.dense(50));
    // E f'² / E f² = 1, and two of 50 directions are lost; epsilon is 1e-5 of variances of 1/2.
    assertEquals(48 / 50.0, layers.get(11).gradient() / layers.get(13).gradient(), 1e-4);
    assertEquals(1, layers.get(13).variance(), 1e-4);
  }

  @Test
  void scaledBranchesAddUp() {
    int blocks = 100;
    NetworkBuilder builder = Network.input(50);
    for (int i = 0; i < blocks; i++) {
      builder.residual(
          (float) (1 / Math.sqrt(blocks)),
          b -> b.dense(50, Activation.IDENTITY, Initializer.LECUN_NORMAL));
    }
    builder.dense(50, Activation.IDENTITY, Initializer.LECUN_NORMAL);
    Forecast forecast = forecast(builder, InputMoments.UNIT, 64);
    double e = Math.pow(1 + 1.0 / blocks, blocks);
    // The scale is a float.
    assertEquals(e, forecast.layers().get(3 * blocks).variance(), 1e-6);
    assertEquals(e, forecast.inputGradient(), 1e-6);
  }

  private static List<LayerForecast> layers(NetworkBuilder builder) {
    return forecast(builder, InputMoments.UNIT, 64).layers();
  }

  private static Forecast forecast(NetworkBuilder builder, InputMoments inputs, int batch) {
    try (Network network = builder.engine(ENGINE).build()) {
      return Forecast.of(network, inputs, batch);
    }
  }

  static Stream<String> names() {
    return networks().keySet().stream();
  }

  private static Map<String, Supplier<NetworkBuilder>> networks() {
    Map<String, Supplier<NetworkBuilder>> all = new LinkedHashMap<>();
    all.put("narrowing", () -> tapered(Activation.TANH, Initializer.XAVIER_NORMAL));
    all.put("widening by fan-out", () -> tapered(Activation.RELU, Initializer.HE_NORMAL_FAN_OUT));
    all.put("orthogonal", () -> tapered(Activation.TANH, Initializer.ORTHOGONAL.gain(2)));
    all.put("batch norm", () -> normed(true, Activation.RELU));
    all.put("batch norm, logistic", () -> normed(true, Activation.LOGISTIC));
    all.put("layer norm", () -> normed(false, Activation.GELU));
    all.put("residual", () -> residual(1));
    all.put("scaled residual", () -> residual(0.5f));
    all.put(
        "dropout",
        () ->
            input()
                .dropout(0.2)
                .dense(WIDTH, Activation.RELU)
                .dropout(0.5)
                .dense(WIDTH, Activation.TANH)
                .dropout(0.1));
    all.put(
        "alpha dropout and noise",
        () ->
            input()
                .noise(0.5)
                .dense(WIDTH, Activation.SELU)
                .alphaDropout(0.3)
                .dense(WIDTH, Activation.SELU)
                .alphaDropout(0.1));
    return all;
  }

  private static NetworkBuilder input() {
    return Network.input(WIDTH);
  }

  private static NetworkBuilder tapered(Activation f, Initializer init) {
    return input().dense(2 * WIDTH, f, init).dense(WIDTH, f, init).dense(WIDTH / 2, f, init);
  }

  private static NetworkBuilder normed(boolean batch, Activation f) {
    NetworkBuilder builder = input();
    for (int i = 0; i < 3; i++) {
      builder.dense(WIDTH);
      if (batch) {
        builder.noBias().batchNorm(f);
      } else {
        builder.layerNorm(f);
      }
    }
    return builder;
  }

  private static NetworkBuilder residual(float scale) {
    NetworkBuilder builder = input().dense(WIDTH);
    for (int i = 0; i < 2; i++) {
      builder.residual(
          scale, b -> b.activation(Activation.RELU).dense(WIDTH, Activation.SILU).dense(WIDTH));
    }
    return builder.activation(Activation.RELU);
  }

  /**
   * Each of up to six products scatters the mean square of gradients, and that of signals, by at
   * most 5 / N in relative variance: that of ReLU with all samples alike, {@code 3 E f'⁴ / (E f'²)²
   * - 1}, N being 200 at least. Means over six networks then have a deviation of {@code sqrt(6 * 5
   * / 200 / 6) = 0.16} in logarithms at most; three are allowed, which tells a missing factor of
   * 1.6.
   */
  @ParameterizedTest
  @MethodSource("names")
  void theEngineDoesWhatIsForetold(String name) {
    double tolerance = 3 * Math.sqrt(6.0 * 5 / (WIDTH / 2.0) / SEEDS);
    try (Arena arena = Arena.ofShared()) {
      Matrix x = Matrix.allocate(arena, SAMPLES, WIDTH);
      Initializer.normal(1).fill(ENGINE, x, WIDTH, SAMPLES, 5, 99);
      double[] signals = null;
      double[] gradients = null;
      for (int seed = 0; seed < SEEDS; seed++) {
        NetworkBuilder builder = networks().get(name).get().dense(WIDTH);
        try (Network network = builder.seed(seed).engine(ENGINE).build()) {
          Forecast forecast = Forecast.of(network, InputMoments.of(x), SAMPLES);
          Sounding sounding = new Probe(network).withoutJacobian().sound(x, 3);
          if (signals == null) {
            signals = new double[network.depth()];
            gradients = new double[network.depth()];
          }
          add(sounding, forecast, signals, gradients);
        }
      }
      for (int l = 0; l < signals.length; l++) {
        assertEquals(0, signals[l] / SEEDS, tolerance, "signals of layer " + l);
        assertEquals(0, gradients[l] / SEEDS, tolerance, "gradients of layer " + l);
      }
    }
  }

  /** Adds logarithms of measured over foretold, where there is something to measure. */
  private static void add(
      Sounding sounding, Forecast forecast, double[] signals, double[] gradients) {
    List<LayerSounding> layers = sounding.layers();
    LayerSounding top = layers.get(layers.size() - 1);
    for (LayerSounding layer : layers) {
      LayerForecast foretold = forecast.layers().get(layer.layer());
      if (!Double.isNaN(layer.q())) {
        signals[layer.layer()] += Math.log(layer.q() / foretold.square());
      }
      if (!Double.isNaN(layer.weightGradientNorm())) {
        double ratio = layer.gradient() * layer.units() / (top.gradient() * top.units());
        gradients[layer.layer()] += Math.log(ratio / foretold.gradient());
      }
    }
  }

  @Test
  void whereThereIsNoFormulaOneIsTold() {
    assertTrue(message(Network.sequence(3, 4).rnn(5).dense(2)).contains("recurrent"), "recurrent");
    assertTrue(
        message(Network.input(4).dense(4, Activation.RELU, Initializer.IDENTITY))
            .contains("random"),
        "identity");
    assertTrue(
        message(Network.input(4).activation(Activation.RELU).dense(2))
            .contains("dense layer before"),
        "activated inputs");
    assertTrue(
        message(Network.input(4).residual(b -> b.layerNorm(Activation.IDENTITY)).dense(2))
            .contains("branch without weights"),
        "branch");
  }

  private static String message(NetworkBuilder builder) {
    String text =
        assertThrows(IllegalArgumentException.class, () -> forecast(builder, InputMoments.UNIT, 64))
            .getMessage();
    assertTrue(text.startsWith("no formula for layer "), text);
    return text;
  }
}
