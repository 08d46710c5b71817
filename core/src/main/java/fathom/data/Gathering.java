package fathom.data;

/**
 * How one iteration fills its buffer: rows are copied in the order of the visit, distorted one by
 * one and mixed by pairs. What a batch holds depends on the order, the seed and the batch's number
 * alone.
 */
final class Gathering implements Preparer.Filling {
  private final GatherPool.Buffer buffer;
  private final int[] order;
  private final int first;
  private final int rows;
  private final int size;
  private final Augmentation.Worker distortion;
  private final Mixup mixup;
  private final long seed;

  /**
   * Prepares to fill.
   *
   * @param order the rows to visit, or null for all in order
   * @param first the number of the batch that counts as 0 here
   * @param rows how many there are
   * @param size of a full batch
   * @param distortion what changes each row, or null
   * @param mixup what mixes rows, or null
   * @param seed of all draws
   */
  Gathering(
      GatherPool.Buffer buffer,
      int[] order,
      int first,
      int rows,
      int size,
      Augmentation.Worker distortion,
      Mixup mixup,
      long seed) {
    this.buffer = buffer;
    this.order = order;
    this.first = first;
    this.rows = rows;
    this.size = size;
    this.distortion = distortion;
    this.mixup = mixup;
    this.seed = seed;
  }

  GatherPool.Buffer buffer() {
    return buffer;
  }

  /** Returns the number of rows of a batch. */
  int count(int batch) {
    return Math.min(size, rows - (first + batch) * size);
  }

  @Override
  public void fill(int slot, int batch) {
    int from = (first + batch) * size;
    int count = count(batch);
    buffer.gather(slot, order, from, count);
    if (distortion != null) {
      for (int i = 0; i < count; i++) {
        int row = order == null ? from + i : order[from + i];
        distortion.apply(buffer.floats(), buffer.inputOffset(slot, i), seed, row);
      }
    }
    if (mixup != null) {
      buffer.mix(slot, count, mixup.share(seed, first + batch));
    }
  }
}
