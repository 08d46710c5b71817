package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Activation;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.nn.ReferenceLoss;
import fathom.nn.ReferenceNetwork;
import fathom.optim.Sgd;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients in two steps: the double-precision reference against central differences of its own
 * loss, then the engine against the reference, tensor by tensor.
 */
class GradientTest {
  static final List<Activation> ACTIVATIONS =
      List.of(
          Activation.IDENTITY,
          Activation.LOGISTIC,
          Activation.TANH,
          Activation.RELU,
          Activation.LEAKY_RELU,
          Activation.leakyRelu(0.3f),
          Activation.leakyRelu(1.5f),
          Activation.PRELU,
          Activation.ELU,
          Activation.elu(0.5f),
          Activation.elu(2),
          Activation.SELU,
          Activation.GELU,
          Activation.GELU_TANH,
          Activation.SILU,
          Activation.SOFTPLUS,
          Activation.SOFTSIGN,
          Activation.HARD_TANH,
          Activation.HARD_SIGMOID,
          Activation.HARD_SWISH,
          Activation.MISH);

  /** Where some activation or loss has a kink; samples keep away from it. */
  private static final double[] KINKS = {-3, -1, 0, 1, 3};

  static Stream<Arguments> cases() {
    return ACTIVATIONS.stream()
        .flatMap(a -> Stream.of(ReferenceLoss.values()).map(l -> Arguments.of(a, l)));
  }

