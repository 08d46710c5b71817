package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import fathom.blas.Blas;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Adam;
import fathom.optim.Clipping;
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

/** When a monitor looks, what it leaves as it is, and how it tells. */
class MonitorTest {
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

  static Network network() {
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
  static Network wide(Engine engine) {
    return Network.input(100)
        .dense(256, Activation.RELU)
        .dense(256, Activation.SELU)
        .dense(4)
        .engine(engine)
        .seed(1)
        .build();
  }

  private static float[][] weights(int threads, Monitor monitor) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
        Dataset data = data(256, 100, 4);
        Network network = wide(engine);
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
}
