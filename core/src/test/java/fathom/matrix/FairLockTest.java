package fathom.matrix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Turns, re-entry, interrupts and what is allocated. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FairLockTest {
  private static final String READING =
      "this thread is reading this memory, for whose end this call would wait; end the reading"
          + " first";
  private static final String STEP =
      "this thread is in a step of this memory, for whose end this call would wait; end the step"
          + " first";

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final FairLock lock = new FairLock("this memory");

  /** A thread that comes in, and stays until it is let go. */
  private final class Visitor {
    private final CountDownLatch leave = new CountDownLatch(1);
    private final Thread thread;
    private volatile boolean asks;
    private volatile boolean in;
    private volatile boolean interrupted;

    Visitor(boolean alone) {
      thread = new Thread(() -> visit(alone));
      thread.start();
    }

    private void visit(boolean alone) {
      asks = true;
      long stamp = alone ? lock.beginAlone() : lock.beginReading();
      in = true;
      interrupted = Thread.interrupted();
      try {
        leave.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      if (alone) {
        lock.endAlone(stamp);
      } else {
        lock.endReading(stamp);
      }
    }

    /** Waits until the thread waits, inside or outside. */
    Visitor settle() throws InterruptedException {
      while (!in && !(asks && isParked())) {
        Thread.sleep(1);
      }
      return this;
    }

    private boolean isParked() {
      Thread.State state = thread.getState();
      return state == Thread.State.TIMED_WAITING || state == Thread.State.WAITING;
    }

    void awaitIn() throws InterruptedException {
      while (!in) {
        Thread.sleep(1);
      }
    }

    void go() throws InterruptedException {
      leave.countDown();
      thread.join();
    }
  }

  private List<Visitor> readers(int count) throws InterruptedException {
    List<Visitor> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(new Visitor(false).settle());
    }
    return all;
  }

  private static long in(List<Visitor> visitors) {
    return visitors.stream().filter(v -> v.in).count();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 8, 64})
  void bothGetTheirTurn(int count) throws Exception {
    List<Visitor> first = readers(count);
    assertEquals(count, in(first));
    Visitor alone = new Visitor(true).settle();
    List<Visitor> second = readers(count);
    assertEquals(0, in(second), "readers passed a thread that waited to be alone");
    for (Visitor reader : first) {
      assertFalse(alone.in);
      reader.go();
    }
    alone.awaitIn();
    assertEquals(0, in(second));
    Visitor next = new Visitor(true).settle();
    alone.go();
    for (Visitor reader : second) {
      reader.awaitIn();
    }
    assertFalse(next.in, "another was alone before readers who had waited");
    List<Visitor> third = readers(count);
    assertEquals(0, in(third), "readers passed a thread that waited to be alone");
    for (Visitor reader : second) {
      reader.go();
    }
    next.awaitIn();
    next.go();
    for (Visitor reader : third) {
      reader.awaitIn();
      reader.go();
    }
  }

  /** Somebody who closes is not passed by one who trains on and on. */
  @Test
  void threadsAreAloneInTheOrderInWhichTheyAsked() throws Exception {
    Visitor first = new Visitor(true).settle();
    Visitor second = new Visitor(true).settle();
    Visitor third = new Visitor(true).settle();
    first.go();
    second.awaitIn();
    Visitor fourth = new Visitor(true).settle();
    assertFalse(third.in);
    second.go();
    third.awaitIn();
    assertFalse(fourth.in);
    third.go();
    fourth.awaitIn();
    fourth.go();
  }

  @Test
  void aThreadReadsInsideItsOwnReadingWhileAnotherWaits() throws Exception {
    long outer = lock.beginReading();
    Visitor alone = new Visitor(true).settle();
    long inner = lock.beginReading();
    long innermost = lock.beginReading();
    lock.endReading(outer);
    lock.endReading(innermost);
    assertFalse(alone.in);
    lock.endReading(inner);
    alone.awaitIn();
    alone.go();
  }

  @Test
  void whatWouldWaitForItselfThrows() {
    long reading = lock.beginReading();
    assertEquals(READING, assertThrows(IllegalStateException.class, lock::beginAlone).getMessage());
    lock.endReading(reading);
    long step = lock.beginAlone();
    assertEquals(STEP, assertThrows(IllegalStateException.class, lock::beginAlone).getMessage());
    assertEquals(STEP, assertThrows(IllegalStateException.class, lock::beginReading).getMessage());
    lock.endAlone(step);
    assertFree();
  }

  /** Two threads that each waited for the other would not find out. */
  @Test
  void itThrowsEvenIfAnotherWaits() throws Exception {
    long reading = lock.beginReading();
    Visitor alone = new Visitor(true).settle();
    assertThrows(IllegalStateException.class, lock::beginAlone);
    assertFalse(alone.in);
    lock.endReading(reading);
    alone.awaitIn();
    alone.go();
    long step = lock.beginAlone();
    Visitor reader = new Visitor(false).settle();
    Visitor next = new Visitor(true).settle();
    assertThrows(IllegalStateException.class, lock::beginAlone);
    assertThrows(IllegalStateException.class, lock::beginReading);
    assertFalse(reader.in || next.in);
    lock.endAlone(step);
    reader.awaitIn();
    reader.go();
    next.awaitIn();
    next.go();
  }

  @Test
  void nothingEndsTwiceOrOnAnotherThread() throws Exception {
    long reading = lock.beginReading();
    elsewhere(() -> lock.endReading(reading));
    lock.endReading(reading);
    assertThrows(IllegalStateException.class, () -> lock.endReading(reading));
    long again = lock.beginReading();
    assertThrows(IllegalStateException.class, () -> lock.endReading(reading));
    lock.endReading(again);
    long step = lock.beginAlone();
    elsewhere(() -> lock.endAlone(step));
    lock.endAlone(step);
    assertThrows(IllegalStateException.class, () -> lock.endAlone(step));
    long next = lock.beginAlone();
    assertThrows(IllegalStateException.class, () -> lock.endAlone(step));
    lock.endAlone(next);
    assertFree();
  }

  private static void elsewhere(Runnable refused) throws InterruptedException {
    AtomicBoolean thrown = new AtomicBoolean();
    Thread thread =
        new Thread(
            () -> {
              assertThrows(IllegalStateException.class, refused::run);
              thrown.set(true);
            });
    thread.start();
    thread.join();
    assertTrue(thrown.get());
  }

  @Test
  void anInterruptEndsNoWaitAndIsKept() throws Exception {
    long step = lock.beginAlone();
    Visitor reader = new Visitor(false).settle();
    Visitor alone = new Visitor(true).settle();
    reader.thread.interrupt();
    alone.thread.interrupt();
    lock.endAlone(step);
    reader.awaitIn();
    Visitor next = new Visitor(true).settle();
    assertTrue(reader.interrupted);
    reader.go();
    alone.awaitIn();
    assertTrue(alone.interrupted);
    alone.go();
    next.awaitIn();
    assertFalse(next.interrupted);
    next.go();
  }

  /** Waits until somebody waits for a reader, rather than for another to be done. */
  @Test
  void anInterruptIsKeptByOneWhoWaitsForReaders() throws Exception {
    long reading = lock.beginReading();
    Visitor alone = new Visitor(true).settle();
    alone.thread.interrupt();
    Visitor reader = new Visitor(false).settle();
    assertFalse(alone.in || reader.in);
    lock.endReading(reading);
    alone.awaitIn();
    assertTrue(alone.interrupted);
    alone.go();
    reader.awaitIn();
    reader.go();
  }

  /** Comes to an end only if nobody is in. */
  private void assertFree() {
    lock.endAlone(lock.beginAlone());
  }

  @Test
  void nothingIsAllocatedByOneWhoNeedNotWait() {
    long bytes = Long.MAX_VALUE;
    // What is compiled or loaded meanwhile may allocate.
    for (int round = 0; round < 50 && bytes > 0; round++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 500; i++) {
        lock.endReading(lock.beginReading());
        lock.endAlone(lock.beginAlone());
      }
      bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
    }
    assertEquals(0, bytes);
  }

  /** Each time that one comes in, it has waited for the other. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nothingIsAllocatedByOneWhoWaits(boolean alone) throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    Thread waiting =
        new Thread(
            () -> {
              while (!over.get()) {
                if (alone) {
                  lock.endAlone(lock.beginAlone());
                } else {
                  lock.endReading(lock.beginReading());
                }
              }
            });
    waiting.start();
    long bytes = Long.MAX_VALUE;
    for (int round = 0; round < 50 && bytes > 0; round++) {
      long before = THREADS.getThreadAllocatedBytes(waiting.threadId());
      for (int i = 0; i < 100; i++) {
        long stamp = alone ? lock.beginReading() : lock.beginAlone();
        while (waiting.getState() != Thread.State.TIMED_WAITING) {
          Thread.onSpinWait();
        }
        if (alone) {
          lock.endReading(stamp);
        } else {
          lock.endAlone(stamp);
        }
      }
      bytes = THREADS.getThreadAllocatedBytes(waiting.threadId()) - before;
    }
    over.set(true);
    waiting.join();
    assertEquals(0, bytes);
  }
}
