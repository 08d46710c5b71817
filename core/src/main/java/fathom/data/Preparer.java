package fathom.data;

import java.util.concurrent.locks.LockSupport;

/**
 * Fills the places of a ring on a thread of its own, batch after batch, ahead of the one thread
 * that reads them in the same order. A place is filled again only after the reader gave it back;
 * once the ring was full, the thread rests until half of it is free, and fills all of that at once,
 * since what costs is to wake it, and to wait for a core. It ends after the last batch, when it
 * fails, and when it is stopped; handing a batch over allocates nothing.
 */
final class Preparer {
  /** What fills batch number {@code batch} into place {@code slot}. */
  @FunctionalInterface
  interface Filling {
    void fill(int slot, int batch);
  }

  static final String THREAD = "fathom-batches";

  /** What nobody waits for. */
  private static final int NEVER = Integer.MAX_VALUE;

  private final Filling filling;
  private final int slots;
  private final int batches;
  private final Thread thread;
  private volatile int prepared;
  private volatile int returned;
  private volatile boolean stopped;
  private volatile Throwable failure;
  private volatile Thread reader;

  /** How many batches must be given back for the thread to go on. */
  private volatile int wanted = NEVER;

  /** The batch that the reader waits for. */
  private volatile int awaited = NEVER;

  Preparer(Filling filling, int slots, int batches) {
    this.filling = filling;
    this.slots = slots;
    this.batches = batches;
    // The caller's thread locals and class loader are not ours to keep.
    thread = new Thread(null, this::run, THREAD, 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(Preparer.class.getClassLoader());
  }

  void start() {
    thread.start();
  }

  /**
   * Waits until a batch is prepared; an interrupt is kept for the caller and ends nothing.
   *
   * @throws IllegalStateException if the dataset was closed; or whatever preparing it threw
   */
  void await(int batch) {
    if (prepared > batch) {
      return;
    }
    reader = Thread.currentThread();
    awaited = batch;
    boolean interrupted = false;
    try {
      while (prepared <= batch) {
        if (failure != null) {
          throw rethrown(failure);
        }
        if (stopped) {
          throw new IllegalStateException("this dataset is closed");
        }
        LockSupport.park(this);
        // Nobody can park while he is interrupted: he would spin.
        interrupted |= Thread.interrupted();
      }
      awaited = NEVER;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Lets the places of all batches before this one be filled again. */
  void giveBackBefore(int batch) {
    returned = batch;
    if (batch >= wanted) {
      LockSupport.unpark(thread);
    }
  }

  /** Lets the thread end as soon as it has filled what it is at. */
  void stop() {
    stopped = true;
    LockSupport.unpark(thread);
    LockSupport.unpark(reader);
  }

  /** Stops, and waits until the thread touches nothing any more. */
  void end() {
    stop();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      for (int batch = 0; batch < batches && mayFill(batch); batch++) {
        filling.fill(batch % slots, batch);
        prepared = batch + 1;
        if (awaited <= batch) {
          LockSupport.unpark(reader);
        }
      }
    } catch (Throwable t) {
      failure = t;
      LockSupport.unpark(reader);
    }
  }

  private boolean mayFill(int batch) {
    if (batch - returned >= slots) {
      wanted = batch - slots + Math.max(1, slots / 2);
      while (!stopped && returned < wanted) {
        LockSupport.park(this);
      }
      wanted = NEVER;
    }
    return !stopped;
  }

  /** What was thrown by code without checked exceptions is none. */
  private static RuntimeException rethrown(Throwable t) {
    if (t instanceof Error error) {
      throw error;
    }
    return (RuntimeException) t;
  }
}
