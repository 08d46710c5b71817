package fathom.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import fathom.blas.Blas;
import fathom.kernel.Kernels;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** Who owns an engine's threads. */
class EngineTest {
  private static final int TRIES = 5_000;

  /** Notes the threads that take part. */
  private static final class Roll extends Task {
    final Set<Thread> present = ConcurrentHashMap.newKeySet();

    @Override
    protected void share(Member member) {
      present.add(Thread.currentThread());
      member.barrier();
    }
  }

  /** Runs until all are there: after a strained meeting the caller computes alone for a while. */
  private static Set<Thread> roll(Engine engine) throws InterruptedException {
    Roll roll = new Roll();
    for (int i = 0; i < TRIES && roll.present.size() < engine.threads(); i++) {
      engine.run(roll, true);
      Thread.sleep(1);
    }
    return roll.present;
  }

  @Test
  void sharersHaveTheSameThreads() throws InterruptedException {
    try (Engine one = Engine.shared();
        Engine other = Engine.shared()) {
      Set<Thread> all = roll(one);
      assertEquals(one.threads(), all.size());
      assertEquals(all, roll(other));
    }
  }

  /** An owner who closes twice must not take what belongs to another. */
  @Test
  void aSecondCloseTakesNobodysShare() throws InterruptedException {
    try (Engine other = Engine.shared()) {
      Engine one = Engine.shared();
      one.close();
      one.close();
      assertEquals(other.threads(), roll(other).size());
    }
  }

  @Test
  void needsAThread() {
    assertThrows(
        IllegalArgumentException.class, () -> new Engine(Blas.java(), Kernels.scalar(), 0));
  }
}
