package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.nn.Pass;
import fathom.optim.Adam;
import fathom.optim.Clipping;
import fathom.optim.Sgd;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks that compute outputs again on the way back do what those do that keep them. */
class RecomputationTest {
  private static final int ROWS = 70;

  /** The networks of all layers, and some deeper ones whose runs are cut in several places. */
  static Map<String, Supplier<NetworkBuilder>> networks() {
    Map<String, Supplier<NetworkBuilder>> all = new LinkedHashMap<>(LayersTest.networks());
    all.put("plain", () -> stack(11));
    all.put(
        "blocks",
        () -> {
          NetworkBuilder builder = Network.input(LayersTest.IN).dense(16, Activation.GELU);
          for (int i = 0; i < 6; i++) {
            builder.residual(0.4f, b -> b.dense(12, Activation.TANH).dropout(0.1).dense(16));
            builder.batchNorm(Activation.RELU);
          }
          return builder.dense(LayersTest.OUT);
        });
    all.put(
        "a block around many layers",
        () ->
            stack(3)
                .residual(
                    b -> {
                      for (int i = 0; i < 9; i++) {
                        b.dense(LayersTest.OUT, Activation.SILU).layerNorm(Activation.TANH);
                      }
                      return b.residual(c -> c.dense(LayersTest.OUT)).dense(LayersTest.OUT);
                    })
                .dense(LayersTest.OUT));
    all.put(
        "recurrent below a stack",
        () ->
            Network.sequence(LayersTest.IN, 1)
                .gru(5)
                .lstm(6)
                .dense(7, Activation.MISH)
                .dense(8, Activation.TANH)
                .batchNorm(Activation.PRELU)
                .dense(7, Activation.TANH)
                .dense(9, Activation.ELU)
                .dense(LayersTest.OUT));
    return all;
  }

  private static NetworkBuilder stack(int depth) {
    NetworkBuilder builder = Network.input(LayersTest.IN);
    for (int i = 0; i < depth; i++) {
      builder.dense(13 + i % 3, i % 2 == 0 ? Activation.TANH : Activation.GELU);
    }
    return builder.dense(LayersTest.OUT);
  }

