package fathom.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class InitializerTest {
  private static final int FAN_IN = 500;
  private static final int FAN_OUT = 200;

  static Stream<Arguments> variances() {
    double xavier = 2.0 / (FAN_IN + FAN_OUT);
    return Stream.of(
        Arguments.of(Initializer.XAVIER_UNIFORM, xavier),
        Arguments.of(Initializer.XAVIER_NORMAL, xavier),
        Arguments.of(Initializer.XAVIER_NORMAL.gain(4), 16 * xavier),
        Arguments.of(Initializer.HE_UNIFORM, 2.0 / FAN_IN),
        Arguments.of(Initializer.HE_NORMAL, 2.0 / FAN_IN),
        Arguments.of(Initializer.HE_UNIFORM_FAN_OUT, 2.0 / FAN_OUT),
        Arguments.of(Initializer.HE_NORMAL_FAN_OUT, 2.0 / FAN_OUT),
        Arguments.of(Initializer.LECUN_UNIFORM, 1.0 / FAN_IN),
        Arguments.of(Initializer.LECUN_NORMAL, 1.0 / FAN_IN),
        Arguments.of(Initializer.normal(0.5), 0.25),
        Arguments.of(Initializer.uniform(0.3), 0.03),
        Arguments.of(Initializer.ORTHOGONAL, 1.0 / FAN_IN),
        Arguments.of(Initializer.tableElevenOne(Activation.LOGISTIC, false), xavier),
        Arguments.of(Initializer.tableElevenOne(Activation.TANH, true), 16 * xavier),
        Arguments.of(Initializer.tableElevenOne(Activation.RELU, false), 2 * xavier));
  }

  @ParameterizedTest
  @MethodSource("variances")
  void variancesAreTheFormulas(Initializer initializer, double expected) {
    assertEquals(expected, initializer.variance(FAN_IN, FAN_OUT), 1e-12);
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Arena arena = Arena.ofShared()) {
      Matrix w = Matrix.allocate(arena, FAN_OUT, FAN_IN);
      initializer.fill(engine, w, FAN_IN, FAN_OUT, 9, 3);
      double sum = 0;
      double squares = 0;
      double largest = 0;
      for (float[] row : w.toArray()) {
        for (float x : row) {
          sum += x;
          squares += (double) x * x;
          largest = Math.max(largest, Math.abs(x));
        }
      }
      double n = FAN_OUT * FAN_IN;
      // 10^5 draws: a mean is known to sigma / 316, a variance to 0.45 %; five times each.
      assertEquals(0, sum / n, 5 * Math.sqrt(expected / n));
      assertEquals(expected, squares / n, 5 * expected * Math.sqrt(2 / n));
      if (initializer.toString().contains("uniform")) {
        double bound = Math.sqrt(3 * expected);
        assertTrue(largest <= bound * (1 + 1e-6) && largest > 0.999 * bound, largest + "");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"512, 512", "300, 100", "100, 300", "1, 5", "5, 1", "70, 71"})
  void orthogonalRowsOrColumnsAreOrthonormal(int rows, int cols) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Arena arena = Arena.ofShared()) {
      Matrix w = Matrix.allocate(arena, rows, cols);
      Initializer.ORTHOGONAL.gain(2).fill(engine, w, cols, rows, 1, 0);
      float[][] q = w.toArray();
      int n = Math.min(rows, cols);
      for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
          double dot = 0;
          for (int k = 0; k < Math.max(rows, cols); k++) {
            dot += rows <= cols ? (double) q[i][k] * q[j][k] : (double) q[k][i] * q[k][j];
          }
          // Products of 512 terms of size 1/sqrt(512) in single precision: 1e-5 is 40 roundings.
          assertEquals(i == j ? 4 : 0, dot, 4e-5, i + ", " + j);
        }
      }
    }
  }

  @Test
  void weightsDoNotDependOnThreadsOrStride() {
    for (String name : new String[] {"he_normal", "xavier_uniform", "orthogonal"}) {
      float[][] expected = null;
      for (int threads : new int[] {1, 2, 4}) {
        try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
            Arena arena = Arena.ofShared()) {
          Matrix dense = Matrix.allocate(arena, 130, 210);
          Matrix wide = Matrix.allocate(arena, 130, 256);
          Matrix strided = new Matrix(wide.segment(), 0, 130, 210, 256);
          Initializer.named(name).fill(engine, dense, 210, 130, 7, 1);
          Initializer.named(name).fill(engine, strided, 210, 130, 7, 1);
          expected = expected == null ? dense.toArray() : expected;
          for (int r = 0; r < 130; r++) {
            for (int c = 0; c < 210; c++) {
              assertEquals(expected[r][c], dense.get(r, c), name);
              assertEquals(expected[r][c], strided.get(r, c), name);
            }
            assertEquals(0, wide.get(r, 210), "the gap between rows stays");
          }
        }
      }
    }
  }

  /** Mean squares of the sums and of the gradient after some layers of a width. */
  private record Depth(double first, double last, double gradientGrowth, double saturated) {}

  private static Depth propagate(Activation f, Initializer initializer, int width, int layers) {
    int samples = 20;
    Random random = new Random(5);
    double[][] x = new double[samples][width];
    for (double[] row : x) {
      for (int i = 0; i < width; i++) {
        row[i] = random.nextGaussian();
      }
    }
    double[][][] sums = new double[layers][samples][width];
    float[][][] weights = new float[layers][][];
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Arena arena = Arena.ofShared()) {
      for (int l = 0; l < layers; l++) {
        Matrix w = Matrix.allocate(arena, width, width);
        initializer.fill(engine, w, width, width, 11, l);
        weights[l] = w.toArray();
      }
    }
    int saturated = 0;
    for (int s = 0; s < samples; s++) {
      double[] a = x[s];
      for (int l = 0; l < layers; l++) {
        double[] next = new double[width];
        for (int i = 0; i < width; i++) {
          for (int j = 0; j < width; j++) {
            sums[l][s][i] += weights[l][i][j] * a[j];
          }
          next[i] = ReferenceFunctions.value(f, 0, sums[l][s][i]);
          if (l == layers - 1 && Math.abs(next[i]) > 0.99) {
            saturated++;
          }
        }
        a = next;
      }
    }
    double growth = gradientGrowth(f, weights, sums, random);
    double share = saturated / (double) samples / width;
    return new Depth(meanSquare(sums[1]), meanSquare(sums[layers - 1]), growth, share);
  }

  /** The factor a layer by which the mean square of a gradient grows on its way down. */
  private static double gradientGrowth(
      Activation f, float[][][] weights, double[][][] sums, Random random) {
    int layers = weights.length;
    int width = weights[0].length;
    int samples = sums[0].length;
    double top = 0;
    double bottom = 0;
    for (int s = 0; s < samples; s++) {
      double[] d = new double[width];
      for (int i = 0; i < width; i++) {
        d[i] = random.nextGaussian();
        top += d[i] * d[i];
      }
      for (int l = layers - 1; l > 0; l--) {
        double[] below = new double[width];
        for (int i = 0; i < width; i++) {
          for (int j = 0; j < width; j++) {
            below[j] += weights[l][i][j] * d[i];
          }
        }
        for (int j = 0; j < width; j++) {
          below[j] *= ReferenceFunctions.derivative(f, 0, sums[l - 1][s][j]);
        }
        d = below;
      }
      for (double v : d) {
        bottom += v * v;
      }
    }
    return Math.pow(bottom / top, 1.0 / (layers - 1));
  }

  private static double meanSquare(double[][] values) {
    double sum = 0;
    for (double[] row : values) {
      for (double v : row) {
        sum += v * v;
      }
    }
    return sum / values.length / values[0].length;
  }

  @Test
  void theDefaultKeepsTheVarianceAndTheNotesTableDoesNot() {
    int width = 300;
    int layers = 12;
    Depth relu = propagate(Activation.RELU, Initializer.HE_NORMAL, width, layers);
    assertTrue(relu.last / relu.first > 0.5 && relu.last / relu.first < 2, relu.toString());
    assertTrue(relu.gradientGrowth > 0.9 && relu.gradientGrowth < 1.1, relu.toString());
    Depth selu = propagate(Activation.SELU, Initializer.LECUN_NORMAL, width, layers);
    assertTrue(selu.last / selu.first > 0.7 && selu.last / selu.first < 1.4, selu.toString());
    // Tanh's own slow decay towards 0 is part of Xavier; nothing saturates and gradients live.
    Depth tanh =
        propagate(Activation.TANH, Initializer.recommended(Activation.TANH), width, layers);
    assertTrue(tanh.saturated < 0.01 && tanh.gradientGrowth > 0.7, tanh.toString());
    Depth printed =
        propagate(
            Activation.TANH, Initializer.tableElevenOne(Activation.TANH, true), width, layers);
    // Theory: 52 % saturated beyond 1 % of the range, gradients times 2.38 a layer.
    assertTrue(printed.saturated > 0.4 && printed.gradientGrowth > 2, printed.toString());
    // Theory: 0.0557 a layer with factor 1, 0.399 with factor 4.
    Depth vanishing =
        propagate(
            Activation.LOGISTIC,
            Initializer.tableElevenOne(Activation.LOGISTIC, false),
            width,
            layers);
    assertTrue(vanishing.gradientGrowth < 0.07, vanishing.toString());
    Depth logistic =
        propagate(Activation.LOGISTIC, Initializer.recommended(Activation.LOGISTIC), width, layers);
    assertTrue(logistic.gradientGrowth > 0.3, logistic.toString());
  }

  @Test
  void namesAreReadBackAndSlipsAreForgiven() {
    for (String name :
        new String[] {
          "he_normal",
          "xavier_uniform",
          "lecun_normal",
          "orthogonal",
          "zeros",
          "normal(0.01)",
          "uniform(0.05)",
          "constant(0.1)",
          "xavier_normal(4.0)",
          "he_uniform_fan_out"
        }) {
      String again = Initializer.named(Initializer.named(name).toString()).toString();
      assertEquals(Initializer.named(name).toString(), again);
    }
    assertEquals("he_normal", Initializer.named("Kaiming-Normal").toString());
    String message =
        assertThrows(IllegalArgumentException.class, () -> Initializer.named("xavier_unifrom"))
            .getMessage();
    assertTrue(message.contains("did you mean 'xavier_uniform'?"), message);
    assertThrows(IllegalArgumentException.class, () -> Initializer.named("normal(x)"));
    assertThrows(IllegalArgumentException.class, () -> Initializer.normal(-1));
    assertThrows(
        IllegalArgumentException.class, () -> Initializer.tableElevenOne(Activation.GELU, true));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "he_normal(-1)",
        "xavier_uniform(NaN)",
        "orthogonal(Infinity)",
        "lecun_normal(1e39)",
        "normal(-0.01)",
        "uniform(NaN)",
        "constant(NaN)",
        "constant(-1e39)"
      })
  void numbersThatNoWeightsCanHaveAreRefused(String name) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Initializer.named(name)).getMessage();
    assertTrue(message.contains(" must be "), message);
    assertTrue(message.contains(name.substring(0, name.indexOf('('))), message);
  }

  @Test
  void gainsStayFloats() {
    assertThrows(IllegalArgumentException.class, () -> Initializer.HE_NORMAL.gain(1e300));
    assertThrows(IllegalArgumentException.class, () -> Initializer.HE_NORMAL.gain(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> Initializer.uniform(1e39));
    assertEquals("constant(-0.5)", Initializer.constant(-0.5).toString());
    assertEquals(0, Initializer.HE_NORMAL.gain(0).variance(3, 5));
  }
}
