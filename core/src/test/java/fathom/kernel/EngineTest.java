package fathom.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import fathom.blas.Blas;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** Who owns an engine's threads. */
class EngineTest {
  /** Notes the threads that take part. */
  private static final class Roll extends Task {
    final Set<Thread> present = ConcurrentHashMap.newKeySet();

    @Override
    protected void share(Member member) {
      present.add(Thread.currentThread());
      member.barrier();
    }
  }

  private static Set<Thread> roll(Engine engine) {
    Roll roll = new Roll();
    engine.run(roll, true);
    return roll.present;
  }

  @Test
  void sharersHaveTheSameThreads() {
    try (Engine one = Engine.shared();
        Engine other = Engine.shared()) {
      Set<Thread> all = roll(one);
      assertEquals(one.threads(), all.size());
      assertEquals(all, roll(other));
    }
  }

  /** An owner who closes twice must not take what belongs to another. */
  @Test
  void aSecondCloseTakesNobodysShare() {
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
