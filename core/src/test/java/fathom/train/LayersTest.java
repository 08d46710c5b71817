package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Adam;
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
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Layers between the dense ones: threads, files, and what differs between training, inference and
 * frozen layers.
 */
class LayersTest {
  static final int IN = 11;
  static final int OUT = 4;

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
        "recurrent",
        () ->
            Network.sequence(IN, 1)
                .rnn(4)
                .gru(3)
                .lstm(3)
                .truncate(4)
                .layerNorm(Activation.TANH)
                .dense(OUT));
    all.put(
        "between recurrent layers",
        () ->
            Network.sequence(IN, 1)
                .rnn(5)
                .dropout(0.3)
                .dense(6, Activation.GELU)
                .gru(4)
                .activation(Activation.SOFTPLUS)
                .noise(0.1)
                .lstm(3)
                .truncate(5)
                .dense(OUT));
    all.put(
        "norms and skips between recurrent layers",
        () ->
            Network.sequence(IN, 1)
                .gru(4)
                .residual(0.5f, b -> b.layerNorm(Activation.TANH).dense(4, Activation.PRELU))
                .dense(7)
                .noBias()
                .batchNorm(Activation.SILU)
                .rnn(4)
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

  /** Draws parameters of order one, also those that start at 0 or 1. */
  static void scatter(Network network, long seed) {
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

  static float[][] rows(int count, int cols, long seed) {
    Random random = new Random(seed);
    float[][] x = new float[count][cols];
    for (float[] row : x) {
      for (int j = 0; j < cols; j++) {
        row[j] = (float) random.nextGaussian();
      }
    }
    return x;
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
        assertEquals(network.architecture().toString(), loaded.architecture().toString());
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
