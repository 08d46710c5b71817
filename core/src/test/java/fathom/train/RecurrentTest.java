package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import fathom.nn.ReferenceForward;
import fathom.optim.Adam;
import fathom.optim.Clipping;
import fathom.optim.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Recurrent layers: gradients through time, threads, memory, and what a wrong word is told. */
class RecurrentTest {
  private static final int FEATURES = 3;

  private static NetworkBuilder add(NetworkBuilder builder, String kind, int units) {
    return switch (kind) {
      case "tanh" -> builder.rnn(units);
      case "relu" -> builder.rnn(units, Activation.RELU);
      case "gru" -> builder.gru(units);
      case "lstm" -> builder.lstm(units);
      default -> throw new AssertionError(kind);
    };
  }

  static Stream<Arguments> cases() {
    return Stream.of("tanh", "relu", "gru", "lstm")
        .flatMap(
            kind ->
                Stream.of(1, 2, 7)
                    .flatMap(
                        steps -> Stream.of(1, 3, 16).map(rows -> Arguments.of(kind, steps, rows))));
  }

  @ParameterizedTest(name = "{0}, {1} steps, {2} rows")
  @MethodSource("cases")
  void gradientsAreThoseOfCentralDifferences(String kind, int steps, int rows) {
    for (int depth = 1; depth <= 2; depth++) {
      NetworkBuilder builder = Network.sequence(steps, FEATURES);
      for (int i = 0; i < depth; i++) {
        add(builder, kind, 5 - i);
      }
      compareGradients(builder.dense(LayersTest.OUT), rows);
    }
  }

  /** States where the reference cuts are constants of its differences. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 6, 7, 8})
  void truncatedGradientsAreThoseOfHeldStates(int window) {
    for (String kind : List.of("tanh", "gru", "lstm")) {
      NetworkBuilder builder = add(Network.sequence(7, FEATURES).truncate(window), kind, 4);
      compareGradients(add(builder, kind, 5).dense(LayersTest.OUT), 3);
    }
  }

  /** What both families of kernels find against the same differences. */
  private static void compareGradients(NetworkBuilder builder, int rows) {
    Map<String, double[][]> expected = null;
    for (Kernels kernels : List.of(Kernels.vector(), Kernels.scalar())) {
      try (Engine engine = new Engine(Blas.openBlas(), kernels, 2);
          Network network = builder.seed(3).engine(engine).build()) {
        float[][] x = LayersTest.rows(rows, network.inputs(), 5);
        float[][] t = LayersTest.rows(rows, LayersTest.OUT, 6);
        LayersTest.scatter(network, 7);
        double[][] inputs = LayerGradientsTest.doubles(x);
        double[][] targets = LayerGradientsTest.doubles(t);
        ReferenceForward reference = new ReferenceForward(network);
        reference.hold(inputs);
        if (expected == null) {
          expected = LayerGradientsTest.differences(reference, inputs, targets);
        }
        String what = network.architecture() + ", " + kernels.name();
        try (Dataset data = Dataset.ofTargets(x, t)) {
          double found =
              new Trainer(network, Loss.MSE, new Sgd(0))
                  .keepGradients(true)
                  .epoch(data.batchesInOrder(rows));
          double loss = LayerGradientsTest.loss(reference, inputs, targets);
          assertEquals(loss, found, 1e-5 * Math.max(1, loss), what);
          LayerGradientsTest.compare(expected, network, what);
        }
      }
    }
  }

