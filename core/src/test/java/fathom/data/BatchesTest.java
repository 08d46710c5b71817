package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.matrix.Matrix;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BatchesTest {
  /** Row i is (i, -i, i + 0.5), its class i mod 7, so that every copy can be told. */
  private static Dataset labelled(int n) {
    int[] y = new int[n];
    for (int i = 0; i < n; i++) {
      y[i] = i % 7;
    }
    return Dataset.ofLabels(inputs(n), y, 7);
  }

  private static float[][] inputs(int n) {
    float[][] x = new float[n][];
    for (int i = 0; i < n; i++) {
      x[i] = new float[] {i, -i, i + 0.5f};
    }
    return x;
  }

  /** Returns the rows in the order of the visit, having checked every number of every batch. */
  private static List<Integer> visit(Batches batches) {
    List<Integer> visited = new ArrayList<>();
    int count = 0;
    for (Batch batch : batches) {
      Matrix x = batch.inputs();
      boolean last = ++count == batches.count();
      int full = batches.batchSize();
      int expected = last ? batches.rows().size() - (count - 1) * full : full;
      assertEquals(expected, batch.size());
      assertEquals(expected, x.rows());
      assertEquals(x.cols(), x.stride());
      for (int r = 0; r < x.rows(); r++) {
        int row = (int) x.get(r, 0);
        assertEquals(-row, x.get(r, 1));
        assertEquals(row + 0.5f, x.get(r, 2));
        if (batch.labels() != null) {
          assertEquals(row % 7, batch.labels().getAtIndex(JAVA_INT, r));
        }
        visited.add(row);
      }
      if (batch.labels() != null) {
        assertEquals(4L * expected, batch.labels().byteSize());
      }
    }
    assertEquals(batches.count(), count);
    return visited;
  }

  @Property(tries = 200, seed = "3")
  void visitsEveryRowOnce(
      @ForAll @IntRange(min = 1, max = 300) int n,
      @ForAll @IntRange(min = 1, max = 400) int size,
      @ForAll long seed) {
    try (Dataset data = labelled(n)) {
      List<Integer> inOrder = visit(data.batchesInOrder(size));
      List<Integer> shuffled = visit(data.batches(size, seed));
      for (int i = 0; i < n; i++) {
        assertEquals(i, inOrder.get(i));
      }
      Collections.sort(shuffled);
      assertEquals(inOrder, shuffled, "n " + n + ", size " + size + ", seed " + seed);
    }
  }

  @Test
  void orderDependsOnTheSeedAlone() {
    try (Dataset data = labelled(100);
        Dataset same = labelled(100)) {
      Batches batches = data.batches(8, 5);
      List<Integer> order = visit(batches);
      assertEquals(order, visit(batches));
      assertEquals(order, visit(same.batches(32, 5)));
      assertNotEquals(order, visit(data.batches(8, 6)));
    }
  }

  @Test
  void visitsTheRowsOfAPart() {
    try (Dataset data = labelled(50)) {
      Rows part = data.split(0.4, 1).held();
      List<Integer> shuffled = visit(part.batches(6, 2));
      assertNotEquals(visit(part.batchesInOrder(6)), shuffled);
      Collections.sort(shuffled);
      assertEquals(visit(part.batchesInOrder(6)), shuffled);
    }
  }

  @Test
  void gathersTargets() {
    float[][] y = new float[10][];
    for (int i = 0; i < 10; i++) {
      y[i] = new float[] {10 * i, 10 * i + 1};
    }
    try (Dataset data = Dataset.ofTargets(inputs(10), y)) {
      for (Batch batch : data.batches(4, 1)) {
        assertNull(batch.labels());
        assertEquals(batch.size(), batch.targets().rows());
        assertEquals(2, batch.targets().stride());
        for (int r = 0; r < batch.size(); r++) {
          int row = (int) batch.inputs().get(r, 0);
          assertArrayEquals(y[row], batch.targets().toArray()[r]);
        }
      }
    }
  }

  @Test
  void writingToABatchLeavesTheDatasetAlone() {
    try (Dataset data = labelled(6)) {
      for (Batch batch : data.batchesInOrder(6)) {
        batch.inputs().set(0, 0, 77);
      }
      assertArrayEquals(inputs(6), data.inputs().toArray());
    }
  }

  @Test
  void aBatchEndsWithItsIteration() {
    try (Dataset data = labelled(6)) {
      Iterator<Batch> it = data.batches(4, 1).iterator();
      Batch batch = it.next();
      assertEquals(4, batch.size());
      assertSame(batch, it.next());
      assertEquals(2, batch.size());
      assertThrows(NoSuchElementException.class, it::next);
      assertFalse(it.hasNext());
      assertThrows(IllegalStateException.class, batch::inputs);
      assertThrows(IllegalStateException.class, batch::size);
      assertFalse(it.hasNext());
    }
  }

  /** 50 epochs use one buffer; an iteration inside another gets one of its own. */
  @Test
  void buffersAreReusedButNeverShared() {
    try (Dataset data = labelled(20)) {
      for (int epoch = 0; epoch < 50; epoch++) {
        visit(data.batches(8, epoch));
      }
      assertEquals(1, data.pool().buffers());
      Iterator<Batch> outer = data.batchesInOrder(8).iterator();
      Batch first = outer.next();
      Iterator<Batch> inner = data.batches(8, 3).iterator();
      assertNotSame(first.inputs().segment(), inner.next().inputs().segment());
      assertEquals(0, first.inputs().get(0, 0));
      assertEquals(7, first.inputs().get(7, 0));
      assertEquals(2, data.pool().buffers());
      Iterator<Batch> stale = data.batches(8, 4).iterator();
      stale.next();
      while (outer.hasNext()) {
        outer.next();
      }
      Iterator<Batch> later = data.batchesInOrder(8).iterator();
      later.next();
      assertFalse(outer.hasNext());
      assertEquals(3, data.pool().buffers());
      Batch taken = data.batches(8, 9).iterator().next();
      assertEquals(4, data.pool().buffers(), "a finished iteration must not free another's buffer");
      assertEquals(8, taken.size());
    }
  }

  /** A buffer is not reused while a matrix of an abandoned iteration is in hand, and is later. */
  @Test
  void abandonedBuffersComeBack() throws InterruptedException {
    try (Dataset data = labelled(20)) {
      Matrix held = data.batchesInOrder(8).iterator().next().inputs();
      WeakReference<Object> gone =
          new WeakReference<>(data.batches(8, 1).iterator().next().inputs().segment());
      for (int i = 0; i < 100 && gone.get() != null; i++) {
        System.gc();
        Thread.sleep(10);
      }
      assertNull(gone.get(), "the collector did not run");
      visit(data.batches(8, 2));
      assertEquals(2, data.pool().buffers());
      assertEquals(7, held.get(7, 0));
    }
  }

  @Test
  void threadsIterateIndependently() throws Exception {
    try (Dataset data = labelled(500);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Integer> expected = visit(data.batches(16, 11));
      List<Callable<List<Integer>>> work =
          Collections.nCopies(16, () -> visit(data.batches(16, 11)));
      for (Future<List<Integer>> result : threads.invokeAll(work)) {
        assertEquals(expected, result.get());
      }
      assertTrue(data.pool().buffers() <= 4, "buffers: " + data.pool().buffers());
    }
  }

  /** Counted by the JVM for this thread; the first epochs let it link and compile. */
  @Test
  void nothingIsAllocatedPerBatch() {
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().threadId();
    try (Dataset data = labelled(8000)) {
      long least = Long.MAX_VALUE;
      for (int epoch = 0; epoch < 20; epoch++) {
        Iterator<Batch> it = data.batches(16, epoch).iterator();
        it.next();
        long before = threads.getThreadAllocatedBytes(id);
        while (it.hasNext()) {
          it.next();
        }
        least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
      }
      assertEquals(0, least, "bytes in 499 batches");
    }
  }

  @Test
  void refusesSizesBelowOne() {
    try (Dataset data = labelled(3)) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> data.batches(0, 1)).getMessage();
      assertTrue(message.contains("not 0"), message);
    }
  }
}
