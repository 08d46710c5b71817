package fathom.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Bytes in native memory that grow as they arrive, for what is read before its size is known or
 * believed. Blocks double up to a limit, so that no more is allocated than about twice what came.
 */
final class Blocks implements AutoCloseable {
  private static final long FIRST = 1L << 12;
  private static final long LARGEST = 1L << 24;

  private final Arena arena = Arena.ofShared();
  private final List<MemorySegment> full = new ArrayList<>();
  private MemorySegment block = MemorySegment.NULL;
  private long used;
  private long size;

  /** Returns the number of bytes. */
  long size() {
    return size;
  }

  /** Adds a copy of the first bytes of a segment. */
  void append(MemorySegment source, long bytes) {
    long done = 0;
    while (done < bytes) {
      if (used == block.byteSize()) {
        grow();
      }
      long part = Math.min(bytes - done, block.byteSize() - used);
      MemorySegment.copy(source, done, block, used, part);
      done += part;
      used += part;
      size += part;
    }
  }

  /** Returns all bytes in order, as segments that live as long as this. */
  List<MemorySegment> parts() {
    List<MemorySegment> parts = new ArrayList<>(full);
    parts.add(block.asSlice(0, used));
    return parts;
  }

  @Override
  public void close() {
    arena.close();
  }

  private void grow() {
    if (used > 0) {
      full.add(block);
    }
    block = arena.allocate(Math.clamp(block.byteSize() * 2, FIRST, LARGEST), Double.BYTES);
    used = 0;
  }
}