  private static NetworkBuilder large(String kind) {
    return add(add(Network.sequence(6, 40), kind, 96), kind, 130).truncate(4).dense(4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tanh", "relu", "gru", "lstm"})
  void lossesAndWeightsAreTheSameOnOneTwoAndFourThreads(String kind) {
    float[][] x = LayersTest.rows(100, 240, 8);
    float[][] t = LayersTest.rows(100, 4, 9);
    for (Clipping clipping : List.of(Clipping.none(), Clipping.byNorm(0.1f))) {
      byte[] expected = null;
      for (int threads : new int[] {1, 2, 4}) {
        try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
            Network network = large(kind).engine(engine).build();
            Dataset data = Dataset.ofTargets(x, t)) {
          Trainer trainer = new Trainer(network, Loss.MSE, new Adam(1e-2f)).clipping(clipping);
          for (int epoch = 0; epoch < 3; epoch++) {
            assertTrue(Double.isFinite(trainer.epoch(data.batches(64, epoch))));
          }
          byte[] weights = network.parameters().segment().toArray(ValueLayout.JAVA_BYTE);
          if (expected != null) {
            assertArrayEquals(expected, weights, kind + ", " + clipping + ", " + threads);
          }
          expected = weights;
        }
      }
    }
  }

  /** What learns on the way back is what would learn after it. */
  @ParameterizedTest
  @ValueSource(strings = {"tanh", "gru", "lstm"})
  void aStepOnTheWayIsAStepAfterwards(String kind) {
    float[][] x = LayersTest.rows(70, 240, 8);
    float[][] t = LayersTest.rows(70, 4, 9);
    float[] weights = null;
    // A limit that no gradient passes measures all, and so leaves learning to the end.
    for (Clipping clipping : List.of(Clipping.none(), Clipping.byNorm(1e9f))) {
      try (Network network = large(kind).build();
          Dataset data = Dataset.ofTargets(x, t)) {
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0.1f)).clipping(clipping);
        double unused = trainer.epoch(data.batchesInOrder(35));
        float[] now = network.parameters().segment().toArray(ValueLayout.JAVA_FLOAT);
        if (weights != null) {
          assertArrayEquals(weights, now, kind);
        }
        weights = now;
      }
    }
  }

  @Test
  void frozenLayersStayAndTheOneAboveLearns() {
    try (Network network = Network.sequence(5, 3).gru(7).lstm(8).dense(4).build();
        Dataset data = Dataset.ofTargets(LayersTest.rows(30, 15, 1), LayersTest.rows(30, 4, 2))) {
      network.freeze(1);
      float[][] frozen = network.parameters().get("0.weight_hh_l0").toArray();
      float[][] free = network.parameters().get("1.weight_hh_l0").toArray();
      double unused = new Trainer(network, Loss.MSE, new Adam(0.01f)).epoch(data.batchesInOrder(9));
      assertArrayEquals(frozen, network.parameters().get("0.weight_hh_l0").toArray());
      assertNotEquals(free[2][1], network.parameters().get("1.weight_hh_l0").get(2, 1));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tanh", "gru", "lstm"})
  void aStepAndAnAnswerAllocateNothing(String kind) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long me = Thread.currentThread().threadId();
    try (Network network = add(Network.sequence(4, 3), kind, 16).dense(2).build();
        Dataset data = Dataset.ofTargets(LayersTest.rows(16, 12, 1), LayersTest.rows(16, 2, 2));
        Arena arena = Arena.ofConfined()) {
      Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0)).keepGradients(true);
      Matrix one = data.inputs().rows(0, 1);
      Matrix y = Matrix.allocate(arena, 1, 2);
      Batch batch = data.batchesInOrder(16).iterator().next();
      // Until all is compiled, vectors are boxed; how soon that is depends on the machine.
      double perStep = Double.POSITIVE_INFINITY;
      for (int round = 0; round < 100 && perStep >= 1; round++) {
        long before = threads.getThreadAllocatedBytes(me);
        for (int i = 0; i < 1000; i++) {
          double unused = trainer.step(batch);
          network.predict(one, y);
        }
        perStep = (threads.getThreadAllocatedBytes(me) - before) / 1000.0;
      }
      assertTrue(perStep < 1, perStep + " bytes allocated per step and answer");
    }
  }

  @Test
  void weightsStartAsAsked() {
    try (Network irnn =
            Network.sequence(4, 3)
                .rnn(6, Activation.RELU)
                .recurrent(Initializer.identity(0.5))
                .lstm(5)
                .gru(4)
                .build();
        Network gated = Network.sequence(4, 3).lstm(5).forgetBias(2).build()) {
      float[][] w = irnn.parameters().get("0.weight_hh_l0").toArray();
      for (int r = 0; r < 6; r++) {
        for (int c = 0; c < 6; c++) {
          assertEquals(r == c ? 0.5f : 0, w[r][c]);
        }
      }
      assertOrthogonal(irnn.parameters().get("1.weight_hh_l0").toArray(), 5);
      assertOrthogonal(irnn.parameters().get("2.weight_hh_l0").toArray(), 4);
      for (int r = 0; r < 20; r++) {
        boolean forget = r >= 5 && r < 10;
        assertEquals(forget ? 1 : 0, irnn.parameters().get("1.bias_ih_l0").get(r, 0));
        assertEquals(0, irnn.parameters().get("1.bias_hh_l0").get(r, 0));
        assertEquals(forget ? 2 : 0, gated.parameters().get("0.bias_ih_l0").get(r, 0));
      }
    }
  }

  /** Each gate's rows: 1e-6 is some roundings of numbers below 1. */
  private static void assertOrthogonal(float[][] w, int units) {
    for (int r = 0; r < w.length; r++) {
      for (int q = r / units * units; q < (r / units + 1) * units; q++) {
        double dot = 0;
        for (int c = 0; c < units; c++) {
          dot += (double) w[r][c] * w[q][c];
        }
        assertEquals(r == q ? 1 : 0, dot, 1e-6);
      }
    }
  }

  @Test
  void namesAndShapesArePyTorchs() {
    Map<String, List<Long>> shapes = Network.sequence(4, 3).lstm(5).gru(6).dense(2).tensors();
    assertEquals(
        Map.of(
            "0.weight_ih_l0", List.of(20L, 3L),
            "0.weight_hh_l0", List.of(20L, 5L),
            "0.bias_ih_l0", List.of(20L),
            "0.bias_hh_l0", List.of(20L),
            "1.weight_ih_l0", List.of(18L, 5L),
            "1.weight_hh_l0", List.of(18L, 6L),
            "1.bias_ih_l0", List.of(18L),
            "1.bias_hh_l0", List.of(18L),
            "2.weight", List.of(2L, 6L),
            "2.bias", List.of(2L)),
        shapes);
  }

  @Test
  void whatDoesNotFitIsToldInALine() {
    NetworkBuilder rows = Network.input(12);
    String message = assertThrows(IllegalArgumentException.class, () -> rows.rnn(4)).getMessage();
    assertEquals(
        "a recurrent layer needs a sequence: start with Network.sequence(steps, features) and a"
            + " recurrent layer, and put none into a residual block",
        message);
    NetworkBuilder behind = Network.sequence(3, 4).dense(6);
    assertThrows(IllegalArgumentException.class, () -> behind.lstm(7));
    NetworkBuilder block = Network.sequence(3, 4).gru(5);
    assertThrows(IllegalArgumentException.class, () -> block.residual(b -> b.lstm(5)));
    NetworkBuilder wide = Network.sequence(1 << 20, 1).gru(5).dense(1 << 10);
    assertThrows(IllegalArgumentException.class, () -> wide.lstm(1));
    NetworkBuilder gelu = Network.sequence(3, 4);
    assertThrows(IllegalArgumentException.class, () -> gelu.rnn(5, Activation.GELU));
    NetworkBuilder gru = Network.sequence(3, 4).gru(5);
    assertThrows(IllegalStateException.class, () -> gru.forgetBias(1));
    assertThrows(IllegalStateException.class, () -> rows.recurrent(Initializer.IDENTITY));
    assertThrows(IllegalArgumentException.class, () -> gru.truncate(0));
    assertThrows(IllegalArgumentException.class, () -> Network.sequence(0, 4));
    assertThrows(IllegalArgumentException.class, () -> Network.sequence(1 << 20, 1 << 20));
    for (String text :
        new String[] {"3x", "3x4 rnn:tanh", "3x4 gru:", "12 lstm:4", "3x4 gru:5:0"}) {
      assertThrows(IllegalArgumentException.class, () -> Network.parse(text), text);
    }
    for (String text :
        new String[] {
          "3x4 rnn:relu:5:2 gru:6 lstm:7:1 2:identity",
          "3x4 lstm:7",
          "3x4 gru:5 6:relu dropout:0.5 lstm:7"
        }) {
      try (Network network = Network.parse(text).build()) {
        assertEquals(text, network.architecture().toString());
      }
    }
  }
}
