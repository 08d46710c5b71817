package fathom.train;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.AdaDelta;
import fathom.optim.AdaGrad;
import fathom.optim.AdaMax;
import fathom.optim.Adam;
import fathom.optim.AdamW;
import fathom.optim.Clipping;
import fathom.optim.Lion;
import fathom.optim.Nadam;
import fathom.optim.Optimizer;
import fathom.optim.RAdam;
import fathom.optim.RmsProp;
import fathom.optim.Sgd;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rows of 1,024, 2,048, ... weights lie apart in a slab: what lies between them stays zero, though
 * layers of other widths use the same memory for their gradients.
 */
class RowGapsTest {
  private static final int CLASSES = 5;

  private static Network network(Engine engine) {
    return Network.input(1024)
        .dense(12, Activation.RELU)
        .dense(2048, Activation.RELU)
        .dense(20, Activation.TANH)
        .dense(40, Activation.RELU)
        .dense(CLASSES)
        .seed(3)
        .engine(engine)
        .build();
  }

  private static Dataset data() {
    return data(1);
  }

  private static Dataset data(float deviation) {
    Random random = new Random(1);
    float[][] x = new float[24][1024];
    int[] labels = new int[x.length];
    for (int i = 0; i < x.length; i++) {
      labels[i] = random.nextInt(CLASSES);
      for (int j = 0; j < x[i].length; j++) {
        x[i][j] = deviation * (float) random.nextGaussian();
      }
    }
    return Dataset.ofLabels(x, labels, CLASSES);
  }

