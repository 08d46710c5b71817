package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.kernel.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Adam;
import fathom.optim.Clipping;
import fathom.optim.Sgd;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a monitor sees, against the same figures worked out plainly. */
class MonitorTest {
  /** Sums of n doubles of one sign in any order agree to n rounding errors. */
  private static final double ROUNDING = 1e-9;

  @TempDir private Path folder;

  static Dataset data(int rows, int features, int classes) {
    Random random = new Random(5);
    float[][] x = new float[rows][features];
    int[] y = new int[rows];
    for (int i = 0; i < rows; i++) {
      y[i] = random.nextInt(classes);
      for (int j = 0; j < features; j++) {
        x[i][j] = (float) random.nextGaussian() + (j == y[i] ? 2 : 0);
      }
    }
    return Dataset.ofLabels(x, y, classes);
  }

  private static Network network() {
    return Network.input(12)
        .dense(40, Activation.RELU)
        .dense(33)
        .batchNorm(Activation.TANH)
        .dropout(0.2)
        .dense(20, Activation.GELU)
        .dense(4)
        .seed(3)
        .build();
  }

  private static List<StepSample> train(Trainer trainer, Dataset data, int every, int epochs) {
    List<StepSample> samples = new ArrayList<>();
    trainer.monitor(samples::add, every);
    for (int i = 0; i < epochs; i++) {
      double unused = trainer.epoch(data.batchesInOrder(16));
    }
    return samples;
  }

