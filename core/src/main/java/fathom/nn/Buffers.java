package fathom.nn;

import fathom.matrix.Slab;
import fathom.nn.Buffer.Region;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The buffers of a plan in the making, and the pieces of memory that they will lie in. */
final class Buffers {
  private final List<Buffer> all = new ArrayList<>();
  private final Map<Integer, Integer> scratches = new HashMap<>();
  private final int batch;
  private final int capacity;
  private final int widest;
  private int nextOwn;
  private int nextShared;

  /**
   * Starts without buffers.
   *
   * @param capacity the largest batch that the memory is for
   * @param widest the most numbers that a sample has in an output, over all its steps
   */
  Buffers(int batch, int capacity, int widest) {
    this.batch = batch;
    this.capacity = capacity;
    this.widest = widest;
  }

  /** Returns all buffers, in the order in which they were asked for. */
  List<Buffer> all() {
    return all;
  }

  /** Returns the batch as its caller has it. */
  Buffer batch(String name, int features) {
    return add(name, Region.BATCH, 0, batch, features, features, 0);
  }

  /** Returns memory of its own with the samples for rows, without gaps. */
  Buffer rows(String name, int features) {
    long bytes = bytes(features, capacity);
    return add(name, Region.OWN, nextOwn++, batch, features, features, bytes);
  }

  /** Returns memory of its own for all steps of a sequence, rows x T B; of none, rows x 1. */
  Buffer own(String name, int rows, int steps) {
    int cols = steps == 0 ? 1 : steps * batch;
    int stride = steps > 1 ? cols : stride(cols);
    long bytes = bytes(rows * Math.max(1, steps), steps == 0 ? 1 : capacity);
    return add(name, Region.OWN, nextOwn++, rows, cols, stride, bytes);
  }

  /** Goes back to the first piece of memory that runs of layers share. */
  void restartShared() {
    nextShared = 0;
  }

  /**
   * Returns the next piece of memory that runs of layers share.
   *
   * @param most the most rows that one of them has
   */
  Buffer shared(String name, int rows, int most) {
    long bytes = bytes(most, capacity);
    return add(name, Region.SHARED, nextShared++, rows, batch, stride(batch), bytes);
  }

  /** Returns a piece of memory that may hold the widest layer's output. */
  Buffer wide(String name, Region region, int slot, int rows, int cols) {
    // Rows of a batch lie as far apart as in a slab, and those of a sequence without gaps.
    int stride = cols > capacity ? cols : stride(cols);
    return add(name, region, slot, rows, cols, stride, bytes(widest, capacity));
  }

  /** Returns memory for each thread, lent anew to whoever asks next. */
  Buffer scratch(String name, int rows, int cols, int stride) {
    // Rows of another length would write into the gaps.
    int slot = scratches.computeIfAbsent(stride == cols ? 0 : stride, key -> scratches.size());
    long bytes = (long) rows * stride * Float.BYTES;
    return add(name, Region.SCRATCH, slot, rows, cols, stride, bytes);
  }

  private Buffer add(
      String name, Region region, int slot, int rows, int cols, int stride, long bytes) {
    Buffer buffer = new Buffer(all.size(), name, region, slot, rows, cols, stride, bytes);
    all.add(buffer);
    return buffer;
  }

  /** Of more than one row, so that a matrix may be looked at as more or fewer. */
  private static int stride(int cols) {
    return Slab.Layout.stride(2, cols);
  }

  /** Returns room for rows of up to so many columns. */
  private static long bytes(int rows, int cols) {
    int longest = cols / Slab.Layout.CONFLICT * Slab.Layout.CONFLICT;
    return Math.max(1, (long) rows * Math.max(cols, stride(longest))) * Float.BYTES;
  }
}
