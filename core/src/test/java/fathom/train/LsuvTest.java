package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Batches;
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
import fathom.optim.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers whose sums have variance 1 from the start, and what that is good for. */
class LsuvTest {
  private static final int IN = 20;
  private static final int ROWS = 128;

  static Stream<NetworkBuilder> deepNetworks() {
    List<NetworkBuilder> all = new ArrayList<>();
    int depth = 30;
    for (String name :
        List.of("relu", "tanh", "logistic", "elu", "selu", "gelu", "prelu", "mish")) {
      all.add(dense(depth, Activation.named(name)));
      depth += name.equals("gelu") ? 6 : 2;
    }
    NetworkBuilder norms = Network.input(IN);
    NetworkBuilder skips = Network.input(IN).dense(32);
    for (int i = 0; i < 15; i++) {
      norms.dense(32).noBias().batchNorm(Activation.RELU).dropout(0.2);
      norms.dense(32, Activation.TANH).layerNorm(Activation.IDENTITY);
      skips.residual(
          0.25f, b -> b.activation(Activation.RELU).dense(32, Activation.RELU).dense(32));
    }
    all.add(norms.dense(4));
    all.add(skips.dense(4));
    all.add(Network.sequence(IN / 2, 2).gru(12).dense(16, Activation.RELU).dense(4));
    return all.stream();
  }

  private static NetworkBuilder dense(int depth, Activation activation) {
    NetworkBuilder builder = Network.input(IN);
    for (int i = 1; i < depth; i++) {
      // Widths change, so that weights are orthonormal by rows in some layers, by columns in
      // others.
      builder.dense(i % 3 == 0 ? 40 : 32, activation, Initializer.normal(0.01));
    }
    return builder.dense(4);
  }

