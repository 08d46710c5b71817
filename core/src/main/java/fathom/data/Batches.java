package fathom.data;

import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Rows in batches. Each iteration visits every row once, always in the same order: the batches are
 * a function of the rows, the batch size and the seed, or the seed and the epoch.
 *
 * <p>An iteration copies the rows of one batch after the other into one buffer of native memory and
 * shows them through one {@link Batch}; it allocates nothing per batch. Once it has run to its end,
 * the dataset gives the buffer to the next iteration. Iterations are independent of each other, on
 * one thread or many; one iteration is for one thread.
 */
public final class Batches implements Iterable<Batch> {
  private final Rows rows;
  private final int size;
  private final boolean shuffled;
  private final long seed;
  private final int first;

  Batches(Rows rows, int size, boolean shuffled, long seed) {
    this(rows, size, shuffled, seed, 0);
  }

  private Batches(Rows rows, int size, boolean shuffled, long seed, int first) {
    if (size < 1) {
      throw new IllegalArgumentException("a batch needs at least one row, not " + size);
    }
    this.rows = rows;
    this.size = Math.min(size, rows.size());
    this.shuffled = shuffled;
    this.seed = seed;
    this.first = first;
  }

  /**
   * Returns the same batches without the first ones: those that are left of an iteration that was
   * stopped.
   *
   * @param batches how many to leave out, up to all of them
   * @throws IllegalArgumentException if there are not so many
   */
  public Batches from(int batches) {
    if (batches < 0 || batches > count()) {
      throw new IllegalArgumentException(
          "cannot leave out " + batches + " of " + count() + " batches");
    }
    return new Batches(rows, size, shuffled, seed, first + batches);
  }

  /** Returns the rows that an iteration visits. */
  public Rows rows() {
    return rows;
  }

  /** Returns the size of a full batch: the one asked for, or the number of rows if that is less. */
  public int batchSize() {
    return size;
  }

  /** Returns the number of batches of an iteration. */
  public int count() {
    return (int) ((rows.size() + size - 1L) / size) - first;
  }

  /**
   * Starts an iteration.
   *
   * @throws IllegalStateException if the dataset is closed, here or at any batch
   */
  @Override
  public Iterator<Batch> iterator() {
    return new Iteration(rows.dataset().pool().take(size), order());
  }

  private int[] order() {
    int[] order = rows.order();
    if (shuffled) {
      order = order == null ? Shuffle.identity(rows.size()) : order;
      Shuffle.shuffle(order, seed);
    }
    return order;
  }

  private final class Iteration implements Iterator<Batch> {
    private final GatherPool.Buffer buffer;
    private final Batch batch;
    private final int[] order;
    private int visited;
    private boolean ended;

    Iteration(GatherPool.Buffer buffer, int[] order) {
      this.buffer = buffer;
      this.order = order;
      batch = buffer.open(rows.size() % size);
      visited = (int) Math.min(rows.size(), (long) first * size);
    }

    @Override
    public boolean hasNext() {
      if (visited == rows.size() && !ended) {
        ended = true;
        batch.end();
        buffer.release();
      }
      return !ended;
    }

    @Override
    public Batch next() {
      if (visited == rows.size()) {
        throw new NoSuchElementException("all " + visited + " rows were visited");
      }
      int count = Math.min(size, rows.size() - visited);
      buffer.gather(order, visited, count);
      visited += count;
      batch.show(count);
      return batch;
    }
  }
}
