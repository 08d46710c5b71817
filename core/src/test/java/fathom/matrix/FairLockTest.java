package fathom.matrix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The turns of {@link FairLock}: each test brings threads to a known place before it goes on. */
@Timeout(120)
class FairLockTest {
  private final FairLock lock = new FairLock("this network");

  /** A thread that goes in, says so, and stays until it is let out. */
  private final class Guest {
    final CountDownLatch out = new CountDownLatch(1);
    final Thread thread;
    volatile boolean in;

    Guest(boolean alone) {
      thread =
          new Thread(
              () -> {
                long stamp = alone ? lock.beginAlone() : lock.beginReading();
                in = true;
                try {
                  out.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                in = false;
                if (alone) {
                  lock.endAlone(stamp);
                } else {
                  lock.endReading(stamp);
                }
              });
      thread.setDaemon(true);
      thread.start();
    }

    /** Waits until the guest is in, or waits for its turn. */
    Guest settled() {
      while (!in && thread.getState() != Thread.State.TIMED_WAITING && !isQueued()) {
        assertFalse(Thread.currentThread().isInterrupted(), "the guest did not settle");
        Thread.onSpinWait();
      }
      return this;
    }

    private boolean isQueued() {
      return thread.getState() == Thread.State.WAITING && !in;
    }

    Guest awaitIn() {
      while (!in) {
        assertFalse(Thread.currentThread().isInterrupted(), "the guest did not come in");
        Thread.onSpinWait();
      }
      return this;
    }

    void leave() throws InterruptedException {
      out.countDown();
      thread.join();
    }
  }

  @Test
  void nobodyBeginsToReadOnceAThreadHasAskedToBeAlone() throws InterruptedException {
    Guest first = new Guest(false).awaitIn();
    Guest writer = new Guest(true).settled();
    assertFalse(writer.in, "two readers and a writer at once");
    Guest late = new Guest(false).settled();
    assertFalse(late.in, "a reader passed a thread that was waiting to be alone");
    first.leave();
    writer.awaitIn();
    assertFalse(late.in);
    writer.leave();
    late.awaitIn().leave();
  }

  @Test
  void whoWaitsToReadComesInBeforeTheNextThreadIsAlone() throws InterruptedException {
    Guest writer = new Guest(true).awaitIn();
    List<Guest> readers = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      readers.add(new Guest(false).settled());
    }
    Guest next = new Guest(true).settled();
    readers.forEach(reader -> assertFalse(reader.in));
    writer.leave();
    readers.forEach(Guest::awaitIn);
    assertFalse(next.in, "a thread was alone beside readers");
    for (Guest reader : readers) {
      reader.leave();
    }
    next.awaitIn().leave();
  }

  @Test
  void threadsThatWantToBeAloneComeInTheirOrder() throws InterruptedException {
    Guest first = new Guest(true).awaitIn();
    Guest second = new Guest(true).settled();
    Guest third = new Guest(true).settled();
    first.leave();
    second.awaitIn();
    assertFalse(third.in);
    second.leave();
    third.awaitIn().leave();
  }

  @Test
  void whatWouldWaitForItselfThrows() {
    long alone = lock.beginAlone();
    assertThrows(IllegalStateException.class, lock::beginAlone);
    IllegalStateException e = assertThrows(IllegalStateException.class, lock::beginReading);
    assertEquals(
        "this thread is in a step of this network, for whose end this call would wait; end the"
            + " step first",
        e.getMessage());
    lock.endAlone(alone);
    long outer = lock.beginReading();
    assertThrows(IllegalStateException.class, lock::beginAlone);
    long inner = lock.beginReading();
    lock.endReading(inner);
    assertThrows(IllegalStateException.class, lock::beginAlone);
    lock.endReading(outer);
    lock.endAlone(lock.beginAlone());
  }

  @Test
  void aThreadReadsInsideItsReadingWhileAnotherWaitsToBeAlone() throws InterruptedException {
    long outer = lock.beginReading();
    Guest writer = new Guest(true).settled();
    long inner = lock.beginReading();
    assertFalse(writer.in);
    lock.endReading(inner);
    assertFalse(writer.in, "the end of an inner reading let a writer in");
    lock.endReading(outer);
    writer.awaitIn().leave();
  }

