package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Adam;
import fathom.optim.Clipping;
import fathom.optim.Sgd;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a team that embeds the engine counts on: a polite guest in somebody else's process. */
@Timeout(120)
class GuestTest {
  private static Dataset data(int rows, int features, int classes) {
    Random random = new Random(3);
    float[][] x = new float[rows][features];
    int[] labels = new int[rows];
    for (int i = 0; i < rows; i++) {
      labels[i] = random.nextInt(classes);
      for (int j = 0; j < features; j++) {
        x[i][j] = (float) random.nextGaussian() + (j == labels[i] ? 3 : 0);
      }
    }
    return Dataset.ofLabels(x, labels, classes);
  }

  private static Network network() {
    return Network.input(20)
        .dense(128, Activation.RELU)
        .dense(64, Activation.GELU)
        .dense(4)
        .build();
  }

  private static long engineThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().startsWith("fathom-"))
        .count();
  }

  @Test
  void threadsEndWithTheLastNetwork() {
    long before = engineThreads();
    Network first = Network.input(200).dense(400, Activation.RELU).dense(4).build();
    Network second = Network.input(200).dense(400, Activation.RELU).dense(4).build();
    try (Arena arena = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(arena, 64, 200);
      Matrix y = Matrix.allocate(arena, 64, 4);
      first.predict(x, y);
      first.close();
      second.predict(x, y);
    }
    second.close();
    second.close();
    assertEquals(before, engineThreads());
  }

  @Test
  void useAfterCloseThrows() {
    Network network = network();
    Dataset data = data(10, 20, 4);
    Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.1f));
    network.close();
    try (Arena arena = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(arena, 1, 20);
      Matrix y = Matrix.allocate(arena, 1, 4);
      assertThrows(IllegalStateException.class, () -> network.predict(x, y));
    }
    assertThrows(IllegalStateException.class, () -> trainer.epoch(data.batchesInOrder(10)));
    assertThrows(IllegalStateException.class, network::parameters);
    assertThrows(IllegalStateException.class, network::gradients);
    trainer.close();
    data.close();
    assertThrows(IllegalStateException.class, () -> data.batchesInOrder(10).iterator());
  }

  @Test
  void manyThreadsGetTheSerialBitsWhileOthersTrain() throws Exception {
    try (Network network = network();
        Network other = network();
        Dataset data = data(200, 20, 4);
        Arena arena = Arena.ofShared();
        ExecutorService pool = Executors.newFixedThreadPool(8)) {
      Matrix x = data.inputs();
      Matrix expected = Matrix.allocate(arena, 200, 4);
      network.predict(x, expected);
      List<Future<float[][]>> answers = new ArrayList<>();
      Future<Double> loss =
          pool.submit(
              () -> {
                Trainer trainer = new Trainer(other, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(1e-3f));
                double last = 0;
                for (int i = 0; i < 20; i++) {
                  last = trainer.epoch(data.batches(32, i));
                }
                return last;
              });
      for (int i = 0; i < 64; i++) {
        Callable<float[][]> call =
            () -> {
              Matrix y = Matrix.allocate(arena, 200, 4);
              for (int repeat = 0; repeat < 20; repeat++) {
                network.predict(x, y);
              }
              return y.toArray();
            };
        answers.add(pool.submit(call));
      }
      for (Future<float[][]> answer : answers) {
        assertArrayEquals(expected.toArray(), answer.get());
      }
      assertTrue(Double.isFinite(loss.get()));
    }
  }

  static Stream<Clipping> clippings() {
    return Stream.of(Clipping.none(), Clipping.byNorm(1), Clipping.perTensorByNorm(0.1f));
  }

  @ParameterizedTest
  @MethodSource("clippings")
  void aStepAndAnAnswerAllocateNothing(Clipping clipping) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long me = Thread.currentThread().threadId();
    try (Network network = network();
        Dataset data = data(64, 20, 4);
        Arena arena = Arena.ofConfined()) {
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(1e-3f));
      trainer.clipping(clipping);
      Matrix one = data.inputs().rows(0, 1);
      Matrix y = Matrix.allocate(arena, 1, 4);
      Batch batch = data.batchesInOrder(64).iterator().next();
      // Until all is compiled, vectors are boxed; how soon that is depends on the machine.
      double perStep = Double.POSITIVE_INFINITY;
      for (int round = 0; round < 50 && perStep >= 1; round++) {
        long before = threads.getThreadAllocatedBytes(me);
        for (int i = 0; i < 5000; i++) {
          double unused = trainer.step(batch);
          network.predict(one, y);
        }
        perStep = (threads.getThreadAllocatedBytes(me) - before) / 5000.0;
      }
      assertTrue(perStep < 1, perStep + " bytes allocated per step and answer");
    }
  }

  @Test
  void anEmbeddersThreadSettingStays() {
    openblas_nolapack.blas_set_num_threads(2);
    try (Network network = network();
        Dataset data = data(64, 20, 4)) {
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.1f));
      double unused = trainer.epoch(data.batchesInOrder(64));
      assertEquals(2, openblas_nolapack.blas_get_num_threads());
    } finally {
      openblas_nolapack.blas_set_num_threads(Runtime.getRuntime().availableProcessors());
    }
  }

  @Test
  void divergenceNamesStepRateAndLayerAndKeepsTheParameters() {
    try (Network network = network();
        Dataset data = data(64, 20, 4)) {
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(1e30f));
      TrainingDivergedException e =
          assertThrows(
              TrainingDivergedException.class,
              () -> {
                for (int i = 0; i < 10; i++) {
                  double unused = trainer.epoch(data.batchesInOrder(64));
                }
              });
      assertTrue(e.getMessage().contains("step " + e.step()), e.getMessage());
      assertTrue(e.getMessage().contains("1.0E30"), e.getMessage());
      assertTrue(
          e.getMessage().matches(".*the output of layer [123] of 3 \\(.+\\);.*"), e.getMessage());
      assertFalse(e.getMessage().contains("\n"));
    }
  }

  @Test
  void gradientsThatOverflowAreNotClippedButTold() {
    float[][] x = {{1e20f, 1}};
    float[][] y = {{1e30f}};
    try (Network network =
            Network.input(2).dense(1, Activation.IDENTITY, Initializer.ZEROS).build();
        Dataset data = Dataset.ofTargets(x, y)) {
      Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0.1f));
      trainer.clipping(Clipping.byNorm(1));
      TrainingDivergedException e =
          assertThrows(
              TrainingDivergedException.class, () -> trainer.epoch(data.batchesInOrder(1)));
      assertEquals(
          "training diverged at step 1 with learning rate 0.1: the first non-finite number is in"
              + " the gradient of 0.weight in layer 1 of 1 (2 -> 1 identity, zeros), the norm of all"
              + " being Infinity; gradients explode: lower the rate, or clip or normalize",
          e.getMessage());
      assertEquals(0, trainer.state().steps());
      assertArrayEquals(new float[1][2], network.parameters().get("0.weight").toArray());
    }
  }

  @Test
  void aBatchThatDoesNotFitIsNamed() {
    try (Network network = network();
        Dataset wide = data(8, 21, 4);
        Dataset many = data(8, 20, 5);
        Dataset numbers = Dataset.ofTargets(new float[8][20], new float[8][3])) {
      Trainer labels = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.1f));
      assertEquals(
          "the batch has rows of 21 numbers, the network takes rows of 20",
          assertThrows(IllegalArgumentException.class, () -> labels.epoch(wide.batchesInOrder(8)))
              .getMessage());
      assertEquals(
          "the data have 5 classes, the network has 4 outputs",
          assertThrows(IllegalArgumentException.class, () -> labels.epoch(many.batchesInOrder(8)))
              .getMessage());
      Trainer squares = new Trainer(network, Loss.MSE, new Sgd(0.1f));
      assertEquals(
          "mse needs rows of 4 numeric targets, and the batch has rows of 3",
          assertThrows(
                  IllegalArgumentException.class, () -> squares.epoch(numbers.batchesInOrder(8)))
              .getMessage());
    }
  }
}
