package fathom.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Lets work end in order when a signal ends the process (Ctrl-C, SIGTERM): while it is open, the
 * process waits until it is closed.
 */
final class Interruption implements AutoCloseable {
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook = new Thread(this::stopAndWait, "fathom-interruption");
  private volatile boolean wanted;

  /** Listens for the end of the process. */
  Interruption() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Returns whether the work has to stop. */
  boolean isWanted() {
    return wanted;
  }

  private void stopAndWait() {
    wanted = true;
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
