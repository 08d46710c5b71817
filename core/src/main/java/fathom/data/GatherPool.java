package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_INT;

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

  private final Dataset data;
  private final Arena arena;
  private final List<Buffer> buffers = new ArrayList<>();

  GatherPool(Dataset data, Arena arena) {
    this.data = data;
    this.arena = arena;
  }

  /** Takes a buffer for batches of this many rows; {@link Buffer#open} comes next. */
  synchronized Buffer take(int size) {
    for (Buffer buffer : buffers) {
      if (buffer.size == size && buffer.isFree()) {
        buffer.taken = true;
        return buffer;
      }
    }
    Buffer buffer = new Buffer(size);
    buffers.add(buffer);
    return buffer;
  }

  /** Returns how many buffers there are, in use or free. */
  synchronized int buffers() {
    return buffers.size();
  }

  /** Memory for the rows of one batch. */
  final class Buffer {
    private final int size;
    private final Matrix inputs = data.inputs();
    private final Matrix targets = data.targets();
    private final MemorySegment labels = data.labels();
    private final MemorySegment floats;
    private final MemorySegment ints;
    private final List<WeakReference<MemorySegment>> views = new ArrayList<>();
    private boolean taken = true;

    private Buffer(int size) {
      this.size = size;
      long count = targetsOffset() + (long) size * (targets == null ? 0 : targets.cols());
      floats = arena.allocate(count * Float.BYTES, ALIGNMENT);
      ints = labels == null ? null : arena.allocate((long) size * Integer.BYTES, ALIGNMENT);
    }

    /** Returns a batch over this memory, for an iteration whose last batch has fewer rows. */
    Batch open(int last) {
      MemorySegment view = floats.asSlice(0);
      Matrix x = new Matrix(view, 0, size, inputs.cols(), inputs.cols());
      Matrix y =
          targets == null
              ? null
              : new Matrix(view, targetsOffset(), size, targets.cols(), targets.cols());
      MemorySegment full = ints == null ? null : ints.asSlice(0);
      MemorySegment part = ints == null ? null : ints.asSlice(0, (long) last * Integer.BYTES);
      synchronized (GatherPool.this) {
        watch(view);
        watch(full);
        watch(part);
        taken = false;
      }
      return new Batch(x, full, y, last, part, labels == null ? 0 : data.classes());
    }

    /** Copies rows {@code order[from ... from + count)}, or of that range where order is null. */
    void gather(int[] order, int from, int count) {
      copy(inputs, floats, 0, order, from, count);
      if (targets != null) {
        copy(targets, floats, targetsOffset(), order, from, count);
      }
      if (labels != null) {
        for (int i = 0; i < count; i++) {
          int row = order == null ? from + i : order[from + i];
          ints.setAtIndex(JAVA_INT, i, labels.getAtIndex(JAVA_INT, row));
        }
      }
    }

    /** Gives the memory back. */
    void release() {
      synchronized (GatherPool.this) {
        views.clear();
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
      return true;
    }

    private void watch(MemorySegment view) {
      if (view != null) {
        views.add(new WeakReference<>(view));
      }
    }

    private long targetsOffset() {
      long lane = ALIGNMENT / Float.BYTES;
      return ((long) size * inputs.cols() + lane - 1) / lane * lane;
    }

    private void copy(Matrix from, MemorySegment to, long start, int[] order, int first, int n) {
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
}
