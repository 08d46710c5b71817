package fathom.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Listens for the end of the process. While it is open, a signal that ends the process (Ctrl-C,
 * SIGTERM) waits until whoever asks {@link #isAsked} has come to a place to stop at, and closes it.
 */
final class Ending implements AutoCloseable {
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook = new Thread(this::askAndWait, "fathom-ending");
  private volatile boolean asked;

  /** Starts to listen. */
  Ending() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Returns whether the process is to end. */
  boolean isAsked() {
    return asked;
  }

  private void askAndWait() {
    asked = true;
    try {
      done.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets the process end. */
  @Override
  public void close() {
    done.countDown();
    try {
      boolean unused = Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending; it waited for this.
    }
  }
}
