package fathom.lab.probe;

import static fathom.lab.LabBench.engine;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.nn.ReferenceForward;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a probe measures, against definitions in double precision. */
class ProbeTest {
  private static final int N = 12;
  private static final int B = 5;

  /** Hidden layers between a first and a last dense layer whose weights are made identities. */
  private static final Map<String, UnaryOperator<NetworkBuilder>> NETS =
      Map.of(
          "plain",
          b -> b.dense(N, Activation.TANH).dense(N, Activation.GELU).dense(N, Activation.SELU),
          "rectified",
          b -> b.dense(N, Activation.RELU).dense(N, Activation.LEAKY_RELU),
          "batch norm",
          b ->
              b.batchNorm(Activation.TANH)
                  .dense(N)
                  .noBias()
                  .batchNorm(Activation.SILU)
                  .dense(N, Activation.TANH),
          "layer norm",
          b -> b.layerNorm(Activation.TANH).dense(N).layerNorm(Activation.SOFTPLUS),
          "residual",
          b ->
              b.activation(Activation.TANH)
                  .residual(0.5f, c -> c.dense(N, Activation.TANH).dense(N))
                  .residual(c -> c.layerNorm(Activation.MISH).dense(N))
                  .residual(0.7f, c -> c.batchNorm(Activation.TANH).residual(d -> d.dense(N))),
          "learnt slope",
          b -> b.dense(N, Activation.PRELU).activation(Activation.PRELU).dense(N));

  static Set<String> nets() {
    return NETS.keySet();
  }

  /** With the first and the last layer out of the way, outputs by inputs are J. */
  private static Network build(String net, Engine engine) {
    Network network =
        NETS.get(net).apply(Network.input(N).dense(N)).dense(N).seed(3).engine(engine).build();
    Random random = new Random(7);
    List<Matrix> all = new ArrayList<>(network.parameters().matrices().values());
    for (Matrix m : all) {
      for (int r = 0; r < m.rows(); r++) {
        for (int c = 0; c < m.cols(); c++) {
          m.set(r, c, m.get(r, c) + 0.3f * (float) random.nextGaussian());
        }
      }
    }
    identity(all.get(0), all.get(1));
    identity(all.get(all.size() - 2), all.get(all.size() - 1));
    return network;
  }

