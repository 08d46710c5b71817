package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import fathom.matrix.FairLock;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;

/**
 * The buffers into which a dataset's batches are gathered. They live as long as the dataset. A
 * buffer is free again when its iteration has run to its end, or was abandoned and nothing that
 * looks into the buffer is reachable any more: epochs that stop early do not pile up memory.
 */
final class GatherPool {
  private static final long ALIGNMENT = 64;
  private static final int LANE = (int) ALIGNMENT / Float.BYTES;

  private final Dataset data;
  private final Arena arena;
  private final List<Buffer> buffers = new ArrayList<>();
  private final FairLock lock = new FairLock("this dataset");

  GatherPool(Dataset data, Arena arena) {
    this.data = data;
    this.arena = arena;
  }

  /** Takes a buffer for so many batches of this many rows; {@link Buffer#open} comes next. */
  synchronized Buffer take(int size, int slots) {
    for (Buffer buffer : buffers) {
      if (buffer.size == size && buffer.slots == slots && buffer.isFree()) {
        buffer.taken = true;
        return buffer;
      }
    }
    Buffer buffer = new Buffer(size, slots);
    buffers.add(buffer);
    return buffer;
  }

  /** Returns how many buffers there are, in use or free. */
  synchronized int buffers() {
    return buffers.size();
  }

  /**
   * Keeps the memory alive until {@link #endReading}: what reads it by its address is not stopped
   * by a segment that knows that it was closed.
   *
   * @throws IllegalStateException if the dataset is closed
   */
  long beginReading() {
    long stamp = lock.beginReading();
    if (!arena.scope().isAlive()) {
      lock.endReading(stamp);
      data.requireOpen();
    }
    return stamp;
  }

  void endReading(long stamp) {
    lock.endReading(stamp);
  }

  /**
   * Waits for readers, ends all threads that fill buffers and frees the dataset's memory.
   *
   * @throws IllegalStateException if the calling thread is one of the readers
   */
  void free() {
    long stamp = lock.beginAlone();
    try {
      List<Buffer> all;
      synchronized (this) {
        all = List.copyOf(buffers);
      }
      all.forEach(Buffer::endPreparer);
      arena.close();
    } finally {
      lock.endAlone(stamp);
    }
  }

  /** Memory for the rows of some batches, each in a slot of its own. */
  final class Buffer {
    private final int size;
    private final int slots;
    private final int features = data.features();
    private final int outputs = data.task() == Task.REGRESSION ? data.outputs() : 0;
    private final MemorySegment labels = data.labels();
    private final MemorySegment floats;
    private final MemorySegment ints;
    private final float[] shares;
    private final List<WeakReference<MemorySegment>> views = new ArrayList<>();
    private boolean taken = true;
    private volatile Preparer preparer;

    private Buffer(int size, int slots) {
      this.size = size;
      this.slots = slots;
      shares = new float[slots];
      floats = arena.allocate(slots * slotLength() * Float.BYTES, ALIGNMENT);
      ints = labels == null ? null : arena.allocate(2L * slots * size * Integer.BYTES, ALIGNMENT);
    }

    /** Returns views of the slots, for an iteration whose last batch has fewer rows. */
    Batch.View[] open(int batches, int last) {
      MemorySegment view = floats.asSlice(0);
      MemorySegment indices = ints == null ? null : ints.asSlice(0);
      synchronized (GatherPool.this) {
        watch(view);
        Batch.View[] places = new Batch.View[slots + 1];
        for (int slot = 0; slot < slots; slot++) {
          places[slot] = view(view, indices, slot, size);
        }
        places[slots] = view(view, indices, (batches - 1) % slots, last);
        taken = false;
        return places;
      }
    }

    private Batch.View view(MemorySegment view, MemorySegment indices, int slot, int count) {
      long start = slot * slotLength();
      Matrix x = new Matrix(view, start, count, features, features);
      Matrix y =
          outputs == 0 ? null : new Matrix(view, start + targetsOffset(), count, outputs, outputs);
      MemorySegment own = indices == null ? null : slice(indices, 2 * slot, count);
      MemorySegment partners = indices == null ? null : slice(indices, 2 * slot + 1, count);
      watch(own);
      watch(partners);
      return new Batch.View(x, own, partners, y);
    }

