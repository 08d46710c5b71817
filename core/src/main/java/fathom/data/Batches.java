package fathom.data;

import java.lang.ref.Cleaner;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Rows in batches. Each iteration visits every row once, always in the same order: the batches are
 * a function of the rows, the batch size and the seed, or the seed and the epoch.
 *
 * <p>An iteration copies the rows of a few batches into a ring of native memory and shows them one
 * after the other through one {@link Batch}; it allocates nothing per batch. Batches that take some
 * time to make are made by a thread of the iteration's own while the caller works on the one
 * before. That thread ends with the iteration, with the dataset, or when an abandoned iteration is
 * collected; what it throws, {@code next} throws. Once an iteration has run to its end or is
 * closed, the dataset gives the memory to the next one. Iterations are independent of each other,
 * on one thread or many; one iteration is for one thread. A batch depends on the seed and on its
 * number alone, whatever prepared it.
 */
public final class Batches implements Iterable<Batch> {
  /** One batch is in work, one is ready, one is being made. */
  private static final int FEWEST = 3;

  /** What is ready bridges the time for which the thread that makes batches is without a core. */
  private static final int MOST = 16;

  /** The memory that more batches than the fewest may take. */
  private static final long ROOM = 1 << 24;

  /** Fewer bytes take less time to copy than to hand over. */
  private static final long FEWEST_BYTES = 1 << 16;

  private static final Cleaner CLEANER = Cleaner.create();

  private final Rows rows;
  private final int size;
  private final boolean shuffled;
  private final long seed;
  private final int first;
  private final Augmentation augmentation;
  private final Mixup mixup;

  Batches(Rows rows, int size, boolean shuffled, long seed) {
    this(rows, Math.min(size, rows.size()), shuffled, seed, 0, null, null);
    if (size < 1) {
      throw new IllegalArgumentException("a batch needs at least one row, not " + size);
    }
  }

  private Batches(
      Rows rows,
      int size,
      boolean shuffled,
      long seed,
      int first,
      Augmentation augmentation,
      Mixup mixup) {
    this.rows = rows;
    this.size = size;
    this.shuffled = shuffled;
    this.seed = seed;
    this.first = first;
    this.augmentation = augmentation;
    this.mixup = mixup;
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
    return new Batches(rows, size, shuffled, seed, first + batches, augmentation, mixup);
  }

  /**
   * Returns these batches with every row distorted, anew for each seed: what is drawn for a row
   * depends on the seed and on its place in the dataset. Batches in order have seed 0; see {@link
   * #seeded}.
   *
   * @throws IllegalArgumentException if the augmentation is for images of another size
   */
  public Batches augmented(Augmentation images) {
    images.requirePixels(rows.dataset().features());
    return new Batches(rows, size, shuffled, seed, first, images, mixup);
  }

  /**
   * Returns these batches with their rows mixed in pairs, inputs and labels or targets alike, after
   * any augmentation: with a share drawn for each batch from Beta(alpha, alpha), row i of B is
   * {@code share x_i + (1 - share) x_(B-1-i)}, where the share is at least 1/2. {@link
   * Batch#partners} has the labels mixed in.
   *
   * @param alpha above 0, such as 0.2
   * @throws IllegalArgumentException if alpha is out of range
   * @see <a href="https://arxiv.org/abs/1710.09412">Zhang et al., mixup: Beyond empirical risk
   *     minimization, 2018</a>
   */
  public Batches mixed(float alpha) {
    return new Batches(rows, size, shuffled, seed, first, augmentation, new Mixup(alpha));
  }

  /** Returns these batches with another seed, for what is drawn and for the order, if it is. */
  public Batches seeded(long newSeed) {
    return new Batches(rows, size, shuffled, newSeed, first, augmentation, mixup);
  }

  /** Returns these batches with another seed for each epoch, as {@link Rows#batches} has them. */
  public Batches seeded(long newSeed, long epoch) {
    return seeded(Shuffle.nth(newSeed, epoch));
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
  public Iteration iterator() {
    long start = System.nanoTime();
    long bytes = (long) size * rows.dataset().features() * Float.BYTES;
    boolean ahead =
        augmentation != null
            || mixup != null
            || bytes >= FEWEST_BYTES
            || rows.dataset().rowInputs().areMapped();
    int slots = ahead ? Math.max(1, Math.min(ring(bytes), count())) : 1;
    GatherPool.Buffer buffer = rows.dataset().pool().take(size, slots);
    Augmentation.Worker distortion = augmentation == null ? null : augmentation.worker();
    Gathering gathering =
        new Gathering(buffer, order(), first, rows.size(), size, distortion, mixup, seed);
    return new Iteration(rows.dataset(), gathering, slots, count(), start);
  }

  private static int ring(long bytes) {
    return Math.clamp(ROOM / bytes, FEWEST, MOST);
  }

  private int[] order() {
    int[] order = rows.order();
    if (shuffled) {
      order = order == null ? Shuffle.identity(rows.size()) : order;
      Shuffle.shuffle(order, seed);
    }
    return order;
  }

  /** One visit of all rows, which may be closed before its end; closing it again does nothing. */
  public static final class Iteration implements Iterator<Batch>, AutoCloseable {
    private final Dataset data;
    private final Gathering gathering;
    private final Batch.View[] places;
    private final Batch batch;
    private final int slots;
    private final int count;
    private final Preparer preparer;
    private final Cleaner.Cleanable cleanable;
    private int visited;
    private boolean ended;
    private long waited;

    private Iteration(Dataset data, Gathering gathering, int slots, int count, long start) {
      this.data = data;
      this.gathering = gathering;
      this.slots = slots;
      this.count = count;
      places = gathering.buffer().open(count, gathering.count(count - 1));
      batch = new Batch(data.pool(), data.classes());
      if (slots == 1) {
        preparer = null;
        cleanable = null;
      } else {
        Preparer ahead = new Preparer(gathering, slots, count);
        preparer = ahead;
        gathering.buffer().preparer(ahead);
        cleanable = CLEANER.register(this, ahead::stop);
        ahead.start();
      }
      waited = System.nanoTime() - start;
    }

    @Override
    public boolean hasNext() {
      if (visited == count) {
        close();
      }
      return !ended;
    }

    @Override
    public Batch next() {
      if (visited == count || ended) {
        throw new NoSuchElementException("all batches of this iteration were visited");
      }
      data.requireOpen();
      long start = System.nanoTime();
      int slot = visited % slots;
      if (preparer == null) {
        gathering.fill(slot, visited);
      } else {
        preparer.giveBackBefore(visited);
        preparer.await(visited);
      }
      visited++;
      batch.show(places[visited == count ? slots : slot], gathering.buffer().share(slot));
      waited += System.nanoTime() - start;
      return batch;
    }

    /**
     * Returns for how long the caller has been kept so far, in nanoseconds: to draw the order, to
     * wait for batches that were not ready, and to copy rows where no thread does that.
     */
    public long waitedNanos() {
      return waited;
    }

    /** Ends this iteration; its batch is over. */
    @Override
    public void close() {
      if (ended) {
        return;
      }
      ended = true;
      batch.end();
      if (cleanable != null) {
        cleanable.clean();
      }
      gathering.buffer().release();
    }
  }
}
