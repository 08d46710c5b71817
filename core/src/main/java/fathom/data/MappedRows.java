package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Rows of numbers that stay in a file, which is mapped: the system reads pages as they are wanted
 * and forgets them as it needs the memory. The file must not be changed meanwhile; where it is cut,
 * reading ends the program or throws {@link InternalError}.
 *
 * @param bytes the numbers, row after row, little-endian
 */
record MappedRows(MemorySegment bytes, Type type, int rows, int cols) {
  private static final ValueLayout.OfFloat F4 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble F8 =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong I8 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** How a number is written. */
  enum Type {
    U1(1),
    F4(4),
    F8(8),
    I8(8);

    final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }
  }

  /** Maps a range of a file for as long as an arena lives. */
  static MemorySegment map(Path file, long from, long length, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, from, length, arena);
    }
  }

  /** Returns a number by its place among all. */
  double value(long index) {
    return switch (type) {
      case U1 -> bytes.get(JAVA_BYTE, index) & 0xFF;
      case F4 -> bytes.get(F4, index * Float.BYTES);
      case F8 -> bytes.get(F8, index * Double.BYTES);
      case I8 -> bytes.get(I8, index * Long.BYTES);
    };
  }

  /** Returns a whole number by its place among all. */
  long whole(long index) {
    return type == Type.I8 ? bytes.get(I8, index * Long.BYTES) : (long) value(index);
  }

  /** Copies a row and scales it on the way; {@code start} is in elements. */
  void read(int row, Scaling scaling, MemorySegment to, long start) {
    long first = (long) row * cols;
    if (type == Type.F4 && scaling.isIdentity()) {
      MemorySegment.copy(bytes, F4, first * Float.BYTES, to, JAVA_FLOAT, start * Float.BYTES, cols);
      return;
    }
    for (int c = 0; c < cols; c++) {
      to.setAtIndex(JAVA_FLOAT, start + c, scaling.forward((float) value(first + c), c));
    }
  }
}
