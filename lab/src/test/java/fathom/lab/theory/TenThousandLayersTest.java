package fathom.lab.theory;

import static fathom.lab.LabBench.ENGINE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.lab.probe.LayerSounding;
import fathom.lab.probe.Probe;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Ten thousand layers at criticality, forward and back: what signals and gradients come to, against
 * laws of networks of finite width.
 *
 * <p>A layer of n units multiplies a sample's mean square by a random factor. Where weights are
 * normal, the sums are n independent normal numbers given the layer below, so the factor of K units
 * that are open is {@code g² chi²(K) / n}; K is n for tanh at small sums, and binomial (n, 1/2) for
 * ReLU. Orthogonal weights keep the length: {@code chi²(n)} is divided out. Back it is the same,
 * and exactly so for ReLU, since turning the signs of a layer's sums changes no law (Hanin and Nica
 * 2020). Mean-field theory keeps the factor's mean at 1; its logarithm then leans down by 5 / 2n a
 * layer (ReLU, normal), which single precision cannot bear for so long. So gains here keep the mean
 * of the logarithm at 0, and what is left is a random walk of known steps. Five standard errors are
 * allowed.
 */
class TenThousandLayersTest {
  private static final int DEPTH = 10_000;
  private static final int ROOT = 100;
  private static final int ORTHOGONAL = 48;
  private static final int NORMAL = 64;

  /** Kurtosis of a step of the walk, less 1: 2 + 4 / K, K near n / 2, and some for its scatter. */
  private static final double SCATTER = 2.5;

  /** The law of the logarithm of {@code chi²(K) / n}, or of that over {@code chi²(n) / n}. */
  private record Law(double mean, double variance) {
    static Law of(int n, boolean rectified, boolean orthogonal) {
      double mean = 0;
      double square = 0;
      double inner = 0;
      double probability = Math.pow(0.5, n);
      for (int k = 0; k <= n; k++) {
        double share = rectified ? probability : k == n ? 1 : 0;
        // No unit of 48 is open once in 10^14 layers.
        if (k > 0) {
          mean += share * digamma(k);
          square += share * digamma(k) * digamma(k);
          inner += share * trigamma(k);
        }
        probability *= (double) (n - k) / (k + 1);
      }
      double variance = inner + square - mean * mean;
      return orthogonal
          ? new Law(mean - digamma(n), variance - trigamma(n))
          : new Law(mean - Math.log(n / 2.0), variance);
    }

    /** Returns digamma(k / 2). */
    private static double digamma(int k) {
      double euler = 0.5772156649015329;
      double value = k % 2 == 0 ? -euler : -euler - 2 * Math.log(2);
      for (int i = 2 - k % 2; i < k; i += 2) {
        value += 2.0 / i;
      }
      return value;
    }

    /** Returns trigamma(k / 2). */
    private static double trigamma(int k) {
      double value = Math.PI * Math.PI / (k % 2 == 0 ? 6 : 2);
      for (int i = 2 - k % 2; i < k; i += 2) {
        value -= 4.0 / i / i;
      }
      return value;
    }
  }

  private static NetworkBuilder builder(String activation, String weights, double gain) {
    boolean orthogonal = weights.equals("orthogonal");
    int width = orthogonal ? ORTHOGONAL : NORMAL;
    Initializer start = orthogonal ? Initializer.ORTHOGONAL : Initializer.LECUN_NORMAL;
    NetworkBuilder builder = Network.input(width).seed(11).engine(ENGINE);
    for (int i = 0; i < DEPTH; i++) {
      builder.dense(width, Activation.named(activation), start.gain(gain));
    }
    return builder;
  }

  private static List<LayerSounding> sound(Network network, int rows) {
    try (Arena arena = Arena.ofShared()) {
      Matrix x = Matrix.allocate(arena, rows, network.inputs());
      Initializer.normal(1).fill(ENGINE, x, network.inputs(), rows, 12, 0);
      return new Probe(network).withoutJacobian().sound(x, 13).layers();
    }
  }

