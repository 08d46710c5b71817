package fathom.data;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * Some rows of a dataset, copied side by side. The batch and what it returns are valid until the
 * next batch is asked for, or {@code hasNext} has told that there is none: the same memory then
 * holds other rows. A batch may be written to; the dataset does not change.
 *
 * <p>Where rows are mixed ({@link Batches#mixed}), each row is {@link #ownShare} of itself and the
 * rest of another; so are its targets, and its label counts as much beside that of its partner.
 */
public final class Batch {
  private final GatherPool memory;
  private final int classes;
  private View now;
  private float share = 1;

  /**
   * One place of a ring.
   *
   * @param partners where the labels of the rows mixed in lie, or null
   */
  record View(Matrix inputs, MemorySegment labels, MemorySegment partners, Matrix targets) {}

  Batch(GatherPool memory, int classes) {
    this.memory = memory;
    this.classes = classes;
  }

  /**
   * Keeps the dataset from being closed until {@link #endReading}, as a step does while products
   * read the inputs: {@link Dataset#close} waits so long.
   *
   * @throws IllegalStateException if the dataset is closed
   */
  public long beginReading() {
    return memory.beginReading();
  }

  /** Lets the dataset be closed. */
  public void endReading(long stamp) {
    memory.endReading(stamp);
  }

  /** Returns B, the number of rows. */
  public int size() {
    return view().inputs.rows();
  }

  /** Returns the inputs: B x n, contiguous rows. */
  public Matrix inputs() {
    return view().inputs;
  }

  /** Returns B 32-bit labels, or null if this is no classification. */
  public MemorySegment labels() {
    return view().labels;
  }

  /** Returns the B labels of the rows mixed in, or null if no rows with labels are mixed. */
  public MemorySegment partners() {
    return share == 1 ? null : view().partners;
  }

  /** Returns what part of a row is its own, in [1/2, 1]; 1 if rows are not mixed. */
  public float ownShare() {
    return share;
  }

  /** Returns the number of classes that labels are below, or 0 if this is no classification. */
  public int classes() {
    return classes;
  }

  /** Returns the targets: B x K, contiguous rows; or null if this is no regression. */
  public Matrix targets() {
    return view().targets;
  }

  void show(View view, float ownShare) {
    now = view;
    share = ownShare;
  }

  void end() {
    now = null;
  }

  private View view() {
    if (now == null) {
      throw new IllegalStateException("this batch is over: its iteration has ended");
    }
    return now;
  }
}
