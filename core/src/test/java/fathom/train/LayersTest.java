package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Dataset;
import fathom.kernel.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.nn.Pass;
import fathom.nn.ReferenceForward;
import fathom.nn.ReferenceLoss;
import fathom.optim.Adam;
import fathom.optim.Sgd;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Layers between the dense ones: gradients against central differences of a double-precision way
 * forward, and what differs between training, inference and frozen layers.
 */
class LayersTest {
  private static final int IN = 11;
  private static final int OUT = 4;

  static Map<String, Supplier<NetworkBuilder>> networks() {
    Map<String, Supplier<NetworkBuilder>> all = new LinkedHashMap<>();
    all.put(
        "batch norm",
        () ->
            Network.input(IN)
                .dense(17)
                .noBias()
                .batchNorm(Activation.TANH)
                .dense(19, Activation.GELU)
                .batchNorm(Activation.SILU)
                .dense(OUT));
    all.put(
        "layer norm",
        () ->
            Network.input(IN)
                .dense(17)
                .layerNorm(Activation.TANH)
                .dense(19, Activation.MISH)
                .layerNorm(Activation.IDENTITY)
                .layerNorm(Activation.LOGISTIC)
                .dense(OUT));
    all.put(
        "residual",
        () ->
            Network.input(IN)
                .dense(18, Activation.TANH)
                .residual(0.5f, b -> b.dense(18, Activation.TANH).dense(18))
                .activation(Activation.SOFTPLUS)
                .residual(
                    b ->
                        b.batchNorm(Activation.TANH)
                            .dense(20, Activation.TANH)
                            .residual(0.3f, c -> c.dense(20, Activation.SILU))
                            .dense(18))
                .layerNorm(Activation.TANH)
                .dense(OUT));
    all.put(
        "nothing dense first",
        () ->
            Network.input(IN)
                .layerNorm(Activation.TANH)
                .residual(b -> b.activation(Activation.GELU).dense(IN))
                .batchNorm(Activation.IDENTITY)
                .activation(Activation.TANH)
                .dense(OUT, Activation.TANH));
    all.put(
        "forks at one place",
        () ->
            Network.input(IN)
                .dense(13)
                .residual(b -> b.residual(0.7f, c -> c.batchNorm(Activation.TANH)).dense(13))
                .dense(OUT));
    all.put(
        "learnt slopes",
        () ->
            Network.input(IN)
                .dense(9)
                .batchNorm(Activation.PRELU)
                .dense(9, Activation.PRELU)
                .activation(Activation.PRELU)
                .layerNorm(Activation.PRELU)
                .dense(OUT));
    all.put(
        "dropout and noise",
        () ->
            Network.input(IN)
                .dropout(0.2)
                .dense(23, Activation.TANH)
                .dropout(0.5)
                .dense(21, Activation.SILU)
                .alphaDropout(0.3)
                .dense(20, Activation.TANH)
                .noise(0.4)
                .dense(OUT));
    return all;
  }

  static Stream<Arguments> cases() {
    return networks().keySet().stream()
        .flatMap(
            name ->
                Stream.of(3, 5, 16, 37)
                    .flatMap(
                        rows ->
                            Stream.of("vector", "scalar")
                                .map(kernels -> Arguments.of(name, rows, kernels))));
  }

  private static Kernels kernels(String name) {
    return name.equals("vector") ? Kernels.vector() : Kernels.scalar();
  }

  /** Draws parameters of order one, also those that start at 0 or 1. */
  private static void scatter(Network network, long seed) {
    Random random = new Random(seed);
    for (Matrix m : network.parameters().matrices().values()) {
      for (int r = 0; r < m.rows(); r++) {
        for (int c = 0; c < m.cols(); c++) {
          float spread = m.cols() == 1 ? 0.3f : 0.5f;
          m.set(r, c, m.get(r, c) + spread * (float) random.nextGaussian());
        }
      }
    }
  }

  private static float[][] rows(int count, int cols, long seed) {
    Random random = new Random(seed);
    float[][] x = new float[count][cols];
    for (float[] row : x) {
      for (int j = 0; j < cols; j++) {
        row[j] = (float) random.nextGaussian();
      }
    }
    return x;
  }

  private static double[][] doubles(float[][] x) {
    double[][] copy = new double[x.length][];
    for (int r = 0; r < x.length; r++) {
      copy[r] = new double[x[r].length];
      for (int c = 0; c < copy[r].length; c++) {
        copy[r][c] = x[r][c];
      }
    }
    return copy;
  }

