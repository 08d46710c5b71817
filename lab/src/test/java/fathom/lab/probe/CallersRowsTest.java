package fathom.lab.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Network;
import java.lang.foreign.Arena;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Rows that belong to a caller, who may free them whenever he likes. */
class CallersRowsTest {
  private static final int TRIES = 60;
  private static final int ROWS = 600;

  /** So wide that the system takes the memory back at once: 39 MB, above what malloc keeps. */
  private static final int FEATURES = 16_384;

  private static final long PAUSE = 200_000;

  /** Products read by address: were they to read a caller's rows, this would end the JVM. */
  @Test
  void mayBeFreedDuringAPrediction() throws InterruptedException {
    try (Network network = network();
        Arena arena = Arena.ofShared()) {
      Matrix y = Matrix.allocate(arena, ROWS, 3);
      freedMeanwhile(x -> network.predict(x, y));
      Matrix x = Matrix.allocate(arena, ROWS, FEATURES);
      y.set(ROWS - 1, 2, Float.NaN);
      network.predict(x, y);
      assertEquals(y.get(0, 2), y.get(ROWS - 1, 2));
    }
  }

  @Test
  void mayBeFreedWhileAProbeMeasures() throws InterruptedException {
    try (Network network = network()) {
      Probe probe = new Probe(network).withoutJacobian();
      freedMeanwhile(x -> probe.sound(x, 1));
    }
  }

  private static Network network() {
    return Network.input(FEATURES).dense(32, Activation.TANH).dense(3).seed(1).build();
  }

  @SuppressWarnings("MustBeClosedChecker") // by another thread, which is the point
  private static void freedMeanwhile(Consumer<Matrix> reader) throws InterruptedException {
    int refused = 0;
    for (int i = 0; i < TRIES; i++) {
      Arena rows = Arena.ofShared();
      Matrix x = Matrix.allocate(rows, ROWS, FEATURES);
      CountDownLatch begun = new CountDownLatch(1);
      int pause = i;
      Thread closer =
          new Thread(
              () -> {
                begun.countDown();
                spin(pause * PAUSE);
                rows.close();
              });
      closer.start();
      begun.await();
      try {
        reader.accept(x);
      } catch (IllegalStateException e) {
        refused++;
        // The JVM interrupts whoever reads what is being closed, to wake him.
        boolean unused = Thread.interrupted();
      }
      closer.join();
      assertThrows(IllegalStateException.class, () -> reader.accept(x));
    }
    assertTrue(refused > 0, "no arena was closed in time");
  }

  private static void spin(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }
}
