package fathom.data;

import static fathom.data.TestFiles.assertBad;
import static fathom.data.TestFiles.safetensors;
import static fathom.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What other readers of the format let through, or fall over, this one refuses in one line. */
class SafetensorsStrictTest {
  private static final String SOUND =
      "{\"__metadata__\":{\"k\":\"v\"},"
          + "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
          + "\"b\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[8,16]}}";

  @TempDir Path folder;

  private void assertRefused(byte[] bytes, String... parts) {
    Path file = write(folder.resolve("bad.safetensors"), bytes);
    String[] all = Arrays.copyOf(parts, parts.length + 1);
    all[parts.length] = "bad.safetensors";
    assertBad(() -> Safetensors.read(file).close(), all);
  }

  @Test
  void readsTheSoundFile() {
    Path file = write(folder.resolve("sound"), safetensors(SOUND, new byte[16]));
    Safetensors.read(file).close();
  }

  @Test
  void refusesWrongLengths() {
    byte[] sound = safetensors(SOUND, new byte[16]);
    for (int length = 0; length < sound.length; length++) {
      assertRefused(Arrays.copyOf(sound, length), "no sound safetensors file");
    }
    assertRefused(Arrays.copyOf(sound, sound.length + 1), "need 16 bytes", "holds 17");
    for (long length : new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32, 200}) {
      byte[] lying = sound.clone();
      ByteBuffer.wrap(lying).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
      assertRefused(lying, "promises a header of " + Long.toUnsignedString(length));
    }
    Path file = write(folder.resolve("sound"), sound);
    assertBad(() -> Safetensors.read(file, 100, 9), "header of " + SOUND.length(), "limit of 100");
    assertBad(() -> Safetensors.read(folder), "is a directory");
    assertBad(() -> Safetensors.read(folder.resolve("none")), "no such file");
  }

  /** Each replaces a part of the sound header; the data stay 16 zeros. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // Names.
        "\"b\" | \"a\" | Duplicate field 'a'",
        "\"b\": | \"__metadata__\": | Duplicate field '__metadata__'",
        "\"shape\":[1] | \"dtype\":\"I64\" | Duplicate field 'dtype'",
        "\"k\":\"v\" | \"k\":\"v\",\"k\":\"v\" | Duplicate field 'k'",
        // Fields.
        "\"dtype\":\"I64\", | ` ` | lacks its dtype",
        "\"shape\":[1], | ` ` | lacks its dtype, its shape",
        ",\"data_offsets\":[8,16] | ` ` | two data_offsets",
        "\"shape\":[1] | \"shape\":[1],\"stride\":[1] | 'b' has a field 'stride'",
        "I64 | BF16 | 'b' has dtype 'BF16'; Fathom reads F32, F64, I32 and I64",
        "I64 | i64 | dtype 'i64'",
        "\"I64\" | 64 | 'b' dtype is value_number_int, expected value_string",
        "\"v\" | 1 | __metadata__ 'k' is value_number_int, expected value_string",
        "{\"k\":\"v\"} | null | __metadata__ is value_null, expected start_object",
        "\"a\":{ | \"a\":7,\"c\":{ | 'a' is value_number_int, expected start_object",
        // Shapes.
        "\"shape\":[1] | \"shape\":[2] | 'b' is I64 [2], which does not fill",
        "\"shape\":[1] | \"shape\":[0] | does not fill",
        "\"shape\":[1] | \"shape\":[-1] | something other than whole numbers",
        "\"shape\":[1] | \"shape\":[-0] | something other than whole numbers",
        "\"shape\":[1] | \"shape\":[1.0] | something other than whole numbers",
        "\"shape\":[1] | \"shape\":[1e0] | something other than whole numbers",
        "\"shape\":[1] | \"shape\":[01] | no valid JSON",
        "\"shape\":[1] | \"shape\":[\"1\"] | something other than whole numbers",
        "\"shape\":[1] | \"shape\":[true] | something other than whole numbers",
        "\"shape\":[1] | \"shape\":[null] | something other than whole numbers",
        "\"shape\":[1] | \"shape\":[[1]] | `depth (4) exceeds`",
        "\"shape\":[1] | \"shape\":1 | 'b' shape is value_number_int, expected start_array",
        "\"shape\":[1] | \"shape\":[9007199254740993] | something other than whole numbers",
        "\"shape\":[1] | \"shape\":[18446744073709551617] | something other than whole numbers",
        "\"shape\":[1] | \"shape\":[2305843009213693953] | something other than whole numbers",
        // Products that wrap around 2^64 to the right size, or to nothing.
        "\"shape\":[1] | \"shape\":[9007199254740992,9007199254740992,0] | does not fill",
        "\"shape\":[1] | \"shape\":[4294967296,4294967296] | does not fill",
        "\"shape\":[1] | \"shape\":[6442450945,3817748709,3] | does not fill",
        "\"shape\":[1] | \"shape\":[1,1,1,1,1,1,1,1,1] | holds more than 8 numbers",
        // Places.
        "[8,16] | [0,8] | tensors overlap or leave a hole",
        "[8,16] | [4,12] | 'b' begins at byte 4 of the data, expected 8",
        "[8,16] | [9,17] | 'b' begins at byte 9 of the data, expected 8",
        "[8,16] | [16,8] | does not fill",
        "[8,16] | [8] | two data_offsets",
        "[8,16] | [8,16,24] | holds more than 2 numbers",
        "[8,16] | [-8,0] | something other than whole numbers",
        "[8,16] | [9007199254740984,9007199254740992] | expected 8",
        "\"shape\":[1],\"data_offsets\":[8,16] | \"shape\":[0],\"data_offsets\":[8,8] | need 8 bytes",
        "\"shape\":[1],\"data_offsets\":[8,16] | \"shape\":[0],\"data_offsets\":[4,4] | expected 8",
        // JSON.
        "}} | } | no valid JSON",
        "}} | }}x | no valid JSON",
        "}} | }}{} | something other than spaces follows",
        "}} | },} | no valid JSON",
        "{\"k\" | /**/{\"k\" | no valid JSON",
        "\"k\" | 'k' | no valid JSON",
        "\"shape\":[1] | \"shape\":[NaN] | no valid JSON"
      })
  void refuses(String part, String replacement, String message) {
    int at = SOUND.lastIndexOf(part);
    assertTrue(at >= 0, part);
    String header = SOUND.substring(0, at) + replacement + SOUND.substring(at + part.length());
    assertRefused(safetensors(header, new byte[16]), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {" {}", "[]", "\"\"", "\uFEFF{}", "{", "}{", "{\"a\"", "\n{}"})
  void refusesHeadersThatAreNoObject(String header) {
    assertRefused(safetensors(header), "no sound safetensors file");
  }

  @Test
  void refusesWhatIsNotUtf8() {
    for (byte[] bad :
        List.of(
            new byte[] {(byte) 0xFF},
            new byte[] {(byte) 0xC0, (byte) 0x80},
            new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80},
            new byte[] {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80})) {
      byte[] file = safetensors("{\"__metadata__\":{\"k\":\"????\"}}");
      int at = 8 + "{\"__metadata__\":{\"k\":\"".length();
      System.arraycopy(bad, 0, file, at, bad.length);
      assertRefused(file, "its header is not UTF-8");
    }
    byte[] utf16 = "\0{\0}".getBytes(StandardCharsets.ISO_8859_1);
    assertRefused(ByteBuffer.allocate(12).putLong(4L << 56).put(utf16).array(), "start with {");
    assertRefused(safetensors("{\0}\0"), "no valid JSON");
  }

  @Test
  void emptyTensorsMayShareAPlace() {
    String header =
        "{\"c\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,8]},"
            + "\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[8,8]}}   ";
    Path file = write(folder.resolve("shared"), safetensors(header, new byte[8]));
    try (Safetensors read = Safetensors.read(file)) {
      assertEquals(0, read.floats("b").length);
      assertEquals(1, read.doubles("a").length);
    }
  }

  /**
   * Any byte of length and header replaced by any other: refused, or a sound file of another
   * meaning. The parser and exceptions allocate some kilobytes of their own, so that one MiB for
   * this file of 159 bytes is never passed, unless a length was believed.
   */
  @Test
  void everyFlippedByteIsRefusedOrReadAsItStands() throws IOException {
    byte[] sound = safetensors(SOUND, new byte[16]);
    Path file = write(folder.resolve("flipped"), sound);
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().threadId();
    int accepted = 0;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (int at = 0; at < sound.length - 16; at++) {
        for (int value = 0; value < 256; value++) {
          channel.write(ByteBuffer.wrap(new byte[] {(byte) value}), at);
          String flip = "byte " + at + " set to " + value;
          long before = threads.getThreadAllocatedBytes(id);
          accepted += isAccepted(file, flip) ? 1 : 0;
          long allocated = threads.getThreadAllocatedBytes(id) - before;
          assertTrue(allocated < 1 << 20, flip + " allocates " + allocated);
        }
        channel.write(ByteBuffer.wrap(new byte[] {sound[at]}), at);
      }
    }
    // Each byte as it was; any other printable character of ASCII in the names k and v, also but
    // for each other's name in a and b; F32 for I32 and back; four kinds of white space for the 1
    // of the shape [1], which leaves the shape of a single number.
    assertEquals((sound.length - 16) + 2 * 93 + 2 * 92 + 2 + 4, accepted);
  }

  private static boolean isAccepted(Path file, String flip) {
    try (Safetensors read = Safetensors.read(file)) {
      long bytes = 0;
      for (String name : read.names()) {
        bytes += readAll(read, name);
      }
      assertEquals(16, bytes, flip);
      return true;
    } catch (DataException e) {
      assertEquals(1, e.getMessage().lines().count(), e.getMessage());
      return false;
    } catch (RuntimeException e) {
      throw new AssertionError(flip, e);
    }
  }

  private static long readAll(Safetensors read, String name) {
    return switch (read.dtype(name)) {
      case F32 -> 4L * read.floats(name).length;
      case F64 -> 8L * read.doubles(name).length;
      case I32 -> 4L * read.longs(name).length;
      case I64 -> 8L * read.longs(name).length;
    };
  }
}