  @Test
  void anEndIsForOneThreadOnce() throws InterruptedException {
    long reading = lock.beginReading();
    Thread other =
        new Thread(() -> assertThrows(IllegalStateException.class, () -> lock.endReading(reading)));
    AtomicInteger failures = new AtomicInteger();
    other.setUncaughtExceptionHandler((thread, e) -> failures.incrementAndGet());
    other.start();
    other.join();
    assertEquals(0, failures.get());
    lock.endReading(reading);
    assertThrows(IllegalStateException.class, () -> lock.endReading(reading));
    long alone = lock.beginAlone();
    lock.endAlone(alone);
    assertThrows(IllegalStateException.class, () -> lock.endAlone(alone));
    lock.endAlone(lock.beginAlone());
  }

  @Test
  void anInterruptEndsNoWaitAndIsKept() throws InterruptedException {
    Guest writer = new Guest(true).awaitIn();
    AtomicInteger interrupted = new AtomicInteger();
    Thread reader =
        new Thread(
            () -> {
              long stamp = lock.beginReading();
              interrupted.addAndGet(Thread.interrupted() ? 1 : 0);
              lock.endReading(stamp);
            });
    reader.start();
    reader.interrupt();
    while (reader.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    writer.leave();
    reader.join();
    assertEquals(1, interrupted.get());
  }

  /** As deep as the stack goes, whatever overflows leaves nothing behind. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anOverflowOfTheStackLeavesNothingLocked(boolean alone) throws InterruptedException {
    AtomicLong depth = new AtomicLong();
    AtomicInteger failures = new AtomicInteger();
    Thread deep =
        new Thread(
            null,
            () -> {
              for (int i = 0; i < 20; i++) {
                assertThrows(StackOverflowError.class, () -> descend(alone, depth));
              }
            },
            "deep",
            1 << 20);
    deep.setUncaughtExceptionHandler((thread, e) -> failures.incrementAndGet());
    deep.start();
    deep.join();
    assertEquals(0, failures.get(), "something else than the overflow was thrown");
    assertTrue(depth.get() > 1000, "descended " + depth.get() + " calls");
    Guest writer = new Guest(true).awaitIn();
    writer.leave();
    Guest reader = new Guest(false).awaitIn();
    reader.leave();
  }

  private void descend(boolean alone, AtomicLong depth) {
    long calls = depth.incrementAndGet();
    long stamp = alone ? lock.beginAlone() : lock.beginReading();
    if (alone) {
      lock.endAlone(stamp);
    } else {
      lock.endReading(stamp);
    }
    if (calls > 0) {
      descend(alone, depth);
    }
  }

  /** Two numbers that differ only while a thread is alone, many threads, both kinds of turn. */
  @Test
  void readersNeverSeeHalfAStep() throws InterruptedException {
    long[] numbers = new long[2];
    AtomicInteger torn = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 6; t++) {
      boolean alone = t < 2;
      threads.add(
          new Thread(
              () -> {
                for (int i = 0; i < 20_000; i++) {
                  if (alone) {
                    long stamp = lock.beginAlone();
                    numbers[0]++;
                    numbers[1]++;
                    lock.endAlone(stamp);
                  } else {
                    long stamp = lock.beginReading();
                    torn.addAndGet(numbers[0] == numbers[1] ? 0 : 1);
                    lock.endReading(stamp);
                  }
                }
              }));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(0, torn.get());
    assertEquals(40_000, numbers[0]);
  }

  @Test
  void turnsAllocateNothing() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int i = 0; i < 20_000; i++) {
      lock.endReading(lock.beginReading());
      lock.endAlone(lock.beginAlone());
    }
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 20_000; i++) {
      lock.endReading(lock.beginReading());
      lock.endAlone(lock.beginAlone());
    }
    long after = threads.getCurrentThreadAllocatedBytes();
    // What the measurement itself may take.
    assertTrue(after - before < 20_000, "40,000 turns allocated " + (after - before) + " bytes");
  }
}
