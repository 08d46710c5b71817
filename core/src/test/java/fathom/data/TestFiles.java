package fathom.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.function.Executable;

/** Small files made by hand, and what must be said of bad ones. */
final class TestFiles {
  private TestFiles() {}

  static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
      zip.write(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }

  /** Returns an IDX file: its magic number, its dimensions, its bytes. */
  static byte[] idx(int magic, int[] shape, int... content) {
    ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * shape.length + content.length).putInt(magic);
    for (int length : shape) {
      bytes.putInt(length);
    }
    for (int value : content) {
      bytes.put((byte) value);
    }
    return bytes.array();
  }

  /** Returns a .npy file: its format, its header, its numbers. */
  static byte[] npy(int version, String header, byte... content) {
    byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
    int prefix = version == 1 ? 10 : 12;
    byte[] whole = new byte[prefix + text.length + content.length];
    ByteBuffer bytes = littleEndian(whole);
    bytes.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    bytes.put((byte) version).put((byte) 0);
    if (version == 1) {
      bytes.putShort((short) text.length);
    } else {
      bytes.putInt(text.length);
    }
    bytes.put(text).put(content);
    return whole;
  }

  static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns a safetensors file: the length of its header, its header, its data. */
  static byte[] safetensors(String header, byte... data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Long.BYTES + json.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .put(data)
        .array();
  }

  /** Writes a new file; some file systems are slow to cut an old one. */
  static Path write(Path file, byte[] bytes) {
    try {
      Files.deleteIfExists(file);
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Checks that a call fails with one line that names every part. */
  static DataException assertBad(Executable call, String... parts) {
    DataException e = assertThrows(DataException.class, call, String.join(" ", parts));
    assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), part + " is not in: " + e.getMessage());
    }
    return e;
  }
}
