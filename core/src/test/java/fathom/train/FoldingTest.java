package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Dataset;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Adam;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Batch norms that become part of the dense layers below them. */
class FoldingTest {
  private static final int IN = 11;
  private static final int OUT = 4;
  private static final int ROWS = 64;

  /** A rounding to float32 changes a number by at most this part of it. */
  private static final double ROUNDING = 0x1p-24;

  /** Each network, and what it is to become. */
  private record Case(Supplier<NetworkBuilder> network, String folded) {}

  private static Map<String, Case> cases() {
    Map<String, Case> all = new LinkedHashMap<>();
    all.put(
        "without biases",
        new Case(
            () ->
                Network.input(IN)
                    .dense(17)
                    .noBias()
                    .batchNorm(Activation.RELU)
                    .dense(19)
                    .noBias()
                    .batchNorm(Activation.TANH)
                    .dense(OUT),
            "11 17:relu 19:tanh 4:identity"));
    all.put(
        "with biases and slopes",
        new Case(
            () ->
                Network.input(IN)
                    .dense(17)
                    .batchNorm(Activation.PRELU)
                    .dense(18, Activation.PRELU)
                    .dense(OUT)
                    .batchNorm(Activation.IDENTITY),
            "11 17:prelu 18:prelu 4:identity"));
    all.put(
        "among other layers",
        new Case(
            () ->
                Network.sequence(IN, 1)
                    .lstm(6)
                    .layerNorm(Activation.TANH)
                    .dense(9)
                    .batchNorm(Activation.SILU)
                    .dropout(0.3)
                    .residual(0.5f, b -> b.dense(9).noBias().batchNorm(Activation.ELU).dense(9))
                    .dense(OUT),
            "11x1 lstm:6 layer_norm:tanh:1.0E-5 9:silu dropout:0.3"
                + " [ 9:elu 9:identity ]:0.5 4:identity"));
    return all;
  }

  static Stream<String> names() {
    return cases().keySet().stream();
  }

  /** Lets the running statistics be those of data, and the parameters be any. */
  private static void train(Network network) {
    LayersTest.scatter(network, 4);
    try (Dataset data =
        Dataset.ofTargets(LayersTest.rows(ROWS, IN, 8), LayersTest.rows(ROWS, OUT, 9))) {
      Trainer trainer = new Trainer(network, Loss.MSE, new Adam(0.01f));
      for (int epoch = 0; epoch < 20; epoch++) {
        double unused = trainer.epoch(data.batches(16, epoch));
      }
    }
  }

  private static float[][] answers(Network network, float[][] x) {
    try (Arena arena = Arena.ofShared()) {
      Matrix y = Matrix.allocate(arena, x.length, network.outputs());
      network.predict(Matrix.of(arena, x), y);
      return y.toArray();
    }
  }

  private static void assertClose(float[][] expected, float[][] actual, double bound) {
    for (int r = 0; r < expected.length; r++) {
      for (int c = 0; c < expected[r].length; c++) {
        assertEquals(expected[r][c], actual[r][c], bound, r + ", " + c);
      }
    }
  }

  /**
   * A sum of n products is off by n + 1 roundings of the sum of their sizes, and those of folded
   * and other weights differ by a few more. Sums of sizes stay below 40 here, n below 20, and the
   * slopes of three or four layers multiply an error by less than 10 in all: 25 * 40 * 10
   * roundings.
   */
  @ParameterizedTest
  @MethodSource("names")
  void answersAreTheSameAlsoFromAFile(String name, @TempDir Path folder) {
    double bound = 25 * 40 * 10 * ROUNDING;
    float[][] x = LayersTest.rows(300, IN, 5);
    Path file = folder.resolve("folded.safetensors");
    try (Network network = cases().get(name).network.get().seed(6).build()) {
      train(network);
      float[][] expected = answers(network, x);
      try (Network folded = network.folded()) {
        assertEquals(cases().get(name).folded, folded.architecture().toString());
        assertEquals(0, folded.statistics().layout().numbers());
        assertEquals(network.seed(), folded.seed());
        float[][] actual = answers(folded, x);
        assertClose(expected, actual, bound);
        Models.save(folded, file);
        try (Model model = Models.load(file)) {
          assertArrayEquals(actual, answers(model.network(), x));
        }
      }
      assertArrayEquals(expected, answers(network, x));
    }
  }

