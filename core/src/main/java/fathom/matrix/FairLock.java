package fathom.matrix;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A lock on memory that any number of threads read at once, or one has to itself. Both get their
 * turn: from the moment a thread asks to be alone, nobody begins to read who is not reading
 * already; and who waits to read comes in before the next thread is alone. Threads that want to be
 * alone come in the order in which they asked.
 *
 * <p>A thread may read inside its own reading. What would wait for the calling thread itself throws
 * {@link IllegalStateException} at once. An interrupt ends no wait and is kept. Whatever is thrown
 * while a thread waits, a {@link StackOverflowError} for one, leaves it outside.
 *
 * <p>Allocates nothing once there have been as many readers at a time as there are now; only a
 * thread that waits for another's turn alone takes a node of a queue.
 */
public final class FairLock {
  /**
   * How long a thread sleeps before it looks again. Nobody relies on it but those whom a thread
   * without any stack left could not wake.
   */
  private static final long PATIENCE = 10_000_000;

  /** What is added to a stamp at each use of its place; the place is in the lower half. */
  private static final long USE = 1L << 32;

  /** A reader, if there is one, reads. */
  private static final int IN = 0;

  /** The reader waits for its turn. */
  private static final int WAITING = 1;

  /** It is the reader's turn, of which it may not know yet. */
  private static final int CALLED = 2;

