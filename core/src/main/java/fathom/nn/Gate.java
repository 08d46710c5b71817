package fathom.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.StampedLock;

/**
 * Who may use a network: one step, or any number of calls that only read its parameters, until it
 * is closed; closing waits for those that are inside. Allocates nothing. Nobody may come in twice:
 * a step that waited for itself would wait forever.
 */
final class Gate {
  private final StampedLock lock = new StampedLock();
  private final List<Runnable> closers = new ArrayList<>();
  private volatile boolean closed;

  /**
   * Keeps everybody else out until {@link #endStep}.
   *
   * @throws IllegalStateException if the network was closed
   */
  long beginStep() {
    long stamp = lock.writeLock();
    if (closed) {
      lock.unlockWrite(stamp);
      requireOpen();
    }
    return stamp;
  }

  void endStep(long stamp) {
    lock.unlockWrite(stamp);
  }

  /**
   * Keeps steps out until {@link #endReading}.
   *
   * @throws IllegalStateException if the network was closed
   */
  long beginReading() {
    long stamp = lock.readLock();
    if (closed) {
      lock.unlockRead(stamp);
      requireOpen();
    }
    return stamp;
  }

  void endReading(long stamp) {
    lock.unlockRead(stamp);
  }

  /** Does something as a step. */
  void alone(Runnable change) {
    long stamp = beginStep();
    try {
      change.run();
    } finally {
      endStep(stamp);
    }
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("this network was closed");
    }
  }

  /** Adds what is done before memory is freed. */
  void onClose(Runnable action) {
    synchronized (closers) {
      requireOpen();
      closers.add(action);
    }
  }

  void forget(Runnable action) {
    synchronized (closers) {
      closers.remove(action);
    }
  }

  /**
   * Lets nobody in any more, and frees memory once all are out.
   *
   * @return whether that is done by this call
   */
  boolean close(Runnable free) {
    long stamp = lock.writeLock();
    try {
      if (closed) {
        return false;
      }
      try {
        end().forEach(Runnable::run);
      } finally {
        free.run();
      }
      return true;
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  /** An action may forget itself while it runs, and a trainer may be made meanwhile. */
  private List<Runnable> end() {
    synchronized (closers) {
      closed = true;
      List<Runnable> all = List.copyOf(closers);
      closers.clear();
      return all;
    }
  }
}
