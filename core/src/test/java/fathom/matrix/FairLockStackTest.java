package fathom.matrix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a thread leaves behind whose stack overflows. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FairLockStackTest {
  private final FairLock lock = new FairLock("this memory");

  /**
   * Threads with small stacks go deeper and deeper, and are in for a while at each depth, until the
   * stack overflows: when they come in, while they are in, or while they wait.
   */
  @ParameterizedTest
  @CsvSource({"false, false, 1000", "true, false, 1000", "false, true, 200", "true, true, 200"})
  void aStackOverflowLeavesItFree(boolean alone, boolean others, int dives) throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger overflows = new AtomicInteger();
    Thread other = new Thread(() -> takeTurns(over));
    if (others) {
      other.start();
    }
    for (int i = 0; i < dives; i++) {
      int extra = i % 97;
      Thread diver =
          new Thread(
              null,
              () -> {
                try {
                  dive(alone, extra);
                } catch (StackOverflowError e) {
                  overflows.incrementAndGet();
                }
              },
              "diver",
              200_000 + 16L * i);
      diver.start();
      diver.join();
      assertFree();
    }
    over.set(true);
    other.join();
    assertFree();
    assertEquals(dives, overflows.get());
  }

  private void takeTurns(AtomicBoolean over) {
    while (!over.get()) {
      lock.endAlone(lock.beginAlone());
      lock.endReading(lock.beginReading());
    }
  }

  @SuppressWarnings("InfiniteRecursion")
  private int dive(boolean alone, int extra) {
    if (extra > 0) {
      return dive(alone, extra - 1) + 1;
    }
    long stamp = alone ? lock.beginAlone() : lock.beginReading();
    try {
      int unused = fall(6);
    } finally {
      if (alone) {
        lock.endAlone(stamp);
      } else {
        lock.endReading(stamp);
      }
    }
    return dive(alone, 0) + 1;
  }

  private static int fall(int depth) {
    return depth == 0 ? 0 : fall(depth - 1) + 1;
  }

  /** Comes to an end only if nobody is in. */
  private void assertFree() {
    lock.endAlone(lock.beginAlone());
  }
}