  @ParameterizedTest(name = "{0}, {1} rows, {2}")
  @MethodSource("cases")
  void gradientsAreThoseOfCentralDifferences(String name, int rows, String kernels) {
    float[][] x = rows(rows, IN, 5);
    float[][] t = rows(rows, OUT, 6);
    try (Engine engine = new Engine(Blas.openBlas(), kernels(kernels), 2);
        Network network = networks().get(name).get().seed(3).engine(engine).build();
        Dataset data = Dataset.ofTargets(x, t)) {
      scatter(network, 7);
      ReferenceForward reference = new ReferenceForward(network);
      Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0));
      double actual = trainer.epoch(data.batchesInOrder(rows));
      readDraws(network, x, reference);
      double[][] targets = doubles(t);
      double expected = loss(reference, doubles(x), targets);
      assertEquals(expected, actual, 1e-5 * Math.max(1, expected), "loss");
      for (Map.Entry<String, Matrix> e : network.gradients().matrices().entrySet()) {
        compare(reference, e.getKey(), e.getValue().toArray(), doubles(x), targets);
      }
    }
  }

  private static double loss(ReferenceForward reference, double[][] x, double[][] t) {
    return ReferenceLoss.MSE.mean(
        reference.outputs(x), new int[x.length], t, new double[x.length][OUT]);
  }

  /** Takes what dropout and noise drew from the outputs before and behind them. */
  private static void readDraws(Network network, float[][] x, ReferenceForward reference) {
    String[] words = network.architecture().split(" ", -1);
    long stamp = network.beginStep();
    try {
      Pass pass = network.pass(x.length);
      for (int i = 0; i < network.depth(); i++) {
        if (words[i + 1].contains("dropout") || words[i + 1].startsWith("noise")) {
          float[][] after = transposed(pass.output(i).toArray());
          float[][] before = i == 0 ? x : transposed(pass.output(i - 1).toArray());
          reference.draws.put(i, draw(words[i + 1], before, after));
        }
      }
    } finally {
      network.endStep(stamp);
    }
  }

  private static float[][] transposed(float[][] x) {
    float[][] y = new float[x[0].length][x.length];
    for (int r = 0; r < x.length; r++) {
      for (int c = 0; c < x[r].length; c++) {
        y[c][r] = x[r][c];
      }
    }
    return y;
  }

  private static double[][][] draw(String word, float[][] before, float[][] after) {
    double p = Double.parseDouble(word.substring(word.indexOf(':') + 1));
    double limit = -1.7580993408473766;
    double factor = 1 / Math.sqrt((1 - p) * (1 + p * limit * limit));
    boolean alpha = word.startsWith("alpha");
    double slope = alpha ? factor : 1 / (1 - p);
    double shift = alpha ? -factor * p * limit : 0;
    double[][][] draw = new double[2][before.length][before[0].length];
    int kept = 0;
    for (int s = 0; s < before.length; s++) {
      for (int i = 0; i < before[s].length; i++) {
        if (word.startsWith("noise")) {
          draw[0][s][i] = 1;
          draw[1][s][i] = (double) after[s][i] - before[s][i];
        } else if (Math.abs(slope * before[s][i] + shift - after[s][i]) < 1e-5) {
          draw[0][s][i] = slope;
          draw[1][s][i] = shift;
          kept++;
        } else {
          double dropped = alpha ? factor * limit + shift : 0;
          assertEquals(dropped, after[s][i], 1e-6, word);
          draw[1][s][i] = after[s][i];
        }
      }
    }
    if (!word.startsWith("noise")) {
      int n = before.length * before[0].length;
      // Six standard deviations of a binomial.
      assertEquals(n * (1 - p), kept, 6 * Math.sqrt(n * p * (1 - p)), word);
    }
    return draw;
  }

  /**
   * Central differences of h = 1e-5 err by h² times third derivatives and by 1e-16 / h: below 1e-7
   * of the largest. The engine's float32 stays within 1e-5 as in the golden trajectories; batch
   * norm over two rows divides by the distance of two numbers, which cancels a digit more.
   */
  private static void compare(
      ReferenceForward reference, String name, float[][] actual, double[][] x, double[][] t) {
    double[][] p = reference.parameters.get(name);
    double[][] expected = new double[p.length][p[0].length];
    double largest = 0;
    for (int r = 0; r < p.length; r++) {
      for (int c = 0; c < p[r].length; c++) {
        double h = 1e-5;
        double old = p[r][c];
        p[r][c] = old + h;
        double up = loss(reference, x, t);
        p[r][c] = old - h;
        double down = loss(reference, x, t);
        p[r][c] = old;
        expected[r][c] = (up - down) / (2 * h);
        largest = Math.max(largest, Math.abs(expected[r][c]));
      }
    }
    double bound = 1e-5 * Math.max(largest, 0.01);
    for (int r = 0; r < p.length; r++) {
      for (int c = 0; c < p[r].length; c++) {
        assertEquals(expected[r][c], actual[r][c], bound, name + " at " + r + ", " + c);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void resultsAreTheSameOnAnyNumberOfThreads(String name) {
    float[][] expected = null;
    for (int threads : new int[] {1, 2, 4}) {
      try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads)) {
        float[][] answers = train(networks().get(name).get().engine(engine).seed(2));
        if (expected != null) {
          assertArrayEquals(expected, answers, threads + " threads");
        }
        expected = answers;
      }
    }
  }

  static Stream<String> names() {
    return networks().keySet().stream();
  }

  private static float[][] train(NetworkBuilder builder) {
    float[][] x = rows(150, IN, 8);
    try (Network network = builder.build();
        Dataset data = Dataset.ofTargets(x, rows(150, OUT, 9))) {
      Trainer trainer = new Trainer(network, Loss.MSE, new Adam(0.01f));
      for (int epoch = 0; epoch < 3; epoch++) {
        double loss = trainer.epoch(data.batches(64, epoch));
        assertTrue(Double.isFinite(loss));
      }
      return answers(network, x);
    }
  }

  private static float[][] answers(Network network, float[][] x) {
    try (Arena arena = Arena.ofShared()) {
      Matrix in = Matrix.of(arena, x);
      Matrix out = Matrix.allocate(arena, x.length, network.outputs());
      network.predict(in, out);
      return out.toArray();
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void answersDoNotDependOnTheOtherRows(String name) {
    float[][] x = rows(40, IN, 8);
    try (Network network = networks().get(name).get().build()) {
      scatter(network, 1);
      float[][] together = answers(network, x);
      for (int r = 0; r < x.length; r++) {
        float[] alone = answers(network, new float[][] {x[r]})[0];
        for (int k = 0; k < OUT; k++) {
          // Products of other shapes may round otherwise.
          assertEquals(together[r][k], alone[k], 1e-4 * Math.max(1, Math.abs(alone[k])));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void modelsComeBackFromTheirFiles(String name, @TempDir Path folder) {
    float[][] x = rows(30, IN, 8);
    Path file = folder.resolve("model.safetensors");
    try (Network network = networks().get(name).get().build();
        Dataset data = Dataset.ofTargets(x, rows(30, OUT, 9))) {
      Trainer trainer = new Trainer(network, Loss.MSE, new Adam(0.01f));
      double unused = trainer.epoch(data.batchesInOrder(10));
      Models.save(network, file);
      try (Network loaded = Models.load(file).network()) {
        assertEquals(network.architecture(), loaded.architecture());
        assertArrayEquals(answers(network, x), answers(loaded, x));
      }
    }
  }

  @Test
  void frozenLayersStayAndTheOthersLearnAsBehindThem() {
    float[][] x = rows(64, IN, 8);
    try (Network network = networks().get("batch norm").get().build();
        Dataset data = Dataset.ofTargets(x, rows(64, OUT, 9))) {
      network.freeze(2);
      Map<String, float[][]> before = copy(network);
      Trainer trainer = new Trainer(network, Loss.MSE, new Adam(0.01f));
      double first = trainer.epoch(data.batchesInOrder(64));
      double last = first;
      for (int i = 0; i < 20; i++) {
        last = trainer.epoch(data.batchesInOrder(64));
      }
      assertTrue(last < first, last + " after " + first);
      copy(network)
          .forEach(
              (name, now) -> {
                boolean frozen = name.startsWith("0.") || name.startsWith("1.");
                assertEquals(frozen, Arrays.deepEquals(before.get(name), now), name);
              });
      network.freeze(0);
      double unused = trainer.epoch(data.batchesInOrder(64));
      assertNotEquals(before.get("0.weight")[0][0], network.parameters().get("0.weight").get(0, 0));
      assertThrows(IllegalArgumentException.class, () -> network.freeze(network.depth()));
    }
  }

  private static Map<String, float[][]> copy(Network network) {
    Map<String, float[][]> all = new LinkedHashMap<>();
    network.parameters().matrices().forEach((name, m) -> all.put(name, m.toArray()));
    network.statistics().matrices().forEach((name, m) -> all.put(name, m.toArray()));
    return all;
  }

  @Test
  void wrongBlocksAreToldInALine() {
    NetworkBuilder narrow = Network.input(4).dense(8);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> narrow.residual(b -> b.dense(5)));
    assertEquals(
        "a residual block takes 8 units and its branch gives 5: end the branch with a layer of 8",
        e.getMessage());
    NetworkBuilder empty = Network.input(4).dense(8);
    assertThrows(IllegalArgumentException.class, () -> empty.residual(b -> b));
    assertThrows(IllegalArgumentException.class, () -> Network.input(4).dropout(1));
    assertThrows(
        IllegalStateException.class, () -> Network.input(4).batchNorm(Activation.TANH).noBias());
    for (String text : new String[] {"", "4", "4 x:relu", "4 [ 4:relu", "4 ]:1", "4 dropout:"}) {
      assertThrows(IllegalArgumentException.class, () -> Network.parse(text), text);
    }
  }
}
