package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Sgd;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training, prediction and closing take turns, however many threads predict. */
@Timeout(300)
class TurnsTest {
  private static final int ROWS = 64;

  private final AtomicInteger failures = new AtomicInteger();

  /**
   * Between two steps each thread predicts once, or some more times while the trainer's thread has
   * no processor: a bound of fifty each is ten times what was seen, and a tenth of what a lock
   * without turns lets pass.
   */
  @ParameterizedTest
  @ValueSource(ints = {2, 8, 64})
  void stepsGoOnWhileOthersPredict(int threads) throws InterruptedException {
    List<Thread> all;
    try (Dataset data = Digits.load();
        Network net = network();
        Trainer trainer = new Trainer(net, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.01f))) {
      Batch batch = data.rows().batches(32, 1).iterator().next();
      AtomicLong predictions = new AtomicLong();
      all = predictors(net, threads, predictions, Long.MAX_VALUE);
      while (predictions.get() < threads) {
        Thread.onSpinWait();
      }
      long before = predictions.get();
      int steps = 800 / threads;
      for (int i = 0; i < steps; i++) {
        double unused = trainer.step(batch);
      }
      long meanwhile = predictions.get() - before;
      assertTrue(
          meanwhile <= 50L * threads * steps, meanwhile + " predictions in " + steps + " steps");
    }
    // The network was closed beside them.
    for (Thread thread : all) {
      thread.join();
    }
    assertEquals(0, failures.get());
  }

  @Test
  void predictionsGoOnWhileAnotherTrains() throws InterruptedException {
    try (Dataset data = Digits.load();
        Network net = network();
        Trainer trainer = new Trainer(net, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.01f))) {
      Batch batch = data.rows().batches(32, 1).iterator().next();
      AtomicLong predictions = new AtomicLong();
      List<Thread> all = predictors(net, 3, predictions, 300);
      long steps = 0;
      while (all.stream().anyMatch(Thread::isAlive)) {
        double unused = trainer.step(batch);
        steps++;
      }
      assertEquals(0, failures.get());
      assertEquals(900, predictions.get());
      assertTrue(steps > 0);
    }
  }

  @Test
  void whatWouldWaitForItsOwnThreadThrows(@TempDir Path folder) {
    Path file = folder.resolve("a.safetensors");
    try (Network net = network();
        Arena arena = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(arena, 1, 64);
      Matrix y = Matrix.allocate(arena, 1, 10);
      long step = net.beginStep();
      assertThrows(IllegalStateException.class, () -> net.predict(x, y));
      assertThrows(IllegalStateException.class, () -> Models.save(net, file));
      assertThrows(IllegalStateException.class, net::close);
      assertThrows(IllegalStateException.class, net::beginStep);
      assertThrows(IllegalStateException.class, () -> net.reset(1));
      net.endStep(step);
      long reading = net.beginReading();
      assertThrows(IllegalStateException.class, net::beginStep);
      assertThrows(IllegalStateException.class, net::close);
      net.predict(x, y);
      net.endReading(reading);
      net.predict(x, y);
      assertTrue(Files.notExists(file));
    }
  }

  private static Network network() {
    return Network.input(64).dense(32, Activation.RELU).dense(10).build();
  }

  /** Starts threads that predict until they have done so often, or the network is closed. */
  private List<Thread> predictors(Network net, int threads, AtomicLong predictions, long each) {
    List<Thread> all = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      Thread thread =
          new Thread(
              () -> {
                try (Arena arena = Arena.ofConfined()) {
                  Matrix x = Matrix.allocate(arena, ROWS, 64);
                  Matrix y = Matrix.allocate(arena, ROWS, 10);
                  for (long i = 0; i < each; i++) {
                    net.predict(x, y);
                    predictions.incrementAndGet();
                  }
                } catch (IllegalStateException e) {
                  failures.addAndGet("this network was closed".equals(e.getMessage()) ? 0 : 1);
                }
              });
      thread.setUncaughtExceptionHandler((who, e) -> failures.incrementAndGet());
      thread.start();
      all.add(thread);
    }
    return all;
  }
}