  private static List<LayerSounding> sound(String activation, String weights, double gain) {
    try (Network network = builder(activation, weights, gain).build()) {
      List<LayerSounding> layers = sound(network, 1);
      assertEquals(DEPTH, layers.size());
      return layers;
    }
  }

  /** Requires steps of mean 0 and variance 1, the sum of which is within the walk's range. */
  private static void requireWalk(String what, int steps, IntToDoubleFunction step) {
    double sum = IntStream.range(0, steps).mapToDouble(step).sum();
    double squares = IntStream.range(0, steps).mapToDouble(step).map(s -> s * s).sum();
    assertEquals(0, sum, 5 * Math.sqrt(steps), what + ": the walk's end");
    assertEquals(1, squares / steps, 5 * Math.sqrt(SCATTER / steps), what + ": a step's variance");
  }

  /**
   * The variance of a step is 5 / n + 19 / n² (normal) and 3 / n + 17 / n² (orthogonal) but for
   * some hundred / n³, so that norms stray by a factor of exp(14) and exp(13) in one deviation of
   * ten thousand layers.
   */
  @ParameterizedTest
  @CsvSource({"normal, 5", "orthogonal, 3"})
  void rectifiersWalkAsTheLawSays(String weights, double order) {
    int n = weights.equals("normal") ? NORMAL : ORTHOGONAL;
    Law law = Law.of(n, true, n == ORTHOGONAL);
    double expanded = order / n + (order + 14) / n / n;
    assertEquals(expanded, law.variance(), 150.0 / n / n / n, "its own limit");
    List<LayerSounding> layers = sound("relu", weights, Math.exp(-law.mean() / 2));
    double deviation = Math.sqrt(law.variance());
    requireWalk(
        "signals", DEPTH - 1, l -> Math.log(layers.get(l + 1).q() / layers.get(l).q()) / deviation);
    requireWalk(
        "gradients",
        DEPTH - 1,
        l -> Math.log(layers.get(l).gradient() / layers.get(l + 1).gradient()) / deviation);
  }

  /**
   * Given a layer's mean square q, sums have the variance s = g² q, and the next mean square is E
   * tanh² of them but for a relative variance of (E tanh⁴ / (E tanh²)² - 1) / n, half of which is
   * what the logarithm leans down by, to first order; so with gradients and f'. The second order is
   * 2 / n of the variance, and 1 / 3n² of the mean, which is nothing beside the walk.
   */
  @Test
  void normalTanhWalksAroundTheoryOfItsWidth() {
    double gain = Math.exp(-Law.of(NORMAL, false, false).mean() / 2);
    List<LayerSounding> layers = sound("tanh", "normal", gain);
    Expectations tanh = Expectations.of(Activation.TANH);
    double second = Math.sqrt(1 + 2.0 / NORMAL);
    requireWalk(
        "signals",
        DEPTH - 1,
        l -> {
          double s = gain * gain * layers.get(l).q();
          double square = tanh.square(s);
          double variance = (tanh.fourthPower(s) / square / square - 1) / NORMAL;
          double step = Math.log(layers.get(l + 1).q() / square) + variance / 2;
          return step / Math.sqrt(variance) / second;
        });
    requireWalk(
        "gradients",
        DEPTH - 2,
        l -> {
          double s = gain * gain * layers.get(l).q();
          double slope = tanh.slopeSquare(s);
          double variance = (3 * tanh.slopeFourthPower(s) / slope / slope - 1) / NORMAL;
          double ratio = layers.get(l + 1).gradient() / layers.get(l + 2).gradient();
          double step = Math.log(ratio / slope / gain / gain) + variance / 2;
          return step / Math.sqrt(variance) / second;
        });
  }