  static Stream<Arguments> rules() {
    Stream<Optimizer> optimizers =
        Stream.of(
            new Sgd(1e-2f, 0.9f),
            new AdaGrad(1e-3f),
            new RmsProp(1e-3f),
            new AdaDelta(1f),
            new Adam(1e-3f),
            new AdamW(1e-3f),
            new AdaMax(1e-3f),
            new Nadam(1e-3f),
            new RAdam(1e-3f),
            new Lion(1e-4f));
    return optimizers.flatMap(
        o -> Stream.of(Clipping.none(), Clipping.byNorm(1)).map(c -> Arguments.of(o, c)));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("rules")
  void gapsStayZero(Optimizer optimizer, Clipping clipping) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Dataset data = data();
        Network network = network(engine);
        Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, optimizer)) {
      trainer.clipping(clipping);
      for (int i = 0; i < 3; i++) {
        double unused = trainer.epoch(data.batches(12, i));
      }
      assertTrue(gaps(network.parameters()) >= 16 * (12 + 20), "there are gaps");
      trainer.state().moments().values().forEach(RowGapsTest::gaps);
      if (clipping.scope() != Clipping.none().scope()) {
        gaps(network.gradients());
      }
    }
  }

  @Test
  void weightsAreTheSameOnAnyNumberOfThreads() {
    List<float[]> weights =
        Stream.of(1, 2, 3)
            .map(
                threads -> {
                  try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
                      Dataset data = data();
                      Network network = network(engine);
                      Trainer trainer =
                          new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(1e-3f))) {
                    double unused = trainer.epoch(data.batches(12, 1));
                    return network.parameters().segment().toArray(JAVA_FLOAT);
                  }
                })
            .toList();
    assertArrayEquals(weights.get(0), weights.get(1));
    assertArrayEquals(weights.get(0), weights.get(2));
  }

  static Stream<String> layers() {
    Set<String> draw = Set.of("between recurrent layers", "dropout and noise");
    return LayersTest.names().filter(name -> !draw.contains(name));
  }

  /** The mean over a batch is the same if each sample comes 32 times; its rows then lie apart. */
  @ParameterizedTest
  @MethodSource("layers")
  void samplesThatComeOftenChangeNoGradient(String name) {
    float[][] x = LayersTest.rows(32, LayersTest.IN, 5);
    float[][] t = LayersTest.rows(32, LayersTest.OUT, 6);
    Map<String, float[][]> few = gradients(name, x, t);
    Map<String, float[][]> many = gradients(name, often(x), often(t));
    double largest = 0;
    for (float[][] g : few.values()) {
      for (float[] row : g) {
        for (float value : row) {
          largest = Math.max(largest, Math.abs(value));
        }
      }
    }
    // Sums of 1,024 terms instead of 32 err by some sqrt(1024) 2^-24 = 2e-6 of the terms' size, and
    // those of a tensor whose gradient is 0, as a bias before a batch norm, are as large as others.
    float tolerance = (float) (1e-5 * largest);
    few.forEach(
        (tensor, g) -> {
          for (int i = 0; i < g.length; i++) {
            assertArrayEquals(g[i], many.get(tensor)[i], tolerance, tensor);
          }
        });
  }

  /** What a step leaves behind must be cleared whole: the second step's gradients count. */
  @Test
  void whatAnLstmCarriesIsForgottenBetweenSteps() {
    Supplier<NetworkBuilder> deep =
        () -> Network.sequence(LayersTest.IN, 1).lstm(20).truncate(4).dense(LayersTest.OUT);
    float[][] x = often(LayersTest.rows(32, LayersTest.IN, 5));
    float[][] t = often(LayersTest.rows(32, LayersTest.OUT, 6));
    Map<String, float[][]> once = gradients(deep.get(), x, t, 1);
    Map<String, float[][]> twice = gradients(deep.get(), x, t, 2);
    once.forEach((tensor, g) -> assertArrayEquals(g, twice.get(tensor), tensor));
  }

  /** Rows are drawn as those of a batch that has no gaps, to the same bits. */
  @Test
  void noiseReachesEveryElement() {
    float[] few = noise(1023);
    float[] many = noise(1024);
    for (float[] made : List.of(few, many)) {
      double squares = 0;
      for (float value : made) {
        assertTrue(value != 0, "every element has noise");
        squares += value * (double) value;
      }
      // The variance of 24 x 1,023 normal numbers is off by sqrt(2 / 24,552) = 0.9 %; six times it.
      assertEquals(0.25, squares / made.length, 0.25 * 0.054);
    }
  }

  /** Returns what a noise layer of deviation 0.5 makes of zeros, by sample and unit. */
  private static float[] noise(int rows) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Network network = Network.input(24).noise(0.5).dense(2).engine(engine).build();
        Dataset data = Dataset.ofTargets(new float[rows][24], new float[rows][2]);
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0))) {
      for (int i = 0; i < 2; i++) {
        double unused = trainer.epoch(data.batchesInOrder(rows));
      }
      long stamp = network.beginStep();
      try {
        float[] all = new float[24 * rows];
        float[][] made = network.pass(rows).output(0).toArray();
        for (int r = 0; r < made.length; r++) {
          System.arraycopy(made[r], 0, all, r * rows, rows);
        }
        return all;
      } finally {
        network.endStep(stamp);
      }
    }
  }

  @Test
  void sumsOfScaledLayersHaveVarianceOne() {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Dataset data = data(3);
        Network network =
            Network.input(1024)
                .dense(40, Activation.TANH, Initializer.normal(0.01))
                .dense(CLASSES)
                .engine(engine)
                .build()) {
      Lsuv.Scaled first =
          Lsuv.initialize(network, data.batchesInOrder(24).iterator().next()).get(0);
      float[][] w = network.parameters().get("0.weight").toArray();
      float[][] x = data.inputs().toArray();
      double squares = 0;
      double sum = 0;
      for (float[] sample : x) {
        for (float[] unit : w) {
          double z = 0;
          for (int j = 0; j < unit.length; j++) {
            z += (double) unit[j] * sample[j];
          }
          sum += z;
          squares += z * z;
        }
      }
      double n = x.length * 40.0;
      double variance = squares / n - sum / n * (sum / n);
      assertEquals(first.variance(), variance, 1e-4);
      assertTrue(first.scale() < 0.5, "there is something to scale");
      double[] norms = Stream.of(w).mapToDouble(RowGapsTest::norm).toArray();
      for (double norm : norms) {
        // They begin orthonormal, and are scaled alike.
        assertEquals(norms[0], norm, 1e-4 * norms[0]);
      }
      assertEquals(1, variance, Lsuv.TOLERANCE + 1e-4);
      assertTrue(gaps(network.parameters()) >= 16 * 40);
    }
  }

  private static double norm(float[] row) {
    double squares = 0;
    for (float value : row) {
      squares += value * (double) value;
    }
    return Math.sqrt(squares);
  }

  private static float[][] often(float[][] rows) {
    return Stream.generate(() -> rows).limit(32).flatMap(Stream::of).toArray(float[][]::new);
  }

  private static Map<String, float[][]> gradients(String name, float[][] x, float[][] t) {
    return gradients(LayersTest.networks().get(name).get(), x, t, 1);
  }

  private static Map<String, float[][]> gradients(
      NetworkBuilder builder, float[][] x, float[][] t, int steps) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Network network = builder.seed(3).engine(engine).build();
        Dataset data = Dataset.ofTargets(x, t);
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0)).keepGradients(true)) {
      LayersTest.scatter(network, 7);
      for (int i = 0; i < steps; i++) {
        double unused = trainer.epoch(data.batchesInOrder(x.length));
      }
      Map<String, float[][]> all = new LinkedHashMap<>();
      network.gradients().matrices().forEach((tensor, g) -> all.put(tensor, g.toArray()));
      return all;
    }
  }

  /** Asserts that all that belongs to no matrix is zero, and returns how much it is. */
  private static int gaps(Slab slab) {
    BitSet taken = new BitSet();
    for (Matrix m : slab.matrices().values()) {
      for (int r = 0; r < m.rows(); r++) {
        taken.set((int) m.offset(r), (int) m.offset(r) + m.cols());
      }
    }
    float[] all = slab.segment().toArray(JAVA_FLOAT);
    for (int i = taken.nextClearBit(0); i < all.length; i = taken.nextClearBit(i + 1)) {
      assertEquals(0f, all[i], "element " + i);
    }
    return all.length - taken.cardinality();
  }
}
