package fathom.blas;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.bytedeco.openblas.global.openblas_nolapack.blas_set_num_threads;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An embedder's number of BLAS threads, which is one setting for the whole process. */
class OpenBlasThreadsTest {
  private static final int EMBEDDERS = 2;

  private final Blas blas = Blas.openBlas();
  private int before;

  /** Asks the library: blas_get_num_threads of the presets only repeats what was set by them. */
  @SuppressWarnings("restricted")
  private static int threads() {
    MemorySegment get =
        MemorySegment.ofAddress(Loader.addressof("openblas_get_num_threads").address());
    try {
      return (int)
          Linker.nativeLinker().downcallHandle(get, FunctionDescriptor.of(JAVA_INT)).invokeExact();
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  @BeforeEach
  void set() {
    before = threads();
    blas_set_num_threads(EMBEDDERS);
  }

  @AfterEach
  void restore() {
    blas_set_num_threads(before);
  }

  @Test
  void aStretchComputesOnOneThreadAndRestores() {
    assertEquals(EMBEDDERS, threads());
    int token = blas.enter();
    assertEquals(1, threads());
    blas.leave(token);
    assertEquals(EMBEDDERS, threads());
  }

  @Test
  void nestedStretchesRestoreAtTheLast() {
    int outer = blas.enter();
    int inner = blas.enter();
    blas.leave(inner);
    assertEquals(1, threads());
    blas.leave(outer);
    assertEquals(EMBEDDERS, threads());
  }

  @Test
  void anEmbedderWhoWantsOneThreadKeepsIt() {
    blas_set_num_threads(1);
    blas.leave(blas.enter());
    assertEquals(1, threads());
  }

  @Test
  void aSettingMadeDuringAStretchStays() {
    int token = blas.enter();
    blas_set_num_threads(3);
    blas.leave(token);
    assertEquals(3, threads());
  }

  @Test
  void leavingWithoutEnteringIsAnError() {
    Exception e = assertThrows(IllegalStateException.class, () -> blas.leave(1));
    assertEquals("leave() without an enter() before it", e.getMessage());
    blas.leave(blas.enter());
    assertEquals(EMBEDDERS, threads());
  }

  @Test
  void stretchesOfSeveralThreadsOverlap() throws Exception {
    int threads = 4;
    CyclicBarrier barrier = new CyclicBarrier(threads);
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> results = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int last = thread;
        results.add(executor.submit(() -> overlap(barrier, last, threads)));
      }
      for (Future<?> result : results) {
        result.get();
      }
    } finally {
      executor.shutdownNow();
    }
    assertEquals(EMBEDDERS, threads());
  }

  /** All enter; they leave one after the other, and the setting waits for the last. */
  private Void overlap(CyclicBarrier barrier, int turn, int threads) throws Exception {
    for (int round = 0; round < 20; round++) {
      int token = blas.enter();
      barrier.await();
      for (int leaver = 0; leaver < threads; leaver++) {
        assertEquals(1, threads(), "round " + round + ", " + leaver + " have left");
        barrier.await();
        if (leaver == turn) {
          blas.leave(token);
        }
        barrier.await();
      }
      assertEquals(EMBEDDERS, threads(), "round " + round);
      barrier.await();
    }
    return null;
  }
}
