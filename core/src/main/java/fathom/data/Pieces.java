package fathom.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Passes native memory to a channel in pieces, since a buffer holds less than 2 GiB. */
final class Pieces {
  static final long LARGEST = 1L << 30;

  private Pieces() {}

  /** Takes one piece, which starts {@code done} bytes after the first. */
  interface Action {
    void accept(ByteBuffer piece, long done) throws IOException;
  }

  /** Visits a range of a segment, in order, as buffers of at most {@code largest} bytes. */
  static void forEach(MemorySegment segment, long offset, long bytes, long largest, Action action)
      throws IOException {
    for (long done = 0; done < bytes; done += largest) {
      long piece = Math.min(largest, bytes - done);
      action.accept(segment.asSlice(offset + done, piece).asByteBuffer(), done);
    }
  }
}
