package fathom.nn;

import fathom.matrix.FairLock;
import java.util.ArrayList;
import java.util.List;

/**
 * The order in which threads use a network: one step, or any number of calls that only read its
 * parameters, until it is closed; closing waits for those that are inside. Both get their turn, as
 * {@link FairLock} says, and what would wait for the calling thread itself throws.
 */
final class Gate {
  private final FairLock lock = new FairLock("this network");
  private final List<Runnable> closers = new ArrayList<>();
  private volatile boolean closed;

  /**
   * Keeps everybody else out until {@link #endStep}.
   *
   * @throws IllegalStateException if the network was closed, or this thread is inside already
   */
  long beginStep() {
    long stamp = lock.beginAlone();
    if (closed) {
      lock.endAlone(stamp);
      requireOpen();
    }
    return stamp;
  }

  void endStep(long stamp) {
    lock.endAlone(stamp);
  }

  /**
   * Keeps steps out until {@link #endReading}.
   *
   * @throws IllegalStateException if the network was closed, or this thread is in a step
   */
  long beginReading() {
    long stamp = lock.beginReading();
    if (closed) {
      lock.endReading(stamp);
      requireOpen();
    }
    return stamp;
  }

  void endReading(long stamp) {
    lock.endReading(stamp);
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
    long stamp = lock.beginAlone();
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
      lock.endAlone(stamp);
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
