package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Batch;
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
import fathom.optim.Clipping;
import fathom.optim.Constraint;
import fathom.optim.Sgd;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a monitor sees, against the same figures worked out plainly. */
class MonitorFiguresTest {
  /** Sums of n doubles of one sign in any order agree to n rounding errors. */
  private static final double ROUNDING = 1e-9;

  private static final List<String> DENSE = List.of("0.weight");
  private static final List<String> RECURRENT = List.of("0.weight_ih_l0", "0.weight_hh_l0");

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void figuresAreThoseOfOutputsGradientsAndUpdates(boolean constrained) {
    try (Dataset data = MonitorTest.data(40, 12, 4);
        Network network = MonitorTest.network()) {
      compare(network, data, 16, constrained, DENSE);
    }
  }

  /** Of weights in several pieces, which two threads share. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void figuresOfWideLayersAreWhole(boolean constrained) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Dataset data = MonitorTest.data(160, 100, 4);
        Network network = MonitorTest.wide(engine)) {
      compare(network, data, 64, constrained, DENSE);
    }
  }

  /** Of weights and of outputs whose rows lie apart in memory. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void figuresLeaveOutWhatLiesBetweenRows(boolean constrained) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Dataset data = MonitorTest.data(2100, 1024, 4);
        Network network =
            Network.input(1024).dense(12, Activation.TANH).dense(4).engine(engine).build()) {
      compare(network, data, 1024, constrained, DENSE);
    }
  }

  /** Of what a recurrent layer multiplies its inputs by and of what it multiplies its states by. */
  @ParameterizedTest
  @CsvSource({"rnn, false", "rnn, true", "gru, false", "lstm, false", "lstm, true"})
  void figuresOfRecurrentLayersAreOfBothMatrices(String kind, boolean constrained) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Dataset data = MonitorTest.data(160, 40, 4);
        Network network = recurrent(kind, 72, engine)) {
      compare(network, data, 64, constrained, RECURRENT);
    }
  }

  /** Of states so many that rows of their weights lie apart in memory. */
  @Test
  void figuresOfManyStatesLeaveOutWhatLiesBetweenRows() {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Dataset data = MonitorTest.data(24, 40, 4);
        Network network = recurrent("rnn", 1024, engine)) {
      Matrix w = network.parameters().get("0.weight_hh_l0");
      assertTrue(w.stride() > w.cols());
      compare(network, data, 8, false, RECURRENT);
    }
  }

  private static Network recurrent(String kind, int units, Engine engine) {
    NetworkBuilder builder = Network.sequence(5, 8).engine(engine).seed(3);
    return switch (kind) {
      case "rnn" -> builder.rnn(units).dense(4).build();
      case "gru" -> builder.gru(units).dense(4).build();
      default -> builder.lstm(units).dense(4).build();
    };
  }

  @Test
  void recurrentLayersLookAlikeOnAnyNumberOfThreads() {
    List<String> told = new ArrayList<>();
    List<String> weights = new ArrayList<>();
    for (int threads : new int[] {1, 2, 4, 1}) {
      StringWriter text = new StringWriter();
      // The last one is not watched.
      Monitor monitor = told.size() == 3 ? null : Monitor.jsonLines(text);
      try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
          Dataset data = MonitorTest.data(128, 40, 4);
          Network network = recurrent("lstm", 72, engine);
          Trainer trainer =
              new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.1f))
                  .clipping(Clipping.byNorm(1))
                  .monitor(monitor, 1)) {
        double unused = trainer.epoch(data.batchesInOrder(64));
        weights.add(Arrays.deepToString(network.parameters().get("0.weight_hh_l0").toArray()));
      }
      told.add(text.toString());
    }
    assertTrue(told.get(0).contains("\"tensor\":\"0.weight_ih_l0+0.weight_hh_l0\""), told.get(0));
    assertEquals(List.of(told.get(0), told.get(0)), told.subList(1, 3));
    assertEquals(1, weights.stream().distinct().count());
  }

  /** Follows the first layer, over batches of two sizes, and with layers frozen for a while. */
  private static void compare(
      Network network, Dataset data, int size, boolean constrained, List<String> names) {
    Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.1f));
    Constraint constraint = constrained ? new Constraint(1e-3f, 0.5f) : Constraint.none();
    List<StepSample> samples = new ArrayList<>();
    trainer.constraint(constraint).monitor(samples::add, 1);
    for (Batch batch : data.batchesInOrder(size)) {
      int frozen = samples.size() == 1 ? 1 : 0;
      network.freeze(frozen);
      trainer.constraint(constraint);
      float[][] before = rows(network.parameters(), names);
      double loss = trainer.step(batch);
      StepSample sample = samples.getLast();
      assertEquals(loss, sample.loss());
      assertEquals(0.1f, sample.rate());
      LayerSample first = sample.layers().get(0);
      check(network.pass(batch.size()).output(0).toArray(), first.output());
      if (frozen > 0) {
        assertNull(first.gradient());
        continue;
      }
      assertEquals(String.join("+", names), first.tensor());
      check(rows(network.gradients(), names), first.gradient());
      double weights = 0;
      double updates = 0;
      float[][] after = rows(network.parameters(), names);
      for (int r = 0; r < before.length; r++) {
        for (int c = 0; c < before[r].length; c++) {
          double dw = (double) after[r][c] - before[r][c];
          weights += (double) before[r][c] * before[r][c];
          updates += dw * dw;
        }
      }
      assertEquals(Math.sqrt(weights), first.weightNorm(), ROUNDING * first.weightNorm());
      assertEquals(Math.sqrt(updates), first.updateNorm(), ROUNDING * first.updateNorm());
    }
    assertTrue(samples.size() > 1);
  }

  private static float[][] rows(Slab slab, List<String> names) {
    return names.stream()
        .flatMap(name -> Arrays.stream(slab.get(name).toArray()))
        .toArray(float[][]::new);
  }

  private static void check(float[][] values, Distribution found) {
    long[] bins = new long[Distribution.BINS];
    double sum = 0;
    double squares = 0;
    long count = 0;
    for (float[] row : values) {
      for (float x : row) {
        count++;
        sum += x;
        squares += (double) x * x;
        int k = Distribution.BINS - 1;
        while (Math.abs(x) < Distribution.start(k)) {
          k--;
        }
        bins[k]++;
      }
    }
    double mean = sum / count;
    double scale = Math.sqrt(squares / count);
    assertEquals(count, found.count());
    assertEquals(mean, found.mean(), ROUNDING * scale);
    assertEquals(squares / count - mean * mean, found.variance(), ROUNDING * scale * scale);
    assertEquals(Math.sqrt(squares), found.norm(), ROUNDING * Math.sqrt(squares));
    assertEquals(Arrays.toString(bins), Arrays.toString(found.histogram()));
  }

  @Test
  void binsCoverEveryFloat() {
    assertEquals(0, Distribution.bin(0));
    assertEquals(0, Distribution.bin(Float.MIN_VALUE));
    assertEquals(0, Distribution.bin(Math.nextDown(0x1p-47f)));
    assertEquals(1, Distribution.bin(-0x1p-47f));
    assertEquals(48, Distribution.bin(1.5f));
    assertEquals(63, Distribution.bin(0x1p15f));
    assertEquals(63, Distribution.bin(Float.NaN));
    assertEquals(63, Distribution.bin(Float.NEGATIVE_INFINITY));
  }

  /** One weight and one input a unit, so that a unit's output is f(w). */
  private static LayerSample units(Activation f, float... weights) {
    try (Dataset data = Dataset.ofTargets(new float[][] {{1}, {1}}, new float[][] {{0}, {0}});
        Network network =
            Network.input(1)
                .dense(weights.length, f, Initializer.ZEROS)
                .dense(1, Activation.IDENTITY, Initializer.ZEROS)
                .build()) {
      for (int i = 0; i < weights.length; i++) {
        network.parameters().get("0.weight").set(i, 0, weights[i]);
      }
      List<StepSample> samples = new ArrayList<>();
      Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0.1f)).monitor(samples::add, 1);
      double unused = trainer.epoch(data.batchesInOrder(2));
      return samples.get(0).layers().get(0);
    }
  }

  @Test
  void unitsThatLetNoGradientThroughAreSaturatedOrDead() {
    LayerSample relu = units(Activation.RELU, -1, 0, 1, 2);
    assertEquals(0.5, relu.saturated());
    assertEquals(0.5, relu.dead());
    // 1 - tanh² is 0.42 at 1 and 0.0013 at 4.
    assertEquals(0.5, units(Activation.TANH, -4, -1, 1, 4).saturated());
    // s (1 - s) 4 is 0.42 at 2 and 0.0013 at 8.
    assertEquals(0.5, units(Activation.LOGISTIC, -8, -2, 2, 8).saturated());
    // exp(-2) and exp(-5).
    assertEquals(0.25, units(Activation.ELU, -5, -2, 1, 9).saturated());
    // GELU' is -0.084 at -2 and about -0.0005 at -4; it is told by the derivative.
    assertEquals(0.25, units(Activation.GELU, -4, -2, 0, 9).saturated());
    assertTrue(Double.isNaN(units(Activation.LEAKY_RELU, -1, 1).saturated()));
    assertTrue(Double.isNaN(units(Activation.TANH, 0).dead()));
  }

  @Test
  void sumsLongerThanAChunkAreWhole() {
    float[][] numbers = new float[3][1031];
    Random random = new Random(9);
    for (float[] row : numbers) {
      for (int c = 0; c < row.length; c++) {
        row[c] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(12) - 6));
      }
    }
    try (Dataset data = Dataset.ofInputs(numbers)) {
      Matrix x = data.inputs();
      Tally tally = new Tally(2);
      Tally.Counts one = new Tally.Counts();
      Tally.Counts other = new Tally.Counts();
      tally.add(Kernels.vector(), 1, x.segment(), 2000, 3 * 1031, other);
      tally.add(Kernels.vector(), 0, x.segment(), 0, 700, one);
      tally.add(Kernels.vector(), 0, x.segment(), 700, 2000, one);
      tally.settle(other);
      tally.settle(one);
      check(numbers, tally.distribution());
    }
  }
}