  private static void identity(Matrix weight, Matrix bias) {
    for (int r = 0; r < N; r++) {
      bias.set(r, 0, 0);
      for (int c = 0; c < N; c++) {
        weight.set(r, c, r == c ? 1 : 0);
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

  /** Builds J of the whole batch by central differences: rows and columns are sample by unit. */
  private static double[][] jacobian(Network network, float[][] x) {
    ReferenceForward reference = new ReferenceForward(network);
    double[][] at = new double[B][N];
    for (int s = 0; s < B; s++) {
      for (int k = 0; k < N; k++) {
        at[s][k] = x[s][k];
      }
    }
    double[][] j = new double[B * N][B * N];
    double h = 1e-5;
    for (int column = 0; column < B * N; column++) {
      int s = column / N;
      int k = column % N;
      double x0 = at[s][k];
      at[s][k] = x0 + h;
      double[][] high = reference.outputs(at);
      at[s][k] = x0 - h;
      double[][] low = reference.outputs(at);
      at[s][k] = x0;
      for (int row = 0; row < B * N; row++) {
        j[row][column] = (high[row / N][row % N] - low[row / N][row % N]) / (2 * h);
      }
    }
    return j;
  }

  private static double[][] gram(double[][] j) {
    int n = j.length;
    double[][] gram = new double[n][n];
    for (int a = 0; a < n; a++) {
      for (int b = 0; b < n; b++) {
        for (int k = 0; k < n; k++) {
          gram[a][b] += j[a][k] * j[b][k];
        }
      }
    }
    return gram;
  }

  /**
   * Power iteration stops when a round adds less than 1e-4. With a ratio r of the first two squared
   * values, what is missing is then below 1e-4 / (1 - r), and never more than about 1 - r: so below
   * sqrt(1e-4), a hundredth. Singular values of two matrices differ by no more than the norm of
   * their difference: at most eight products of twelve terms, and as many slopes, are rounded in
   * single precision, 12 x 2^-24 of the norm that is there each, 1e-5 in all; the norms of layers
   * multiply up to some times their product's, and 1e-4 of that is allowed.
   */
  @ParameterizedTest
  @MethodSource("nets")
  void singularValuesAreThoseOfTheBuiltMatrix(String net) {
    float[][] x = rows(B, N, 5);
    try (Engine engine = engine(2);
        Network network = build(net, engine);
        Arena arena = Arena.ofConfined()) {
      double[][] built = jacobian(network, x);
      double[] expected = SingularValues.of(built);
      double largest = expected[0];
      assertArrayEquals(expected, new Probe(network).spectrum(Matrix.of(arena, x)), 1e-4 * largest);
      double[][] gram = gram(built);
      Jacobian found = new Probe(network).sound(Matrix.of(arena, x), 1).jacobian();
      assertTrue(found.largest() < largest * (1 + 1e-4), found + " of " + largest);
      assertTrue(found.largest() > largest * (1 - 1e-2), found + " of " + largest);
      double trace = 0;
      double spread = 0;
      for (int a = 0; a < gram.length; a++) {
        trace += gram[a][a];
        for (int b = 0; b < gram.length; b++) {
          spread += a == b ? 0 : 2 * gram[a][b] * gram[a][b];
        }
      }
      // Var(uᵀ M u) = 2 sum of M_ab², a != b, for random signs; five deviations of the mean of 8.
      double deviation = Math.sqrt(spread / 8) / (B * N);
      assertEquals(trace / (B * N), found.meanSquare(), 5 * deviation + 1e-4, found.toString());
      assertTrue(found.meanSquareError() < 4 * deviation, found + " of " + deviation);
    }
  }

  @Test
  void orthogonalLinearLayersHaveSingularValuesOfOne() {
    NetworkBuilder deep = Network.input(20);
    for (int i = 0; i < 50; i++) {
      deep.dense(40, Activation.IDENTITY, Initializer.ORTHOGONAL);
    }
    try (Network network = deep.dense(3).build();
        Arena arena = Arena.ofConfined()) {
      Sounding sounding = new Probe(network).sound(Matrix.of(arena, rows(4, 20, 5)), 1);
      // Each of 50 products of 40 terms rounds by some 2^-24 sqrt(40), in independent directions.
      assertEquals(1, sounding.jacobian().largest(), 1e-4);
      assertEquals(1, sounding.jacobian().meanSquare(), 1e-4);
      assertEquals(1, sounding.gradientRatio(), 1e-4);
      assertEquals(1, sounding.chi(), 1e-4);
    }
  }

  /** With one sample a bias's gradient is the gradient by the layer's sums. */
  @Test
  void gradientsAreThoseByTheSums() {
    float[][] x = rows(1, 9, 5);
    try (Network network =
            Network.input(9)
                .dense(14, Activation.TANH)
                .residual(b -> b.dense(14, Activation.GELU).dense(14))
                .dense(11)
                .layerNorm(Activation.RELU)
                .dense(4)
                .seed(2)
                .build();
        Dataset data = Dataset.ofLabels(x, new int[] {2}, 4)) {
      Sounding sounding = null;
      for (Batch batch : data.batchesInOrder(1)) {
        sounding = new Probe(network).withoutJacobian().sound(batch, Loss.SOFTMAX_CROSS_ENTROPY);
      }
      int compared = 0;
      for (LayerSounding layer : sounding.layers()) {
        if (Double.isNaN(layer.weightGradientNorm())) {
          continue;
        }
        List<String> names = network.layer(layer.layer()).parameterNames();
        assertEquals(norm(network, names.get(0)), layer.weightGradientNorm(), 1e-6);
        double norm = norm(network, names.get(1));
        assertEquals(norm * norm / layer.units(), layer.gradient(), 1e-6 * norm * norm);
        compared++;
      }
      assertEquals(5, compared);
      double first = norm(network, network.layer(0).parameterNames().get(1));
      double last = norm(network, network.layer(5).parameterNames().get(1));
      assertEquals(first / last, sounding.gradientRatio(), 1e-5 * first / last);
    }
  }

  private static double norm(Network network, String name) {
    double sum = 0;
    for (float[] row : network.gradients().get(name).toArray()) {
      for (float value : row) {
        sum += (double) value * value;
      }
    }
    return Math.sqrt(sum);
  }

  /** A gradient that is given goes down as it is: by the output layer's sums it is itself. */
  @Test
  void gradientsMayBeGiven() {
    try (Network network = Network.input(6).dense(5, Activation.TANH).dense(3).build();
        Arena arena = Arena.ofConfined()) {
      Matrix x = Matrix.of(arena, rows(4, 6, 5));
      Matrix gradient = Matrix.of(arena, rows(4, 3, 6));
      Probe probe = new Probe(network).withoutJacobian();
      double square = 0;
      for (float[] row : gradient.toArray()) {
        for (float g : row) {
          square += (double) g * g;
        }
      }
      assertEquals(square / 12, probe.sound(x, gradient).layers().get(1).gradient(), 1e-12);
      Exception e =
          assertThrows(IllegalArgumentException.class, () -> probe.sound(x, x.rows(0, 3)));
      assertEquals("the gradient is 3 x 6, and 4 rows of 3 outputs want 4 x 3", e.getMessage());
    }
  }

  @Test
  void signalsAreWhatTheirDefinitionsSay() {
    float[][] x = {{1, 0, 2}, {0, 2, -2}, {3, 0, 1}, {1, 1, 0}};
    try (Network network = Network.input(3).dense(3, Activation.RELU).dense(2).build();
        Arena arena = Arena.ofConfined()) {
      Matrix w = network.parameters().get("0.weight");
      // Outputs are relu(x0), relu(x2) and relu(-x0 - 1), which is 0 for all.
      float[][] weights = {{1, 0, 0}, {0, 0, 1}, {-1, 0, 0}};
      w.copyFrom(Matrix.of(arena, weights));
      network.parameters().get("0.bias").set(2, 0, -1);
      Sounding sounding = new Probe(network).sound(Matrix.of(arena, x), 1);
      LayerSounding a = sounding.layers().get(0);
      // Rows (1, 2, 0), (0, 0, 0), (3, 1, 0), (1, 0, 0).
      assertEquals(8 / 12.0, a.mean(), 1e-12);
      assertEquals(16 / 12.0, a.q(), 1e-12);
      assertEquals(16 / 12.0 - 64 / 144.0, a.variance(), 1e-12);
      assertEquals(7 / 12.0, a.saturated(), 1e-12);
      assertEquals(1 / 3.0, a.dead(), 1e-12);
      assertTrue(Double.isNaN(a.correlation()), "a sample without length has no direction");
      assertEquals(0, a.quantiles().q50(), 1e-12);
      // Sorted 0 x 7, 1, 1, 1, 2, 3: place 0.95 x 11 = 10.45.
      assertEquals(2.45, a.quantiles().q95(), 1e-6);
      assertEquals((5 + 8 + 10 + 2) / 12.0, sounding.inputQ(), 1e-12);
      double second = 3 / Math.sqrt(10 * 2);
      assertEquals((-4 / Math.sqrt(5 * 8) + second) / 2, sounding.inputCorrelation(), 1e-12);
    }
  }

  @Test
  void nothingOfTheNetworkChanges() {
    try (Engine engine = engine(2);
        Network network = build("batch norm", engine);
        Arena arena = Arena.ofConfined()) {
      List<Matrix> all = new ArrayList<>(network.parameters().matrices().values());
      all.addAll(network.statistics().matrices().values());
      List<float[][]> before = all.stream().map(Matrix::toArray).toList();
      Sounding first = new Probe(network).sound(Matrix.of(arena, rows(B, N, 5)), 1);
      for (int i = 0; i < all.size(); i++) {
        assertArrayEquals(before.get(i), all.get(i).toArray());
      }
      assertEquals(first, new Probe(network).sound(Matrix.of(arena, rows(B, N, 5)), 1));
    }
  }

  @Test
  void figuresAreTheSameOnAnyNumberOfThreads() {
    List<Sounding> found = new ArrayList<>();
    for (int threads : new int[] {1, 2, 4}) {
      NetworkBuilder builder = Network.input(64);
      for (int i = 0; i < 4; i++) {
        builder.dense(150).batchNorm(Activation.TANH);
      }
      try (Engine engine = engine(threads);
          Network network = builder.dense(10).seed(4).engine(engine).build();
          Arena arena = Arena.ofConfined()) {
        found.add(new Probe(network).sound(Matrix.of(arena, rows(70, 64, 5)), 1));
      }
    }
    assertEquals(found.get(0), found.get(1));
    assertEquals(found.get(0), found.get(2));
  }

  @Test
  void whatHasNoJacobianSaysSo() {
    float[][] x = rows(2, 6, 5);
    try (Network linear = Network.input(6).dense(3).build();
        Network recurrent = Network.sequence(3, 2).rnn(4).dense(4).dense(2).build();
        Arena arena = Arena.ofConfined()) {
      Matrix rows = Matrix.of(arena, x);
      Exception e =
          assertThrows(IllegalArgumentException.class, () -> new Probe(linear).sound(rows, 1));
      assertTrue(e.getMessage().contains("below the last product"), e.getMessage());
      e = assertThrows(IllegalArgumentException.class, () -> new Probe(linear).spectrum(rows));
      assertTrue(e.getMessage().contains("below the last product"), e.getMessage());
      assertEquals(1, new Probe(linear).withoutJacobian().sound(rows, 1).layers().size());
      assertEquals(3, new Probe(recurrent).withoutJacobian().sound(rows, 1).layers().size());
    }
  }
}
