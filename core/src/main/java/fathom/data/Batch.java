package fathom.data;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * Some rows of a dataset, copied side by side. The batch and what it returns are valid until the
 * next batch is asked for, or {@code hasNext} has told that there is none: the same memory then
 * holds other rows. A batch may be written to; the dataset does not change.
 */
public final class Batch {
  private final View full;
  private final View last;
  private final int classes;
  private View now;

  private record View(Matrix inputs, MemorySegment labels, Matrix targets) {}

  /** A batch over buffers of full size; the last batch has fewer rows, with labels of its own. */
  Batch(
      Matrix inputs,
      MemorySegment labels,
      Matrix targets,
      int lastSize,
      MemorySegment lastLabels,
      int classes) {
    this.classes = classes;
    full = new View(inputs, labels, targets);
    last =
        new View(
            inputs.rows(0, lastSize),
            lastLabels,
            targets == null ? null : targets.rows(0, lastSize));
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

  /** Returns the number of classes that labels are below, or 0 if this is no classification. */
  public int classes() {
    return classes;
  }

  /** Returns the targets: B x K, contiguous rows; or null if this is no regression. */
  public Matrix targets() {
    return view().targets;
  }

  void show(int size) {
    now = size == full.inputs.rows() ? full : last;
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
