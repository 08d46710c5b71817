package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.blas.Blas;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.Pass;
import fathom.nn.ReferenceForward;
import fathom.nn.ReferenceLoss;
import fathom.optim.Sgd;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients of all kinds of layers against central differences of a double-precision way forward.
 */
class LayerGradientsTest {
  static Stream<Arguments> cases() {
    return LayersTest.networks().keySet().stream()
        .flatMap(name -> Stream.of(5, 16, 37).map(rows -> Arguments.of(name, rows)));
  }

  static double[][] doubles(float[][] x) {
    double[][] copy = new double[x.length][];
    for (int r = 0; r < x.length; r++) {
      copy[r] = new double[x[r].length];
      for (int c = 0; c < copy[r].length; c++) {
        copy[r][c] = x[r][c];
      }
    }
    return copy;
  }

  /** What both families of kernels find against the same differences. */
  @ParameterizedTest(name = "{0}, {1} rows")
  @MethodSource("cases")
  void gradientsAreThoseOfCentralDifferences(String name, int rows) {
    float[][] x = LayersTest.rows(rows, LayersTest.IN, 5);
    float[][] t = LayersTest.rows(rows, LayersTest.OUT, 6);
    Map<String, double[][]> expected = null;
    for (Kernels kernels : List.of(Kernels.vector(), Kernels.scalar())) {
      try (Engine engine = new Engine(Blas.openBlas(), kernels, 2);
          Network network = LayersTest.networks().get(name).get().seed(3).engine(engine).build();
          Dataset data = Dataset.ofTargets(x, t)) {
        LayersTest.scatter(network, 7);
        ReferenceForward reference = new ReferenceForward(network);
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0)).keepGradients(true);
        double actual = trainer.epoch(data.batchesInOrder(rows));
        readDraws(network, x, reference);
        reference.hold(doubles(x));
        double loss = loss(reference, doubles(x), doubles(t));
        assertEquals(loss, actual, 1e-5 * Math.max(1, loss), "loss, " + kernels.name());
        if (expected == null) {
          expected = differences(reference, doubles(x), doubles(t));
        }
        compare(expected, network, kernels.name());
      }
    }
  }

  static double loss(ReferenceForward reference, double[][] x, double[][] t) {
    return ReferenceLoss.MSE.mean(
        reference.outputs(x), new int[x.length], t, new double[x.length][LayersTest.OUT]);
  }

  /** Takes what dropout and noise drew from the outputs before and behind them. */
  private static void readDraws(Network network, float[][] x, ReferenceForward reference) {
    String[] words = network.architecture().toString().split(" ", -1);
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
   * of the largest. The engine's float32 stays within 1e-5 as in the golden trajectories. Fewer
   * rows than these tell little of batch norm: it makes -1 and 1 of any two numbers, and their
   * gradient cancels but for epsilon.
   */
  static Map<String, double[][]> differences(
      ReferenceForward reference, double[][] x, double[][] t) {
    Map<String, double[][]> all = new HashMap<>();
    reference.parameters.forEach(
        (name, p) -> {
          double[][] found = new double[p.length][p[0].length];
          for (int r = 0; r < p.length; r++) {
            for (int c = 0; c < p[r].length; c++) {
              double h = 1e-5;
              double old = p[r][c];
              p[r][c] = old + h;
              double up = loss(reference, x, t);
              p[r][c] = old - h;
              double down = loss(reference, x, t);
              p[r][c] = old;
              found[r][c] = (up - down) / (2 * h);
            }
          }
          all.put(name, found);
        });
    return all;
  }

  /** Compares the gradients of the last step with all differences. */
  static void compare(Map<String, double[][]> differences, Network network, String what) {
    assertEquals(differences.keySet(), network.gradients().matrices().keySet());
    network
        .gradients()
        .matrices()
        .forEach((name, d) -> compare(differences.get(name), d.toArray(), what + ", " + name));
  }

  private static void compare(double[][] expected, float[][] actual, String what) {
    double largest = 0;
    for (double[] row : expected) {
      for (double d : row) {
        largest = Math.max(largest, Math.abs(d));
      }
    }
    double bound = 1e-5 * Math.max(largest, 0.01);
    for (int r = 0; r < expected.length; r++) {
      for (int c = 0; c < expected[r].length; c++) {
        assertEquals(expected[r][c], actual[r][c], bound, what + " at " + r + ", " + c);
      }
    }
  }
}
