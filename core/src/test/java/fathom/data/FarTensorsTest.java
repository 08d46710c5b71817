package fathom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.SparseMemory;
import fathom.matrix.Matrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Model files whose tensors lie beyond 2^31 bytes and 2^31 elements. */
class FarTensorsTest {
  private static final int ROWS = 60_000;
  private static final int COLS = 40_000;
  private static final long LARGE = 4L * ROWS * COLS;

  /** Writes a sparse file of a tensor of 2.4e9 zeros and three numbers behind it. */
  private static Path sparse(Path folder) throws IOException {
    String json =
        String.format(
            "{\"large\":{\"dtype\":\"F32\",\"shape\":[%d,%d],\"data_offsets\":[0,%d]},"
                + "\"last\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[%d,%d]}}",
            ROWS, COLS, LARGE, LARGE, LARGE + 12);
    byte[] header = json.getBytes(StandardCharsets.US_ASCII);
    ByteBuffer start =
        ByteBuffer.allocate(8 + header.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length)
            .put(header)
            .flip();
    ByteBuffer end = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    end.putFloat(1.5f).putFloat(-2).putFloat(3).flip();
    Path file = folder.resolve("far.safetensors");
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.SPARSE,
            StandardOpenOption.WRITE)) {
      assertEquals(start.limit(), channel.write(start, 0));
      assertEquals(12, channel.write(end, start.limit() + LARGE));
    }
    return file;
  }

  @Test
  void tensorsAreReadFromThere(@TempDir Path folder) throws IOException {
    try (Safetensors file = Safetensors.read(sparse(folder));
        Arena arena = Arena.ofShared()) {
      assertEquals(List.of((long) ROWS, (long) COLS), file.shape("large"));
      Matrix last = Matrix.allocate(arena, 3, 1);
      file.copyTo("last", last);
      assertArrayEquals(new float[][] {{1.5f}, {-2}, {3}}, last.toArray());
      assertArrayEquals(new float[] {1.5f, -2, 3}, file.floats("last"));
      DataException e = assertThrows(DataException.class, () -> file.floats("large"));
      assertTrue(e.getMessage().contains("9600000000 bytes"), e.getMessage());
    }
  }

  @Test
  void tensorsAreWrittenFromThere(@TempDir Path folder) {
    try (SparseMemory arena = new SparseMemory()) {
      Matrix large = Matrix.allocate(arena, ROWS, COLS);
      large.set(ROWS - 1, COLS - 1, 4);
      large.set(ROWS - 1, 0, 3);
      Path file = folder.resolve("rows.safetensors");
      Matrix end = large.rows(ROWS - 2, ROWS);
      Safetensors.write(file, Map.of(), Map.of("end", Safetensors.Tensor.of(end)));
      try (Safetensors read = Safetensors.read(file)) {
        float[] values = read.floats("end");
        assertEquals(3, values[COLS]);
        assertEquals(4, values[2 * COLS - 1]);
        Matrix back = large.rows(ROWS - 4, ROWS - 2);
        read.copyTo("end", back);
        assertEquals(4, large.get(ROWS - 3, COLS - 1));
      }
    }
  }
}