  private static final VarHandle READER;
  private static final VarHandle STATE;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      READER = lookup.findVarHandle(Place.class, "reader", Thread.class);
      STATE = lookup.findVarHandle(Place.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final String what;
  private final ReentrantLock alone = new ReentrantLock(true);

  /** A power of two; the places of a thread's first choice are apart from its neighbours'. */
  private volatile Place[] places;

  /** The thread that has the memory to itself, or waits for readers to go; or null. */
  private volatile Thread keeper;

  /** Where the reader sits for whom the keeper waits, or null. */
  private volatile Place awaited;

  private long turn;

  /**
   * A lock that nobody holds.
   *
   * @param what the memory, as messages name it: {@code this network}
   */
  public FairLock(String what) {
    this(what, Math.max(8, Integer.highestOneBit(Runtime.getRuntime().availableProcessors()) << 2));
  }

  /** With places for so many readers at first, a power of two. */
  FairLock(String what, int readers) {
    this.what = what;
    places = grown(new Place[0], readers);
  }

  /**
   * Keeps everybody else out until {@link #endAlone}, by the same thread.
   *
   * @throws IllegalStateException if this thread is in already, and would wait for itself
   */
  public long beginAlone() {
    Thread me = Thread.currentThread();
    StackReserve.require(places);
    if (alone.isHeldByCurrentThread()) {
      throw inside("in a step of ", "the step");
    }
    if (placeOf(me, null) != null) {
      throw inside("reading ", "the reading");
    }
    alone.lock();
    try {
      keeper = me;
      awaitReaders();
      return ++turn;
    } catch (Throwable t) {
      keeper = null;
      alone.unlock();
      throw t;
    }
  }

  /**
   * Lets those in that have waited.
   *
   * @throws IllegalStateException if that turn has ended, or is another thread's
   */
  public void endAlone(long stamp) {
    if (!alone.isHeldByCurrentThread() || stamp != turn) {
      throw new IllegalStateException(
          "this step of " + what + " has ended already, or is another thread's");
    }
    keeper = null;
    try {
      // Until the lock is free, there is no other keeper for whom they could be waiting.
      for (Place place : places) {
        // A reader who sees that there is no keeper comes in by itself, and may even be gone.
        boolean unused = STATE.compareAndSet(place, WAITING, CALLED);
      }
      wakeNext(0);
    } finally {
      alone.unlock();
    }
  }

  /**
   * Keeps out whoever wants to be alone, until {@link #endReading}, by the same thread.
   *
   * @throws IllegalStateException if this thread is alone, and would wait for itself
   */
  public long beginReading() {
    Thread me = Thread.currentThread();
    StackReserve.require(places);
    Place place = take(me);
    // The keeper writes its name and then looks at the places: one of the two sees the other.
    if (keeper == null) {
      return place.stamp;
    }
    try {
      return beginReading(place, me);
    } catch (Throwable t) {
      // No call, for which there may be no stack.
      if (place.reader == me) {
        place.state = IN;
        place.reader = null;
      }
      throw t;
    }
  }

  private long beginReading(Place place, Thread me) {
    if (keeper == me) {
      throw inside("in a step of ", "the step");
    }
    Place outer = placeOf(me, place);
    if (outer == null) {
      awaitTurn(place);
      return place.stamp;
    }
    leave(place);
    outer.inner++;
    return outer.stamp;
  }

  /**
   * Lets those in that want to be alone, unless others read.
   *
   * @throws IllegalStateException if that reading has ended, or is another thread's
   */
  public void endReading(long stamp) {
    Place[] all = places;
    Place place = all[(int) stamp & (all.length - 1)];
    if (place.reader != Thread.currentThread() || place.stamp != stamp) {
      throw new IllegalStateException(
          "this reading of " + what + " has ended already, or is another thread's");
    }
    if (place.inner > 0) {
      place.inner--;
    } else {
      leave(place);
    }
  }

  private void leave(Place place) {
    place.reader = null;
    wakeKeeper(place);
  }

  private void wakeKeeper(Place place) {
    if (awaited == place) {
      LockSupport.unpark(keeper);
    }
  }

  /**
   * Wakes the first of those who were called. Each wakes the next: a thread that woke all of them
   * would lose its core to them before it asked to be alone again, and they would read on and on.
   */
  private void wakeNext(int from) {
    Place[] all = places;
    for (int i = from; i < all.length; i++) {
      if (all[i].state == CALLED) {
        LockSupport.unpark(all[i].reader);
        return;
      }
    }
  }

  private Place take(Thread me) {
    while (true) {
      Place[] all = places;
      int first = (int) me.threadId();
      for (int i = 0; i < all.length; i++) {
        Place place = all[first + i & (all.length - 1)];
        if (place.reader == null && READER.compareAndSet(place, null, me)) {
          place.stamp += USE;
          return place;
        }
      }
      grow(all.length);
    }
  }

  private synchronized void grow(int size) {
    if (places.length == size) {
      places = grown(places, 2 * size);
    }
  }

  private static Place[] grown(Place[] before, int size) {
    Place[] all = new Place[size];
    System.arraycopy(before, 0, all, 0, before.length);
    for (int i = before.length; i < size; i++) {
      all[i] = new Place(i);
    }
    return all;
  }

  /** Returns another place where the thread reads, or null. */
  private Place placeOf(Thread me, Place butThis) {
    for (Place place : places) {
      if (place.reader == me && place != butThis) {
        return place;
      }
    }
    return null;
  }

  private void awaitTurn(Place place) {
    boolean interrupted = false;
    try {
      place.state = WAITING;
      wakeKeeper(place);
      while (place.state == WAITING) {
        if (keeper != null) {
          LockSupport.parkNanos(this, PATIENCE);
          interrupted |= Thread.interrupted();
        } else if (STATE.compareAndSet(place, WAITING, IN)) {
          // Whoever left had passed this place before; the next one may be here already.
          if (keeper == null) {
            return;
          }
          place.state = WAITING;
          wakeKeeper(place);
        }
      }
      place.state = IN;
      wakeNext((int) place.stamp + 1);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void awaitReaders() {
    boolean interrupted = false;
    try {
      for (Place place : places) {
        while (place.isRead()) {
          awaited = place;
          if (place.isRead()) {
            LockSupport.parkNanos(this, PATIENCE);
            interrupted |= Thread.interrupted();
          }
        }
      }
    } finally {
      awaited = null;
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private IllegalStateException inside(String how, String end) {
    return new IllegalStateException(
        String.format(
            "this thread is %s%s, for whose end this call would wait; end %s first",
            how, what, end));
  }

  /** A place for a reader. */
  private static final class Place {
    private volatile Thread reader;

    /** One of {@link #IN}, {@link #WAITING} and {@link #CALLED}; the first where nobody is. */
    private volatile int state;

    // Of the reader alone.
    private long stamp;
    private int inner;

    Place(int index) {
      stamp = index;
    }

    boolean isRead() {
      return reader != null && state != WAITING;
    }
  }
}