  /** A batch whose sums stay clear of kinks, so that one-sided derivatives are the derivatives. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Sample(double[][] x, int[] labels, double[][] t) {
    static Sample draw(ReferenceNetwork net, int rows, int in, int out, long seed) {
      Random random = new Random(seed);
      double[][] x = new double[rows][in];
      double[][] t = new double[rows][out];
      int[] labels = new int[rows];
      for (int s = 0; s < rows; s++) {
        do {
          for (int j = 0; j < in; j++) {
            x[s][j] = (float) random.nextGaussian();
          }
        } while (nearKink(net.sums(x[s])));
        double[] y = net.sums(x[s])[net.depth()];
        for (int k = 0; k < out; k++) {
          do {
            t[s][k] = random.nextFloat();
          } while (near(y[k] - t[s][k], 1e-3));
        }
        labels[s] = random.nextInt(out);
      }
      return new Sample(x, labels, t);
    }

    private static boolean nearKink(double[][] sums) {
      for (double[] layer : sums) {
        for (double z : layer) {
          if (near(z, 1e-4)) {
            return true;
          }
        }
      }
      return false;
    }

    private static boolean near(double value, double distance) {
      for (double kink : KINKS) {
        if (Math.abs(value - kink) < distance) {
          return true;
        }
      }
      return false;
    }

    Dataset dataset(boolean labelled, int classes) {
      float[][] rows = floats(x);
      return labelled
          ? Dataset.ofLabels(rows, labels, classes)
          : Dataset.ofTargets(rows, floats(t));
    }

    private static float[][] floats(double[][] values) {
      float[][] copy = new float[values.length][values[0].length];
      for (int i = 0; i < copy.length; i++) {
        for (int j = 0; j < copy[i].length; j++) {
          copy[i][j] = (float) values[i][j];
        }
      }
      return copy;
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("cases")
  void referenceAgreesWithCentralDifferences(Activation activation, ReferenceLoss loss) {
    try (Network network =
        Network.input(5).dense(6, activation).dense(4, activation).dense(3).seed(7).build()) {
      ReferenceNetwork net = new ReferenceNetwork(network);
      Sample sample = Sample.draw(net, 4, 5, 3, 11);
      double[][] dy = new double[4][3];
      double unused = loss.mean(net.outputs(sample.x), sample.labels, sample.t, dy);
      Map<String, double[][]> gradients = net.gradients(sample.x, dy);
      double h = 1e-6;
      net.parameters.forEach(
          (name, p) -> {
            for (int i = 0; i < p.length; i++) {
              for (int j = 0; j < p[i].length; j++) {
                double old = p[i][j];
                p[i][j] = old + h;
                double up = lossOf(net, loss, sample);
                p[i][j] = old - h;
                double down = lossOf(net, loss, sample);
                p[i][j] = old;
                double expected = (up - down) / (2 * h);
                // Truncation is O(h²) = 1e-12 times third derivatives of order 1 to 100; rounding
                // is eps |loss| / h, about 1e-9 for losses up to 10.
                assertEquals(expected, gradients.get(name)[i][j], 2e-8, name);
              }
            }
          });
    }
  }

  private static double lossOf(ReferenceNetwork net, ReferenceLoss loss, Sample s) {
    double[][] y = net.outputs(s.x);
    return loss.mean(y, s.labels, s.t, new double[y.length][y[0].length]);
  }

  static Stream<Arguments> engines() {
    return cases()
        .flatMap(
            c ->
                Stream.of(
                        Named.of("vector", Kernels.vector()), Named.of("scalar", Kernels.scalar()))
                    .map(k -> Arguments.of(c.get()[0], c.get()[1], k)));
  }

  @ParameterizedTest(name = "{0}, {1}, {2}")
  @MethodSource("engines")
  void engineAgreesWithReference(Activation activation, ReferenceLoss loss, Kernels kernels) {
    int[] batches = {1, 3, 16, 37};
    try (Engine engine = new Engine(Blas.openBlas(), kernels, 2)) {
      for (int rows : batches) {
        compare(engine, activation, loss, rows, 19, new int[] {33, 17}, 5);
      }
      compare(engine, activation, loss, 64, 100, new int[] {130, 70}, 10);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SOFTMAX", "MSE"})
  void halvesOfManyUnitsAddUp(ReferenceLoss loss) {
    for (int threads : new int[] {1, 2, 3}) {
      try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads)) {
        compare(engine, Activation.TANH, loss, 20, 24, new int[] {40, 288, 256, 256}, 5);
      }
    }
  }

  @Test
  void rowsLieApart() {
    for (int threads : new int[] {1, 2, 3}) {
      try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads)) {
        int[] hidden = {24, 1024, 288, 2048};
        compare(engine, Activation.TANH, ReferenceLoss.SOFTMAX, 20, 1024, hidden, 5);
        compare(engine, Activation.TANH, ReferenceLoss.SOFTMAX, 1024, 20, new int[] {24, 256}, 5);
        compare(engine, Activation.GELU, ReferenceLoss.MSE, 2048, 20, new int[] {24, 12}, 5);
      }
    }
  }

  private static void compare(
      Engine engine,
      Activation activation,
      ReferenceLoss loss,
      int rows,
      int in,
      int[] hidden,
      int out) {
    NetworkBuilder builder = Network.input(in).seed(5).engine(engine);
    for (int units : hidden) {
      builder.dense(units, activation);
    }
    try (Network network = builder.dense(out).build()) {
      ReferenceNetwork net = new ReferenceNetwork(network);
      Sample sample = Sample.draw(net, rows, in, out, 3);
      double[][] dy = new double[rows][out];
      double expected = loss.mean(net.outputs(sample.x), sample.labels, sample.t, dy);
      Map<String, double[][]> gradients = net.gradients(sample.x, dy);
      try (Dataset data = sample.dataset(loss == ReferenceLoss.SOFTMAX, out)) {
        Trainer trainer = new Trainer(network, loss.engines(), new Sgd(0)).keepGradients(true);
        double actual = trainer.epoch(data.batchesInOrder(rows));
        assertEquals(expected, actual, 1e-5 * Math.max(1, expected), "loss of " + rows + " rows");
      }
      gradients.forEach(
          (name, g) -> {
            float[][] actual = network.gradients().get(name).toArray();
            double magnitude = net.magnitudes.getOrDefault(name, 0.0);
            assertClose(rows + " rows, " + name, g, actual, magnitude);
          });
    }
  }

  /**
   * The bound is that of the golden trajectories: a float product over k terms errs by at most k
   * half-ulps of the sum of magnitudes, 6e-8 k, and a few layers of k = 100 with cancellation of a
   * factor 2 stay within 1e-5 of the tensor's largest element. A tensor of one element, a learnt
   * slope, has no larger neighbour to measure by: there the sum of its terms' magnitudes counts.
   */
  private static void assertClose(
      String what, double[][] expected, float[][] actual, double magnitude) {
    double largest = magnitude;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      for (int j = 0; j < expected[i].length; j++) {
        largest = Math.max(largest, Math.abs(expected[i][j]));
        double difference = Math.abs(expected[i][j] - actual[i][j]);
        worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
      }
    }
    assertTrue(worst <= 1e-5 * largest, what + ": off by " + worst + " of " + largest);
  }
}
