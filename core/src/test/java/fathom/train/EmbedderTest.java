package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.DataException;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Optimizer;
import fathom.optim.Sgd;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What other people's code does around a training: it calls back, throws, closes and fails. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EmbedderTest {
  private static final Loss LOSS = Loss.SOFTMAX_CROSS_ENTROPY;

  /** Batches of 256 such rows are made by a thread of their own. */
  private static final int FEATURES = 64;

  private static Dataset data(int rows) {
    return Dataset.ofLabels(new float[rows][FEATURES], new int[rows], 3);
  }

  private static Network network() {
    return Network.input(FEATURES).dense(16, Activation.RELU).dense(3).seed(1).build();
  }

  private static long threads(String start) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().startsWith(start))
        .count();
  }

  @Test
  void aScheduleMayPredictWithTheNetwork() {
    try (Dataset data = data(64);
        Network network = network();
        Arena arena = Arena.ofShared();
        Trainer trainer = new Trainer(network, LOSS, new Sgd(0.1f))) {
      Matrix y = Matrix.allocate(arena, 64, 3);
      trainer.schedule(
          (step, base) -> {
            network.predict(data.inputs(), y);
            return base;
          });
      // Rows of zeros against one class: the loss is that of even odds.
      assertEquals(Math.log(3), trainer.epoch(data.batchesInOrder(64)), 1e-6);
    }
  }

  @Test
  void aMonitorMayPredictWithTheNetwork() {
    try (Dataset data = data(64);
        Network network = network();
        Arena arena = Arena.ofShared();
        Trainer trainer = new Trainer(network, LOSS, new Sgd(0.1f))) {
      Matrix y = Matrix.allocate(arena, 64, 3);
      int[] samples = {0};
      trainer.monitor(
          new Monitor() {
            @Override
            public boolean isWatching() {
              network.predict(data.inputs(), y);
              return true;
            }

            @Override
            public void sample(StepSample sample) {
              network.predict(data.inputs(), y);
              samples[0]++;
            }
          },
          1);
      double unused = trainer.epoch(data.batchesInOrder(32));
      assertEquals(2, samples[0]);
    }
  }

  @Test
  void aTrainerThatWasClosedSaysSo() {
    Network network = network();
    try (Dataset data = data(64)) {
      Trainer trainer = new Trainer(network, LOSS, new Sgd(0.1f));
      trainer.close();
      trainer.close();
      float[][] before = network.parameters().get("2.bias").toArray();
      assertEquals(
          "this trainer was closed; make another one for the network",
          assertThrows(IllegalStateException.class, () -> trainer.epoch(data.batchesInOrder(64)))
              .getMessage());
      assertTrue(Arrays.deepEquals(before, network.parameters().get("2.bias").toArray()));
      network.close();
      assertEquals(
          "this network was closed",
          assertThrows(IllegalStateException.class, () -> trainer.epoch(data.batchesInOrder(64)))
              .getMessage());
    }
  }

  @Test
  void aTrainerThatWasClosedIsForgotten() throws Exception {
    try (Network network = network()) {
      WeakReference<Trainer> trainer = closedTrainer(network);
      for (int i = 0; i < 500 && trainer.get() != null; i++) {
        System.gc();
        Thread.sleep(10);
      }
      assertNull(trainer.get());
      assertEquals(3, network.outputs());
    }
  }

  private static WeakReference<Trainer> closedTrainer(Network network) {
    try (Trainer trainer = new Trainer(network, LOSS, new Sgd(0.1f))) {
      return new WeakReference<>(trainer);
    }
  }

  @Test
  void aTrainerThatCannotBeMadeLeavesNoMemory() {
    List<MemorySegment> taken = new ArrayList<>();
    Optimizer failing =
        new Optimizer() {
          @Override
          public float rate() {
            return 1;
          }

          @Override
          public List<String> moments() {
            return List.of("moment");
          }

          @Override
          public Rule rule(MemorySegment parameters, List<MemorySegment> moments) {
            taken.addAll(moments);
            throw new UnsupportedOperationException("not today");
          }
        };
    try (Network network = network()) {
      assertThrows(UnsupportedOperationException.class, () -> new Trainer(network, LOSS, failing));
      assertEquals(1, taken.size());
      assertFalse(taken.get(0).scope().isAlive());
    }
  }

  @Test
  void aNetworkThatCannotBeBuiltLeavesNoThreads() {
    long before = threads("fathom-");
    // Exbibytes, which no address has.
    OutOfMemoryError refused =
        assertThrows(OutOfMemoryError.class, () -> Network.input(1 << 29).dense(1 << 29).build());
    String start = "a network of 288230376688582656 parameters takes 1152921506754330624 bytes";
    assertTrue(refused.getMessage().startsWith(start), refused.getMessage());
    int most = Integer.MAX_VALUE;
    IllegalArgumentException beyond =
        assertThrows(IllegalArgumentException.class, () -> Network.input(most).dense(most).build());
    assertEquals(
        "0.weight of 2147483647x2147483647: with it, all take more than the 2^63 bytes that can be"
            + " addressed",
        beyond.getMessage());
    try (Network network = Network.input(400).dense(400).dense(400).build();
        Arena arena = Arena.ofConfined()) {
      network.predict(Matrix.allocate(arena, 256, 400), Matrix.allocate(arena, 256, 400));
    }
    assertEquals(before, threads("fathom-"));
  }

  @Test
  void aBatchThatIsTooLargeLeavesRoomForSmallOnes() throws Exception {
    Path policy = Path.of("/proc/sys/vm/overcommit_memory");
    assumeTrue(
        Files.exists(policy) && !Files.readString(policy).strip().equals("1"),
        "this system grants any amount of memory");
    int rows = 100_000;
    try (Dataset data = Dataset.ofLabels(new float[rows][1], new int[rows], 2);
        Network network = Network.input(1).dense(1 << 20, Activation.RELU).dense(2).build();
        Trainer trainer = new Trainer(network, LOSS, new Sgd(0.1f))) {
      // Outputs of 100,000 rows of a million numbers are 400 gigabytes.
      OutOfMemoryError refused =
          assertThrows(OutOfMemoryError.class, () -> trainer.epoch(data.batchesInOrder(rows)));
      assertTrue(
          refused.getMessage().startsWith("a training pass of 100000 rows"), refused.getMessage());
      try (Batches.Iteration few = data.batchesInOrder(2).iterator()) {
        assertTrue(Double.isFinite(trainer.step(few.next())));
      }
    }
  }

  @Test
  void whatFailsOrStopsEarlyLeavesNoThread() {
    long before = threads("fathom-batches");
    try (Dataset data = data(20_000);
        Network other = Network.input(FEATURES + 1).dense(3).build();
        Network network = network()) {
      assertThrows(IllegalArgumentException.class, () -> Evaluation.of(other, data.rows(), LOSS));
      assertEquals(before, threads("fathom-batches"));
      RateRange range =
          RateRange.of(network, LOSS, new Sgd(0), data.rows(), 256, 1, 10, 1e-4f, 1e-3f);
      assertEquals(10, range.points().size());
      assertEquals(before, threads("fathom-batches"));
    }
  }

  @Test
  void rowsThatDoNotFitAnEvaluationAreNamed() {
    try (Network network = network();
        Dataset many = Dataset.ofLabels(new float[1][FEATURES], new int[1], 5);
        Dataset numbers = Dataset.ofTargets(new float[1][FEATURES], new float[1][2]);
        Dataset neither = Dataset.ofInputs(new float[1][FEATURES])) {
      refused("the data have 5 classes, the network has 3 outputs", network, many, LOSS);
      String labels = "cross_entropy needs integer labels, and the batch has ";
      refused(labels + "numeric targets", network, numbers, LOSS);
      refused(labels + "neither labels nor targets", network, neither, LOSS);
      String targets = "mse needs rows of 3 numeric targets, and the batch has ";
      refused(targets + "rows of 2", network, numbers, Loss.MSE);
      refused(targets + "integer labels", network, many, Loss.MSE);
      refused(targets + "neither labels nor targets", network, neither, Loss.MSE);
    }
  }

  private static void refused(String why, Network network, Dataset data, Loss loss) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> Evaluation.of(network, data.rows(), loss));
    assertEquals(why, e.getMessage());
  }

  @Test
  void anInterruptedThreadIsToldThatNoFileWasWrittenOrRead(@TempDir Path directory) {
    Path file = directory.resolve("model.safetensors");
    try (Network network = network()) {
      Models.save(network, file);
      Thread.currentThread().interrupt();
      assertEquals(
          file + ": cannot be written: the thread was interrupted; clear that and write again",
          assertThrows(UncheckedIOException.class, () -> Models.save(network, file)).getMessage());
      assertTrue(Thread.currentThread().isInterrupted());
      assertEquals(
          file + ": reading was interrupted; clear the thread's interrupt and read again",
          assertThrows(DataException.class, () -> Models.load(file)).getMessage());
      assertTrue(Thread.interrupted());
      Models.load(file).network().close();
    }
  }

  @Test
  void aModelIsSavedWhileOthersRead(@TempDir Path directory) {
    Path file = directory.resolve("model.safetensors");
    Network network = network();
    try (Arena arena = Arena.ofConfined()) {
      long stamp = network.beginReading();
      Models.save(network, file);
      network.predict(Matrix.allocate(arena, 2, FEATURES), Matrix.allocate(arena, 2, 3));
      network.endReading(stamp);
      assertTrue(Files.exists(file));
    }
    network.close();
    assertThrows(IllegalStateException.class, network::beginReading);
  }

  @Test
  void aDatasetIsClosedWhenItsReadersAreDone() throws Exception {
    try (Network network = network();
        Trainer trainer = new Trainer(network, LOSS, new Sgd(0.1f))) {
      Dataset data = data(64);
      Iterator<Batch> batches = data.batchesInOrder(32).iterator();
      Batch batch = batches.next();
      long stamp = batch.beginReading();
      Thread closer = new Thread(data::close);
      closer.start();
      while (closer.getState() != Thread.State.TIMED_WAITING) {
        Thread.sleep(1);
      }
      assertEquals(0, batch.inputs().get(31, FEATURES - 1));
      batch.endReading(stamp);
      closer.join();
      assertEquals(
          "this dataset is closed",
          assertThrows(IllegalStateException.class, () -> trainer.step(batch)).getMessage());
    }
  }

  @Test
  void aRecurrentNetworkReadsRowsOfTheCallersOwn() {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 4);
        Network network = Network.sequence(8, 8).lstm(64).dense(3).engine(engine).build();
        Arena shared = Arena.ofShared();
        Arena own = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(own, 256, 64);
      Matrix same = Matrix.allocate(shared, 256, 64);
      for (int r = 0; r < x.rows(); r++) {
        x.set(r, r % 64, 1);
      }
      same.copyFrom(x);
      Matrix y = Matrix.allocate(own, 256, 3);
      Matrix expected = Matrix.allocate(shared, 256, 3);
      network.predict(x, y);
      network.predict(same, expected);
      assertFalse(Arrays.equals(y.toArray()[0], y.toArray()[1]));
      assertTrue(Arrays.deepEquals(expected.toArray(), y.toArray()));
    }
  }
}