  static Stream<String> names() {
    return networks().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void allNumbersAreTheSameBits(String name) {
    for (int threads : new int[] {1, 2, 4}) {
      try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads)) {
        Map<String, float[][]> expected = train(name, engine, 1, 0, Clipping.none());
        for (int every : new int[] {0, 2, 3, 5, 100}) {
          assertSame(
              name + ", every " + every + ", " + threads + " threads",
              expected,
              train(name, engine, every, 0, Clipping.none()));
        }
        assertSame(
            name + ", clipped",
            train(name, engine, 1, 0, Clipping.byNorm(0.5f)),
            train(name, engine, 3, 0, Clipping.byNorm(0.5f)));
        assertSame(
            name + ", frozen below",
            train(name, engine, 1, 2, Clipping.none()),
            train(name, engine, 2, 2, Clipping.none()));
      }
    }
  }

  /** Trains, with batches of two sizes, and returns what was learnt and kept, and the gradients. */
  private static Map<String, float[][]> train(
      String name, Engine engine, int every, int frozen, Clipping clipping) {
    float[][] x = LayersTest.rows(ROWS, LayersTest.IN, 8);
    float[][] t = LayersTest.rows(ROWS, LayersTest.OUT, 9);
    try (Network network = networks().get(name).get().engine(engine).seed(2).build();
        Dataset data = Dataset.ofTargets(x, t);
        Trainer trainer = new Trainer(network, Loss.MSE, new Adam(0.01f)).clipping(clipping)) {
      network.freeze(frozen);
      if (every == 0) {
        network.recompute();
      } else {
        network.recompute(every);
      }
      for (int epoch = 0; epoch < 3; epoch++) {
        double loss = trainer.epoch(data.batches(32, epoch));
        assertTrue(Double.isFinite(loss));
      }
      Map<String, float[][]> all = new LinkedHashMap<>();
      network.parameters().matrices().forEach((n, m) -> all.put(n, m.toArray()));
      network.statistics().matrices().forEach((n, m) -> all.put(n, m.toArray()));
      return all;
    }
  }

  private static void assertSame(
      String what, Map<String, float[][]> expected, Map<String, float[][]> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, m) -> assertArrayEquals(m, actual.get(name), what + ": " + name));
  }

  @ParameterizedTest
  @MethodSource("names")
  void gradientsAreTheSameBits(String name) {
    assertSame(name, gradients(name, 1), gradients(name, 3));
  }

  private static Map<String, float[][]> gradients(String name, int every) {
    float[][] x = LayersTest.rows(ROWS, LayersTest.IN, 8);
    try (Network network = networks().get(name).get().seed(2).build();
        Dataset data = Dataset.ofTargets(x, LayersTest.rows(ROWS, LayersTest.OUT, 9));
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0)).detectAnomalies(true)) {
      network.recompute(every);
      double unused = trainer.epoch(data.batchesInOrder(ROWS));
      Map<String, float[][]> all = new LinkedHashMap<>();
      network.gradients().matrices().forEach((n, m) -> all.put(n, m.toArray()));
      return all;
    }
  }

  /**
   * A net of L alike layers keeps L outputs, and with recomputation those of L / k layers and of
   * the k - 1 between two of them. What else there is, gradients on their way, is alike.
   */
  @Test
  void memoryGrowsAsTheSquareRootOfDepth() {
    long output = 32L * ROWS * Float.BYTES;
    for (int root : new int[] {4, 8, 16}) {
      int depth = root * root;
      long saved = (depth - (2 * root - 1)) * output;
      assertEquals(saved, bytes(depth, 1) - bytes(depth, 0), "depth " + depth);
      // The last layer is kept whatever k is.
      assertEquals(bytes(depth, 1), bytes(depth, 10_000), "depth " + depth);
      assertEquals(2L * root * output, bytes(4 * depth, 0) - bytes(depth, 0), "depth " + depth);
    }
  }

  private static long bytes(int depth, int every) {
    int width = 32;
    int batch = ROWS;
    NetworkBuilder builder = Network.input(width);
    for (int i = 0; i < depth; i++) {
      builder.dense(width, Activation.TANH, Initializer.ORTHOGONAL);
    }
    float[][] x = LayersTest.rows(batch, width, 1);
    try (Network network = builder.build();
        Dataset data = Dataset.ofTargets(x, x);
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(1e-3f))) {
      if (every == 0) {
        network.recompute();
      } else {
        network.recompute(every);
      }
      double unused = trainer.epoch(data.batchesInOrder(batch));
      return pass(network, batch).bytes();
    }
  }

  private static Pass pass(Network network, int batch) {
    long stamp = network.beginStep();
    try {
      return network.pass(batch);
    } finally {
      network.endStep(stamp);
    }
  }

  @Test
  void aStepAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long me = Thread.currentThread().threadId();
    NetworkBuilder builder = Network.input(LayersTest.IN);
    for (int i = 0; i < 6; i++) {
      builder.dense(20, Activation.RELU);
    }
    float[][] x = LayersTest.rows(64, LayersTest.IN, 1);
    try (Network network = builder.dense(LayersTest.OUT).build();
        Dataset data = Dataset.ofTargets(x, LayersTest.rows(64, LayersTest.OUT, 2));
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(1e-4f))) {
      network.recompute();
      Batch batch = data.batchesInOrder(64).iterator().next();
      // Until all is compiled, vectors are boxed; how soon that is depends on the machine.
      double perStep = Double.POSITIVE_INFINITY;
      for (int round = 0; round < 50 && perStep >= 1; round++) {
        long before = threads.getThreadAllocatedBytes(me);
        for (int i = 0; i < 3000; i++) {
          double unused = trainer.step(batch);
        }
        perStep = (threads.getThreadAllocatedBytes(me) - before) / 3000.0;
      }
      assertTrue(perStep < 1, perStep + " bytes allocated per step");
    }
  }

  @Test
  void outputsThatOthersWriteOverAreNoneToLookAt() {
    try (Network network = stack(8).build()) {
      network.recompute(3);
      Pass pass = pass(network, 4);
      for (int layer = 0; layer < network.depth(); layer++) {
        boolean kept = layer % 3 == 2;
        assertEquals(!kept, pass.isShared(layer), "layer " + layer);
        assertEquals(kept, pass.isKept(layer), "layer " + layer);
      }
      assertThrows(IllegalArgumentException.class, () -> network.recompute(0));
    }
  }

  /** The layer whose weights are spoilt is named, though its output was written over. */
  @Test
  void theFirstLayerThatIsNotFiniteIsNamed() {
    float[][] x = LayersTest.rows(16, LayersTest.IN, 1);
    for (int spoilt = 0; spoilt < 10; spoilt++) {
      NetworkBuilder builder = Network.input(LayersTest.IN);
      for (int i = 0; i < 9; i++) {
        builder.dense(12, Activation.RELU);
      }
      try (Network network = builder.dense(LayersTest.OUT).build();
          Dataset data = Dataset.ofTargets(x, LayersTest.rows(16, LayersTest.OUT, 2));
          Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0.01f))) {
        network.recompute();
        Matrix bias = network.parameters().get(network.layer(spoilt).parameterNames().get(1));
        bias.set(0, 0, Float.POSITIVE_INFINITY);
        Batch batch = data.batchesInOrder(16).iterator().next();
        TrainingDivergedException e =
            assertThrows(TrainingDivergedException.class, () -> trainer.step(batch));
        assertTrue(
            e.getMessage().contains("the output of layer " + (spoilt + 1) + " of 10"),
            e.getMessage());
        assertFalse(e.getMessage().contains("not kept"));
      }
    }
  }
}
