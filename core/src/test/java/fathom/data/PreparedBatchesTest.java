package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Batches large enough that a thread prepares them. */
class PreparedBatchesTest {
  private static final int FEATURES = 1024;
  private static final int SIZE = 16;

  private static Dataset rows(int n) {
    float[][] x = new float[n][FEATURES];
    int[] y = new int[n];
    for (int i = 0; i < n; i++) {
      java.util.Arrays.fill(x[i], i);
      y[i] = i % 5;
    }
    return Dataset.ofLabels(x, y, 5);
  }

  private static List<Integer> visit(Iterator<Batch> batches) {
    List<Integer> visited = new ArrayList<>();
    while (batches.hasNext()) {
      Batch batch = batches.next();
      for (int r = 0; r < batch.size(); r++) {
        float first = batch.inputs().get(r, 0);
        assertEquals(first, batch.inputs().get(r, FEATURES - 1));
        assertEquals((int) first % 5, batch.labels().getAtIndex(JAVA_INT, r));
        visited.add((int) first);
      }
    }
    return visited;
  }

  private static List<Thread> preparers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().equals(Preparer.THREAD))
        .toList();
  }

  private static void awaitNoneBut(List<Thread> others) throws InterruptedException {
    for (Thread thread : preparers()) {
      if (!others.contains(thread)) {
        thread.join(60_000);
        assertFalse(thread.isAlive(), "a thread outlived its iteration");
      }
    }
  }

  @Test
  void theOrderIsThatOfTheSeedWithAShorterLastBatch() {
    try (Dataset data = rows(203)) {
      List<Integer> expected = new ArrayList<>();
      int[] order = Shuffle.identity(203);
      Shuffle.shuffle(order, 9);
      for (int row : order) {
        expected.add(row);
      }
      for (int times = 0; times < 20; times++) {
        assertEquals(expected, visit(data.batches(SIZE, 9).iterator()));
      }
      assertEquals(1, data.pool().buffers());
      assertNotEquals(expected, visit(data.batches(SIZE, 10).iterator()));
    }
  }

  @Test
  void manyIterationsAtOncePrepareTheSame() throws Exception {
    try (Dataset data = rows(203);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Integer> expected = visit(data.batches(SIZE, 9).iterator());
      List<Callable<List<Integer>>> work = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        work.add(() -> visit(data.batches(SIZE, 9).iterator()));
      }
      for (Future<List<Integer>> result : threads.invokeAll(work)) {
        assertEquals(expected, result.get());
      }
    }
  }

  /** What is shown stays until the next batch is asked for, however far ahead the thread is. */
  @Test
  void theBatchInHandIsNotOverwritten() throws InterruptedException {
    try (Dataset data = rows(400)) {
      Iterator<Batch> batches = data.batchesInOrder(SIZE).iterator();
      for (int b = 0; b < 25; b++) {
        Batch batch = batches.next();
        if (b % 8 == 0) {
          Thread.sleep(5);
        }
        for (int r = 0; r < SIZE; r++) {
          assertEquals(b * SIZE + r, batch.inputs().get(r, FEATURES / 2));
        }
      }
    }
  }

  @Test
  void theThreadEndsWithItsIteration() throws InterruptedException {
    List<Thread> others = preparers();
    try (Dataset data = rows(200)) {
      visit(data.batches(SIZE, 1).iterator());
      awaitNoneBut(others);
      Batches.Iteration closed = data.batches(SIZE, 1).iterator();
      Batch batch = closed.next();
      closed.close();
      closed.close();
      awaitNoneBut(others);
      assertFalse(closed.hasNext());
      assertThrows(NoSuchElementException.class, closed::next);
      assertThrows(IllegalStateException.class, batch::inputs);
      visit(data.batches(SIZE, 2).iterator());
      assertEquals(1, data.pool().buffers(), "a closed iteration gives its buffer back");
    }
  }

  @Test
  void theThreadEndsWithItsDataset() throws InterruptedException {
    List<Thread> others = preparers();
    Dataset data = rows(200);
    Iterator<Batch> batches = data.batches(SIZE, 1).iterator();
    batches.next();
    data.close();
    awaitNoneBut(others);
    assertThrows(IllegalStateException.class, batches::next);
  }

  @Test
  void theThreadOfAnAbandonedIterationEnds() throws InterruptedException {
    List<Thread> others = preparers();
    try (Dataset data = rows(200)) {
      data.batches(SIZE, 1).iterator().next();
      for (int i = 0; i < 200 && preparers().stream().anyMatch(t -> !others.contains(t)); i++) {
        System.gc();
        Thread.sleep(10);
      }
      awaitNoneBut(others);
    }
  }

  /** The batches before are whole; then the very exception arrives, at every further call. */
  @Test
  void whatPreparingThrowsReachesTheCaller() {
    IllegalStateException thrown = new IllegalStateException("at batch 5");
    Preparer preparer =
        new Preparer(
            (slot, batch) -> {
              assertEquals(batch % 3, slot);
              if (batch == 5) {
                throw thrown;
              }
            },
            3,
            9);
    preparer.start();
    for (int b = 0; b < 5; b++) {
      preparer.giveBackBefore(b);
      preparer.await(b);
    }
    preparer.giveBackBefore(5);
    for (int times = 0; times < 2; times++) {
      assertSame(thrown, assertThrows(IllegalStateException.class, () -> preparer.await(5)));
    }
    preparer.end();
  }

  @Test
  void errorsReachTheCallerToo() {
    AssertionError thrown = new AssertionError("broken");
    Preparer preparer =
        new Preparer(
            (slot, batch) -> {
              throw thrown;
            },
            2,
            4);
    preparer.start();
    assertSame(thrown, assertThrows(AssertionError.class, () -> preparer.await(0)));
  }

  @Test
  void handingOverAllocatesNothing() {
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().threadId();
    try (Dataset data = rows(3200)) {
      long least = Long.MAX_VALUE;
      for (int epoch = 0; epoch < 30; epoch++) {
        Iterator<Batch> batches = data.batches(SIZE, epoch).iterator();
        batches.next();
        long before = threads.getThreadAllocatedBytes(id);
        while (batches.hasNext()) {
          batches.next();
        }
        least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
      }
      assertTrue(least < 64, least + " bytes in 199 batches");
    }
  }

  /** Nested in what the caller measures, so that this holds however long anything takes. */
  @Test
  void whatIsWaitedForIsNotWhatTheCallerDoes() {
    try (Dataset data = rows(200)) {
      for (int size : new int[] {1, SIZE}) {
        long start = System.nanoTime();
        Batches.Iteration batches = data.batches(size, 3).iterator();
        long outside = System.nanoTime() - start;
        long before = 0;
        while (batches.hasNext()) {
          assertTrue(batches.waitedNanos() >= before, "of batches of " + size);
          before = batches.waitedNanos();
          start = System.nanoTime();
          Batch unused = batches.next();
          outside += System.nanoTime() - start;
        }
        assertTrue(before > 0 && before <= outside, before + " ns of " + outside);
      }
    }
  }

  @Test
  void mixedRowsAndTargetsAreSharesOfTwo() {
    float[][] x = new float[21][];
    for (int i = 0; i < x.length; i++) {
      x[i] = new float[] {i, 100 - i};
    }
    try (Dataset data = Dataset.ofTargets(x, x)) {
      List<Float> shares = new ArrayList<>();
      Iterator<Batch> plain = data.batches(8, 3).iterator();
      for (Batch batch : data.batches(8, 3).mixed(0.4f)) {
        Batch whole = plain.next();
        float share = batch.ownShare();
        assertTrue(share >= 0.5f && share <= 1, "share " + share);
        shares.add(share);
        for (int r = 0; r < batch.size(); r++) {
          int p = batch.size() - 1 - r;
          for (int c = 0; c < 2; c++) {
            float own = whole.inputs().get(r, c);
            float other = whole.inputs().get(p, c);
            float expected = r == p ? own : share * own + (1 - share) * other;
            assertEquals(expected, batch.inputs().get(r, c));
            assertEquals(expected, batch.targets().get(r, c));
          }
        }
      }
      assertEquals(3, shares.stream().distinct().count(), "a share is drawn for each batch");
    }
  }

  @Test
  void labelsKeepTheirPartners() {
    try (Dataset data = rows(20)) {
      for (Batch batch : data.batches(8, 3)) {
        assertEquals(null, batch.partners());
        assertEquals(1, batch.ownShare());
      }
      for (Batch batch : data.batches(8, 3).mixed(1)) {
        assertEquals(4L * batch.size(), batch.partners().byteSize());
        for (int r = 0; r < batch.size(); r++) {
          assertEquals(
              batch.labels().getAtIndex(JAVA_INT, batch.size() - 1 - r),
              batch.partners().getAtIndex(JAVA_INT, r));
        }
      }
    }
  }

  /**
   * Beta(a, a) has mean 1/2 and variance 1/(4 (2a + 1)). The mean square deviation of n draws from
   * 1/2 has a deviation below 1/(8 sqrt(n)), its terms lying in [0, 1/4]; 5 of them are allowed.
   */
  @Test
  void sharesHaveTheirDistribution() {
    int n = 40_000;
    for (float alpha : new float[] {0.1f, 0.4f, 1, 3}) {
      Mixup mixup = new Mixup(alpha);
      double squares = 0;
      for (int i = 0; i < n; i++) {
        double deviation = mixup.share(17, i) - 0.5;
        squares += deviation * deviation;
      }
      assertEquals(
          1 / (4 * (2 * alpha + 1.0)), squares / n, 5 / (8 * Math.sqrt(n)), "alpha " + alpha);
    }
  }

  @Test
  void batchesAreDistortedTheSameInEveryIteration() {
    try (Dataset data = rows(40)) {
      Batches batches =
          data.batches(16, 4).augmented(Augmentation.images(32, 32).shift(2).noise(0.1f)).mixed(1);
      List<float[]> first = new ArrayList<>();
      for (Batch batch : batches) {
        first.add(batch.inputs().segment().toArray(JAVA_FLOAT));
      }
      int b = 0;
      for (Batch batch : batches) {
        assertEquals(first.get(b++).length, batch.inputs().segment().byteSize() / 4);
        for (int r = 0; r < batch.size(); r++) {
          long at = batch.inputs().byteOffset(r, 5) / Float.BYTES;
          assertEquals(first.get(b - 1)[(int) at], batch.inputs().get(r, 5), "batch " + b);
        }
      }
    }
  }
}