  /**
   * One layer, whose sums and sizes are known: the bound holds for each number by itself, whatever
   * the scales.
   */
  @Test
  void aLayerIsOffByRoundingsOfItsOwnSumsAlone() {
    float[][] x = LayersTest.rows(ROWS, IN, 5);
    try (Network network =
        Network.input(IN).dense(40).batchNorm(Activation.IDENTITY).seed(2).build()) {
      LayersTest.scatter(network, 4);
      for (int r = 0; r < 40; r++) {
        network.statistics().get("1.running_mean").set(r, 0, (float) Math.pow(-1.5, r % 12));
        network.statistics().get("1.running_var").set(r, 0, (float) Math.pow(10, r % 8 - 5));
      }
      try (Network folded = network.folded()) {
        float[][] expected = answers(network, x);
        float[][] actual = answers(folded, x);
        for (int s = 0; s < ROWS; s++) {
          for (int r = 0; r < 40; r++) {
            double bound = (2 * IN + 8) * ROUNDING * size(network, x[s], r);
            assertEquals(expected[s][r], actual[s][r], bound, s + ", " + r);
          }
        }
      }
    }
  }

  /** The sum of the sizes of what a unit adds up. */
  private static double size(Network network, float[] x, int unit) {
    Matrix w = network.parameters().get("0.weight");
    double sum = Math.abs(network.parameters().get("0.bias").get(unit, 0));
    sum += Math.abs(network.statistics().get("1.running_mean").get(unit, 0));
    for (int j = 0; j < x.length; j++) {
      sum += Math.abs(w.get(unit, j) * x[j]);
    }
    double variance = network.statistics().get("1.running_var").get(unit, 0);
    double factor = network.parameters().get("1.weight").get(unit, 0) / Math.sqrt(variance + 1e-5f);
    return Math.abs(factor) * sum + Math.abs(network.parameters().get("1.bias").get(unit, 0));
  }

  @Test
  void theFoldedNetworkHasItsOwnMemoryAndLearnsOn() {
    float[][] x = LayersTest.rows(ROWS, IN, 5);
    Network network = cases().get("without biases").network.get().build();
    Network folded;
    try (network) {
      train(network);
      folded = network.folded();
    }
    try (folded) {
      float[][] before = answers(folded, x);
      assertThrows(IllegalStateException.class, network::folded);
      train(folded);
      assertTrue(before[0][0] != answers(folded, x)[0][0]);
    }
  }

  @Test
  void whatCannotBeFoldedIsTold() {
    refuse("there is no batch norm to fold in this network", Network.input(4).dense(3));
    String what =
        "cannot be folded: it lies on %s, and only a dense layer without activation takes a batch"
            + " norm in; leave it as it is, or train without";
    refuse(
        "layer 0 (batch norm tanh) " + String.format(what, "the input"),
        Network.input(4).batchNorm(Activation.TANH).dense(3).batchNorm(Activation.RELU));
    refuse(
        "layer 1 (batch norm tanh) " + String.format(what, "'8 relu'"),
        Network.input(4).dense(8, Activation.RELU).batchNorm(Activation.TANH));
    refuse(
        "layer 2 (batch norm) " + String.format(what, "'dropout 0.5'"),
        Network.input(4).dense(8).dropout(0.5).batchNorm(Activation.IDENTITY));
    refuse(
        "layer 2 (batch norm relu) " + String.format(what, "what a residual block adds to"),
        Network.input(4).dense(8).residual(b -> b.batchNorm(Activation.RELU).dense(8)));
    refuse(
        "layer 4 (batch norm relu) " + String.format(what, "the sum of a residual block"),
        Network.input(4).dense(8).residual(b -> b.dense(8)).batchNorm(Activation.RELU));
  }

  private static void refuse(String message, NetworkBuilder builder) {
    try (Network network = builder.build()) {
      IllegalStateException e = assertThrows(IllegalStateException.class, network::folded);
      assertEquals(message, e.getMessage());
    }
  }
}
