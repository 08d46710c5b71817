package fathom.data;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URL;
import java.net.URLClassLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The thread that makes batches, and whoever waits for it. */
@Timeout(60)
class PreparerTest {
  /** One who is interrupted cannot park: he would turn in circles for as long as he waits. */
  @Test
  void anInterruptedReaderWaitsAtRest() throws Exception {
    CountDownLatch ready = new CountDownLatch(1);
    Preparer preparer = new Preparer((slot, batch) -> await(ready), 2, 4);
    preparer.start();
    AtomicBoolean kept = new AtomicBoolean();
    Thread reader =
        new Thread(
            () -> {
              Thread.currentThread().interrupt();
              preparer.await(0);
              kept.set(Thread.interrupted());
            });
    reader.start();
    while (reader.isInterrupted() || reader.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    ready.countDown();
    reader.join();
    preparer.end();
    assertTrue(kept.get());
  }

  @Test
  void theThreadTakesNothingOverFromTheCaller() throws Exception {
    InheritableThreadLocal<String> request = new InheritableThreadLocal<>();
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    AtomicReference<String> seen = new AtomicReference<>("nothing ran");
    AtomicReference<ClassLoader> loader = new AtomicReference<>();
    try (URLClassLoader application = new URLClassLoader(new URL[0])) {
      request.set("of the caller");
      Thread.currentThread().setContextClassLoader(application);
      Preparer preparer =
          new Preparer(
              (slot, batch) -> {
                seen.set(request.get());
                loader.set(Thread.currentThread().getContextClassLoader());
              },
              2,
              1);
      preparer.start();
      preparer.await(0);
      preparer.end();
      assertNull(seen.get());
      assertSame(Preparer.class.getClassLoader(), loader.get());
    } finally {
      Thread.currentThread().setContextClassLoader(before);
      request.remove();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