    private MemorySegment slice(MemorySegment indices, int place, int count) {
      return indices.asSlice((long) place * size * Integer.BYTES, (long) count * Integer.BYTES);
    }

    /** Notes the thread that fills this buffer. */
    void preparer(Preparer newPreparer) {
      preparer = newPreparer;
    }

    /** Copies rows {@code order[from ... from + count)}, or of that range where order is null. */
    void gather(int slot, int[] order, int from, int count) {
      long start = slot * slotLength();
      shares[slot] = 1;
      data.rowInputs().copy(order, from, count, floats, start);
      if (outputs > 0) {
        copy(data.targets(), floats, start + targetsOffset(), order, from, count);
      }
      if (labels != null) {
        for (int i = 0; i < count; i++) {
          int row = order == null ? from + i : order[from + i];
          setLabel(2 * slot, i, labels.getAtIndex(JAVA_INT, row));
        }
      }
    }

    /** Mixes each row of a slot with its partner; see {@link Mixup}. */
    void mix(int slot, int count, float share) {
      shares[slot] = share;
      long start = slot * slotLength();
      for (int i = 0, j = count - 1; i < j; i++, j--) {
        mix(start + (long) i * features, start + (long) j * features, features, share);
        long targets = start + targetsOffset();
        mix(targets + (long) i * outputs, targets + (long) j * outputs, outputs, share);
      }
      for (int i = 0; labels != null && i < count; i++) {
        setLabel(2 * slot + 1, i, label(2 * slot, count - 1 - i));
      }
    }

    private void mix(long one, long two, int n, float share) {
      for (int k = 0; k < n; k++) {
        float a = floats.getAtIndex(JAVA_FLOAT, one + k);
        float b = floats.getAtIndex(JAVA_FLOAT, two + k);
        floats.setAtIndex(JAVA_FLOAT, one + k, share * a + (1 - share) * b);
        floats.setAtIndex(JAVA_FLOAT, two + k, share * b + (1 - share) * a);
      }
    }

    private int label(int place, int i) {
      return ints.getAtIndex(JAVA_INT, (long) place * size + i);
    }

    private void setLabel(int place, int i, int label) {
      ints.setAtIndex(JAVA_INT, (long) place * size + i, label);
    }

    MemorySegment floats() {
      return floats;
    }

    /** Returns where the inputs of a row of a slot start, in elements. */
    long inputOffset(int slot, int row) {
      return slot * slotLength() + (long) row * features;
    }

    /** Returns what part of itself each row of a slot is. */
    float share(int slot) {
      return shares[slot];
    }

    /** Gives the memory back. */
    void release() {
      endPreparer();
      synchronized (GatherPool.this) {
        views.clear();
      }
    }

    private void endPreparer() {
      Preparer running = preparer;
      if (running != null) {
        running.end();
        preparer = null;
      }
    }

    private boolean isFree() {
      if (taken) {
        return false;
      }
      for (WeakReference<MemorySegment> view : views) {
        if (view.get() != null) {
          return false;
        }
      }
      views.clear();
      endPreparer();
      return true;
    }

    private void watch(MemorySegment view) {
      if (view != null) {
        views.add(new WeakReference<>(view));
      }
    }

    private long targetsOffset() {
      return padded((long) size * features);
    }

    private long slotLength() {
      return targetsOffset() + padded((long) size * outputs);
    }

    private static long padded(long length) {
      return (length + LANE - 1) / LANE * LANE;
    }
  }

  /** Copies rows {@code order[first ... first + n)}, or of that range where order is null. */
  static void copy(Matrix from, MemorySegment to, long start, int[] order, int first, int n) {
    MemorySegment source = from.segment();
    long bytes = (long) from.cols() * Float.BYTES;
    long place = start * Float.BYTES;
    if (order == null) {
      MemorySegment.copy(source, from.byteOffset(first, 0), to, place, n * bytes);
      return;
    }
    for (int i = 0; i < n; i++) {
      MemorySegment.copy(source, from.byteOffset(order[first + i], 0), to, place, bytes);
      place += bytes;
    }
  }
}