  @Test
  void everyNthStepIsSampledAndLayersThatCountAreNamed() {
    try (Dataset data = data(64, 12, 4);
        Network network = network()) {
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.01f));
      List<StepSample> samples = train(trainer, data, 3, 2);
      assertEquals(List.of(1L, 4L, 7L), samples.stream().map(StepSample::step).toList());
      List<LayerSample> layers = samples.get(0).layers();
      assertEquals(List.of(0, 1, 2, 4, 5), layers.stream().map(LayerSample::layer).toList());
      assertEquals(
          List.of("0.weight", "2.weight", "3.weight", "6.weight", "8.weight"),
          layers.stream().map(LayerSample::tensor).toList());
      assertNull(layers.get(1).output(), "batch norm writes over the sums below");
      assertEquals(33 * 16, layers.get(2).output().count());
      assertEquals(33 * 40, layers.get(1).gradient().count());
    }
  }

  @Test
  void figuresAreThoseOfOutputsGradientsAndUpdates() {
    try (Dataset data = data(32, 12, 4);
        Network network = network()) {
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.1f));
      List<StepSample> samples = new ArrayList<>();
      trainer.monitor(samples::add, 1);
      for (Batch batch : data.batchesInOrder(16)) {
        float[][] before = network.parameters().get("0.weight").toArray();
        double loss = trainer.step(batch);
        StepSample sample = samples.getLast();
        assertEquals(loss, sample.loss());
        assertEquals(0.1f, sample.rate());
        LayerSample relu = sample.layers().get(0);
        check(network.pass(16).output(0).toArray(), relu.output());
        float[][] gradient = network.gradients().get("0.weight").toArray();
        check(gradient, relu.gradient());
        double weights = 0;
        double updates = 0;
        float[][] after = network.parameters().get("0.weight").toArray();
        for (int r = 0; r < before.length; r++) {
          for (int c = 0; c < before[r].length; c++) {
            double dw = (double) after[r][c] - before[r][c];
            weights += (double) before[r][c] * before[r][c];
            updates += dw * dw;
          }
        }
        assertEquals(Math.sqrt(weights), relu.weightNorm(), ROUNDING * relu.weightNorm());
        assertEquals(Math.sqrt(updates), relu.updateNorm(), ROUNDING * relu.updateNorm());
      }
    }
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
  void frozenLayersHaveOutputsButNoGradients() {
    try (Dataset data = data(32, 12, 4);
        Network network = network()) {
      network.freeze(1);
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.01f));
      LayerSample frozen = train(trainer, data, 1, 1).get(0).layers().get(0);
      assertNotNull(frozen.output());
      assertNull(frozen.tensor());
      assertNull(frozen.gradient());
      assertTrue(Double.isNaN(frozen.updateRatio()));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aMonitorChangesNoBitAndSeesTheSameOnAnyNumberOfThreads(int threads) throws IOException {
    StringWriter one = new StringWriter();
    StringWriter many = new StringWriter();
    float[][] plain = weights(1, null);
    float[][] alone = weights(1, Monitor.jsonLines(one));
    float[][] shared = weights(threads, Monitor.jsonLines(many));
    assertTrue(Arrays.deepEquals(plain, alone));
    assertTrue(Arrays.deepEquals(plain, shared));
    assertEquals(one.toString(), many.toString());
    assertEquals(4, many.toString().lines().count());
  }

  /** Layers that are worth sharing. */
  private static float[][] weights(int threads, Monitor monitor) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
        Dataset data = data(256, 100, 4);
        Network network =
            Network.input(100)
                .dense(256, Activation.RELU)
                .dense(256, Activation.SELU)
                .dense(4)
                .engine(engine)
                .seed(1)
                .build();
        Trainer trainer =
            new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.001f))
                .clipping(Clipping.byNorm(1))
                .monitor(monitor, 1)) {
      double unused = trainer.epoch(data.batchesInOrder(64));
      return network.parameters().get("2.weight").toArray();
    }
  }

  @Test
  void linesOfTextHaveAllFigures() throws IOException {
    StringWriter table = new StringWriter();
    StringWriter lines = new StringWriter();
    try (Dataset data = data(16, 12, 4);
        Network network = network()) {
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.01f));
      Monitor csv = Monitor.csv(table);
      Monitor json = Monitor.jsonLines(lines);
      StepSample sample = train(trainer, data, 1, 1).get(0);
      csv.sample(sample);
      json.sample(sample);
      List<String> rows = table.toString().lines().toList();
      assertEquals(6, rows.size());
      int columns = rows.get(0).split(",", -1).length;
      rows.forEach(row -> assertEquals(columns, row.split(",", -1).length, row));
      assertTrue(rows.get(1).startsWith("1," + sample.loss() + ","), rows.get(1));
      Map<String, Object> object = JSON.std.mapFrom(lines.toString());
      Map<?, ?> relu = (Map<?, ?>) ((List<?>) object.get("layers")).get(0);
      assertEquals(sample.layers().get(0).dead(), relu.get("dead"));
      assertEquals(
          Distribution.BINS, ((List<?>) ((Map<?, ?>) relu.get("output")).get("histogram")).size());
    }
  }

  @Test
  void theFlightRecorderSeesStepsOnlyWhileItRecords() throws IOException {
    Path file = folder.resolve("steps.jfr");
    try (Dataset data = data(64, 12, 4);
        Network network = network()) {
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.01f));
      trainer.monitor(Monitor.flightRecorder(), 2);
      double unused = trainer.epoch(data.batchesInOrder(16));
      try (Recording recording = new Recording()) {
        recording.start();
        unused = trainer.epoch(data.batchesInOrder(16));
        recording.stop();
        recording.dump(file);
      }
      unused = trainer.epoch(data.batchesInOrder(16));
    }
    List<RecordedEvent> events =
        RecordingFile.readAllEvents(file).stream()
            .filter(e -> e.getEventType().getName().startsWith("fathom."))
            .toList();
    assertEquals(
        List.of(5L, 7L),
        events.stream()
            .filter(e -> e.getEventType().getName().equals("fathom.Step"))
            .map(e -> e.getLong("step"))
            .sorted()
            .toList());
    assertEquals(2 * 5, events.stream().filter(e -> e.hasField("updateRatio")).count());
  }

  @Test
  void everyZerothStepIsRefused() {
    try (Network network = network()) {
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.01f));
      assertEquals(
          "a monitor looks at every n-th step, n at least 1, not 0",
          assertThrows(IllegalArgumentException.class, () -> trainer.monitor(s -> {}, 0))
              .getMessage());
    }
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
      Tally tally = new Tally(Kernels.vector());
      tally.add(x.segment(), 0, 2000);
      Tally rest = new Tally(Kernels.vector());
      rest.add(x.segment(), 2000, 3 * 1031);
      tally.add(rest);
      check(numbers, tally.distribution());
    }
  }
}