  /**
   * Nothing walks here: lengths are kept, and tanh² z = z² - 2/3 z⁴ lets 1/q grow by 2/3 k a layer,
   * k being the kurtosis of the layer's sums, 3 n / (n + 2) in the mean; it scatters by sqrt(24 /
   * n) a layer. The first hundred layers, where q is not small, are left out.
   *
   * <p>On the way back f'² = 1 - 2 a² + a⁴ takes 2 q n (1 + 2 c²) / (n + 2) from a layer's
   * gradient, c being the cosine between signal and gradient: a linear net keeps it, and n c² is
   * the square of a normal number. With C the sum of 2 q over the layers and t = 2 C / (n + 2), a
   * sample's gradient falls by exp(-C n / (n + 2) - t chi²), of which the mean is exp(-C n / (n +
   * 2)) / sqrt(1 + 2 t), and the relative variance (1 + 2 t) / sqrt(1 + 4 t) - 1.
   */
  @Test
  void orthogonalTanhDecaysAsOneOverDepth() {
    int samples = 32;
    List<LayerSounding> layers;
    try (Network network = builder("tanh", "orthogonal", 1).build()) {
      layers = sound(network, samples);
    }
    int n = ORTHOGONAL;
    int last = DEPTH - 1;
    double from = 1 / layers.get(ROOT).q();
    double growth = (1 / layers.get(last).q() - from) / (last - ROOT);
    double scatter = 2 / 3.0 * Math.sqrt(24.0 / n / (last - ROOT));
    // Of the next order, 5/3 q a layer, the mean is 5/6 ln(100) / 10^4.
    assertEquals(2.0 * n / (n + 2), growth, 5 * scatter + 1e-3, "growth of 1/q");
    double c = 0;
    for (int l = ROOT; l < last; l++) {
      c -= Math.log1p(-2 * layers.get(l).q());
    }
    double t = 2 * c / (n + 2);
    double expected = -c * n / (n + 2) - Math.log1p(2 * t) / 2;
    double variance = ((1 + 2 * t) / Math.sqrt(1 + 4 * t) - 1) / samples;
    double found = Math.log(layers.get(ROOT).gradient() / layers.get(last).gradient());
    assertEquals(expected, found, 5 * Math.sqrt(variance), "gradients' logarithm");
    assertTrue(found < -3, "a gradient falls with the depth: " + found);
  }

  /**
   * Of ten thousand alike layers, 100 are kept and the 99 between two of them: the same bits of all
   * gradients in memory that is that much smaller, to the byte.
   */
  @ParameterizedTest
  @CsvSource({"relu, normal", "relu, orthogonal", "tanh, normal", "tanh, orthogonal"})
  void recomputationIsTheSameInTheRootOfTheMemory(String activation, String weights) {
    int rows = 3;
    boolean orthogonal = weights.equals("orthogonal");
    Law law = Law.of(orthogonal ? ORTHOGONAL : NORMAL, activation.equals("relu"), orthogonal);
    double gain = Math.exp(-law.mean() / 2);
    try (Arena arena = Arena.ofShared();
        Network network = builder(activation, weights, gain).build()) {
      List<LayerSounding> kept = sound(network, rows);
      MemorySegment gradients = network.gradients().segment();
      MemorySegment expected = arena.allocate(gradients.byteSize(), 64).copyFrom(gradients);
      long all = bytes(network, rows);
      gradients.fill((byte) 0);
      network.recompute();
      List<LayerSounding> again = sound(network, rows);
      assertEquals(-1, expected.mismatch(gradients));
      for (int l = 0; l < DEPTH; l++) {
        assertEquals(kept.get(l).gradient(), again.get(l).gradient(), "layer " + l);
      }
      long output = (long) network.inputs() * rows * Float.BYTES;
      assertEquals((DEPTH - (2L * ROOT - 1)) * output, all - bytes(network, rows));
    }
  }

  private static long bytes(Network network, int rows) {
    long stamp = network.beginStep();
    try {
      return network.pass(rows).bytes();
    } finally {
      network.endStep(stamp);
    }
  }
}