  /**
   * The variance is measured anew in double precision, from the engine's own outputs of the layer
   * below: a sum of 40 products in single precision is off by less than 40 * 6e-8 of the sum of
   * their sizes, itself at most sqrt(40) times the deviation or so, and the variance by twice that.
   */
  @ParameterizedTest
  @MethodSource("deepNetworks")
  void sumsHaveVarianceOneWithinTheTolerance(NetworkBuilder builder) {
    for (double tolerance : new double[] {Lsuv.TOLERANCE, 1e-3}) {
      try (Network network = builder.seed(3).build();
          Dataset data = rows(1)) {
        Map<String, float[][]> kept = copy(network.statistics().matrices());
        List<Lsuv.Scaled> done = initialize(network, data, tolerance);
        assertSame(kept, copy(network.statistics().matrices()));
        long layers = network.weightNames().stream().filter(n -> n.endsWith(".weight")).count();
        assertEquals(layers, done.size());
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0));
        double unused = trainer.epoch(data.batchesInOrder(ROWS));
        for (Lsuv.Scaled layer : done) {
          double variance = variance(network, layer);
          assertEquals(layer.variance(), variance, 1e-4, layer.toString());
          assertEquals(1, variance, tolerance + 1e-4, layer.toString());
          assertEquals(layer.scale() == 1, layer.trials() == 0, layer.toString());
          // A product is linear: once is enough, and a second time makes up for rounding.
          assertTrue(layer.trials() <= 2, layer.toString());
          requireOrthonormal(network.parameters().get(layer.weight()), layer);
        }
      }
    }
  }

  private static double variance(Network network, Lsuv.Scaled layer) {
    Matrix w = network.parameters().get(layer.weight());
    float[][] x = LayersTest.rows(ROWS, IN, 1);
    double sum = 0;
    double squares = 0;
    long stamp = network.beginStep();
    try {
      Pass pass = network.pass(ROWS);
      Matrix below = layer.layer() == 0 ? null : pass.output(layer.layer() - 1);
      for (int s = 0; s < ROWS; s++) {
        for (int i = 0; i < w.rows(); i++) {
          double z = 0;
          for (int j = 0; j < w.cols(); j++) {
            z += (double) w.get(i, j) * (below == null ? x[s][j] : below.get(j, s));
          }
          sum += z;
          squares += z * z;
        }
      }
    } finally {
      network.endStep(stamp);
    }
    double count = (double) ROWS * w.rows();
    return squares / count - sum / count * (sum / count);
  }

  /** Rows or columns, whichever are fewer, are orthogonal and as long as the scale. */
  private static void requireOrthonormal(Matrix w, Lsuv.Scaled layer) {
    boolean byRows = w.rows() <= w.cols();
    int count = Math.min(w.rows(), w.cols());
    double square = layer.scale() * layer.scale();
    for (int i = 0; i < count; i++) {
      for (int j = 0; j <= i; j++) {
        double dot = 0;
        for (int k = 0; k < Math.max(w.rows(), w.cols()); k++) {
          dot += byRows ? (double) w.get(i, k) * w.get(j, k) : (double) w.get(k, i) * w.get(k, j);
        }
        // Forty numbers in single precision.
        assertEquals(i == j ? square : 0, dot, 1e-5 * square, layer.toString());
      }
    }
  }

  private static Dataset rows(float factor) {
    float[][] x = LayersTest.rows(ROWS, IN, 1);
    for (float[] row : x) {
      for (int j = 0; j < row.length; j++) {
        row[j] *= factor;
      }
    }
    return Dataset.ofTargets(x, LayersTest.rows(ROWS, 4, 2));
  }

  private static List<Lsuv.Scaled> initialize(Network network, Dataset data, double tolerance) {
    try (Batches.Iteration batches = data.batchesInOrder(ROWS).iterator()) {
      return Lsuv.initialize(network, batches.next(), tolerance, Lsuv.TRIALS);
    }
  }

  private static Map<String, float[][]> copy(Map<String, Matrix> matrices) {
    Map<String, float[][]> all = new LinkedHashMap<>();
    matrices.forEach((name, m) -> all.put(name, m.toArray()));
    return all;
  }

  private static void assertSame(Map<String, float[][]> expected, Map<String, float[][]> actual) {
    expected.forEach((name, m) -> assertTrue(Arrays.deepEquals(m, actual.get(name)), name));
  }

  @Test
  void weightsAreTheSameOnAnyNumberOfThreads() {
    Map<String, float[][]> expected = null;
    for (int threads : new int[] {1, 2, 4}) {
      try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
          Network network = dense(12, Activation.TANH).engine(engine).seed(5).build();
          Dataset data = rows(1)) {
        List<Lsuv.Scaled> unused = initialize(network, data, 1e-3);
        Map<String, float[][]> weights = copy(network.parameters().matrices());
        if (expected != null) {
          assertSame(expected, weights);
        }
        expected = weights;
      }
    }
  }

  @Test
  void whatIsNoDenseLayerThatLearnsStaysAsItIs() {
    try (Network network =
            Network.input(IN)
                .dense(16, Activation.RELU)
                .dense(16)
                .noBias()
                .batchNorm(Activation.PRELU)
                .dense(4)
                .build();
        Dataset data = rows(1)) {
      LayersTest.scatter(network, 4);
      network.freeze(1);
      Map<String, float[][]> before = copy(network.parameters().matrices());
      List<Lsuv.Scaled> done = initialize(network, data, Lsuv.TOLERANCE);
      assertEquals(List.of("2.weight", "5.weight"), done.stream().map(d -> d.weight()).toList());
      Map<String, float[][]> after = copy(network.parameters().matrices());
      for (String name : List.of("0.weight", "0.bias", "3.weight", "3.bias", "4.weight")) {
        assertTrue(Arrays.deepEquals(before.get(name), after.get(name)), name);
      }
      assertArrayEquals(new float[4][1], after.get("5.bias"));
    }
  }

  @Test
  void tinyAndHugeInputsAreScaledToo() {
    for (float factor : new float[] {1e-30f, 1e-3f, 1e15f}) {
      try (Network network = dense(5, Activation.RELU).build();
          Dataset data = rows(factor)) {
        for (Lsuv.Scaled layer : initialize(network, data, Lsuv.TOLERANCE)) {
          assertEquals(1, layer.variance(), Lsuv.TOLERANCE, layer.toString());
        }
      }
    }
  }

  @Test
  void whatCannotBeScaledIsToldAndTheNetworkIsAsItWas() {
    try (Network network = dense(5, Activation.RELU).build();
        Network norms = Network.input(IN).batchNorm(Activation.TANH).build();
        Dataset data = rows(1);
        Dataset zeros = rows(0);
        Dataset narrow = Dataset.ofTargets(new float[4][3], new float[4][4])) {
      Map<String, float[][]> before = copy(network.parameters().matrices());
      refuse(
          "LSUV cannot scale layer 0 (32 relu): its sums have variance 0.0", network, zeros, 0.1);
      assertSame(before, copy(network.parameters().matrices()));
      refuse("rows of 3 numbers, the network takes rows of 20", network, narrow, 0.1);
      refuse("dense layers that learn, and this network has none", norms, data, 0.1);
      refuse("a tolerance above 0 and below 1 and at least 1 trial", network, data, 0);
      refuse("a tolerance above 0 and below 1 and at least 1 trial", network, data, Double.NaN);
      assertSame(before, copy(network.parameters().matrices()));
    }
  }

  private static void refuse(String part, Network network, Dataset data, double tolerance) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> initialize(network, data, tolerance));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
