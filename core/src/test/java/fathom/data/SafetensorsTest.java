package fathom.data;

import static fathom.data.TestFiles.assertBad;
import static fathom.data.TestFiles.write;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.matrix.Matrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  @TempDir Path folder;

  /** The bytes that the format's own library writes, from its tests. */
  @Test
  void writesTheBytesOfTheReference() throws IOException {
    Path file = folder.resolve("t.safetensors");
    Safetensors.write(file, Map.of(), Map.of());
    byte[] empty = {8, 0, 0, 0, 0, 0, 0, 0, '{', '}', ' ', ' ', ' ', ' ', ' ', ' '};
    assertArrayEquals(empty, Files.readAllBytes(file));
    try (Arena arena = Arena.ofConfined()) {
      Matrix values = Matrix.of(arena, new float[][] {{0, 1, 2}, {3, 4, 5}});
      String entry = "{\"attn.0\":{\"dtype\":\"F32\",\"shape\":[1,2,3],\"data_offsets\":[0,24]}}";
      Safetensors.Tensor three = new Safetensors.Tensor(List.of(1L, 2L, 3L), values);
      Safetensors.write(file, Map.of(), Map.of("attn.0", three));
      assertReference(64, entry, Files.readAllBytes(file));
      entry = "{\"attn0\":{\"dtype\":\"F32\",\"shape\":[1,1,2,3],\"data_offsets\":[0,24]}}";
      Safetensors.Tensor four = new Safetensors.Tensor(List.of(1L, 1L, 2L, 3L), values);
      Safetensors.write(file, Map.of(), Map.of("attn0", four));
      assertReference(72, entry, Files.readAllBytes(file));
    }
  }

  private static void assertReference(int headerLength, String entry, byte[] file) {
    ByteBuffer expected = ByteBuffer.allocate(8 + headerLength + 24).order(ByteOrder.LITTLE_ENDIAN);
    expected.putLong(headerLength).put(entry.getBytes(UTF_8));
    while (expected.position() < 8 + headerLength) {
      expected.put((byte) ' ');
    }
    for (int i = 0; i < 6; i++) {
      expected.putFloat(i);
    }
    assertArrayEquals(expected.array(), file);
  }

  @Property(tries = 100, seed = "7")
  void whatIsWrittenIsRead(
      @ForAll @Size(max = 8) Map<String, @IntRange(max = 20) Integer> sizes,
      @ForAll @Size(max = 4) Map<String, String> metadata,
      @ForAll long seed)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    Path file = Files.createTempFile("round", ".safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
      for (Map.Entry<String, Integer> e : sizes.entrySet()) {
        Matrix values = Matrix.allocate(arena, e.getValue(), 1 + random.nextInt(9));
        for (int i = 0; i < values.rows() * values.cols(); i++) {
          int bits = random.nextInt();
          values.set(i / values.cols(), i % values.cols(), Float.intBitsToFloat(bits));
        }
        tensors.put(e.getKey(), Safetensors.Tensor.of(values));
      }
      boolean encodable =
          sizes.keySet().stream().allMatch(SafetensorsTest::isText)
              && metadata.keySet().stream().allMatch(SafetensorsTest::isText)
              && metadata.values().stream().allMatch(SafetensorsTest::isText);
      if (!encodable) {
        assertThrows(
            IllegalArgumentException.class, () -> Safetensors.write(file, metadata, tensors));
        return;
      }
      Safetensors.write(file, metadata, tensors);
      try (Safetensors read = Safetensors.read(file)) {
        assertEquals(metadata, read.metadata());
        assertEquals(List.copyOf(tensors.keySet()), List.copyOf(read.names()));
        for (Map.Entry<String, Safetensors.Tensor> e : tensors.entrySet()) {
          Matrix expected = e.getValue().values();
          assertEquals(e.getValue().shape(), read.shape(e.getKey()));
          Matrix found = Matrix.allocate(arena, expected.rows(), expected.cols());
          read.copyTo(e.getKey(), found);
          assertEquals(-1, expected.segment().mismatch(found.segment()), "seed " + seed);
        }
      }
    } finally {
      Files.delete(file);
    }
  }

  private static boolean isText(String text) {
    return UTF_8.newEncoder().canEncode(text);
  }

  @Test
  void readsEveryType() {
    String header =
        """
        {"f":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
        "d":{"dtype":"F64","shape":[1,2],"data_offsets":[8,24]},
        "i":{"dtype":"I32","shape":[],"data_offsets":[24,28]},
        "l":{"dtype":"I64","shape":[2,1],"data_offsets":[28,44]},
        "none":{"dtype":"F32","shape":[0,7],"data_offsets":[44,44]},
        "__metadata__":{"a":"b"}}""";
    ByteBuffer data = ByteBuffer.allocate(44).order(ByteOrder.LITTLE_ENDIAN);
    data.putFloat(1.5f).putFloat(-2).putDouble(Math.PI).putDouble(-0.0);
    data.putInt(Integer.MIN_VALUE).putLong(Long.MAX_VALUE).putLong(-7);
    Path file = write(folder.resolve("all"), TestFiles.safetensors(header, data.array()));
    try (Safetensors read = Safetensors.read(file)) {
      assertArrayEquals(new float[] {1.5f, -2}, read.floats("f"));
      assertArrayEquals(new double[] {1.5, -2}, read.doubles("f"));
      assertArrayEquals(new double[] {Math.PI, -0.0}, read.doubles("d"));
      assertArrayEquals(new long[] {Integer.MIN_VALUE}, read.longs("i"));
      assertArrayEquals(new long[] {Long.MAX_VALUE, -7}, read.longs("l"));
      assertArrayEquals(new float[0], read.floats("none"));
      assertEquals(List.of(), read.shape("i"));
      assertEquals(List.of(0L, 7L), read.shape("none"));
      assertEquals(Safetensors.Dtype.F64, read.dtype("d"));
      assertEquals(Map.of("a", "b"), read.metadata());
      assertEquals(List.of("f", "d", "i", "l", "none"), List.copyOf(read.names()));
      assertBad(() -> read.floats("d"), "tensor 'd' is F64, expected [F32]");
      assertBad(() -> read.longs("f"), "tensor 'f' is F32, expected [I64, I32]");
      assertBad(() -> read.floats("F"), "holds no tensor 'F'; the nearest is 'f'");
    }
  }

  @Test
  void copiesIntoMatricesOfTheSameShape() {
    Path file = folder.resolve("t.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Matrix two = Matrix.of(arena, new float[][] {{1, 2, 3}, {4, 5, 6}});
      Matrix column = Matrix.of(arena, new float[][] {{7}, {8}});
      Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
      tensors.put("w", Safetensors.Tensor.of(two));
      tensors.put("b", Safetensors.Tensor.vector(column));
      Safetensors.write(file, Map.of(), tensors);
      try (Safetensors read = Safetensors.read(file)) {
        MemorySegment wide = arena.allocate(4 * 20);
        wide.fill((byte) 0x7F);
        Matrix strided = new Matrix(wide, 2, 2, 3, 7);
        read.copyTo("w", strided);
        assertArrayEquals(two.toArray(), strided.toArray());
        assertEquals(0x7F7F7F7F, wide.get(JAVA_INT, 4 * 5));
        Matrix row = Matrix.allocate(arena, 1, 2);
        read.copyTo("b", row);
        assertArrayEquals(new float[][] {{7, 8}}, row.toArray());
        Matrix other = Matrix.allocate(arena, 3, 2);
        assertBad(() -> read.copyTo("w", other), "'w' has shape [2, 3]", "matrix of 3x2");
        assertBad(() -> read.copyTo("b", other), "'b' has shape [2]", "matrix of 3x2");
      }
    }
  }

  @Test
  void writesStridedMatricesRowByRow() {
    Path file = folder.resolve("t.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Matrix strided = new Matrix(arena.allocate(4 * 20), 1, 3, 2, 5);
      for (int i = 0; i < 6; i++) {
        strided.set(i / 2, i % 2, i);
      }
      Safetensors.write(file, Map.of(), Map.of("s", Safetensors.Tensor.of(strided)));
      try (Safetensors read = Safetensors.read(file)) {
        assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, read.floats("s"));
      }
    }
  }

  @Test
  void refusesWhatCannotBeWritten() {
    Path file = folder.resolve("t.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Matrix m = Matrix.allocate(arena, 2, 3);
      Safetensors.Tensor tensor = Safetensors.Tensor.of(m);
      for (List<Long> shape :
          List.of(List.of(5L), List.of(-2L, -3L), List.of(1L << 62, 1L << 62), List.<Long>of())) {
        assertThrows(IllegalArgumentException.class, () -> new Safetensors.Tensor(shape, m));
      }
      assertThrows(IllegalArgumentException.class, () -> Safetensors.Tensor.vector(m));
      assertThrows(
          IllegalArgumentException.class,
          () -> Safetensors.write(file, Map.of(), Map.of("__metadata__", tensor)));
      Map<String, String> noValue = new LinkedHashMap<>();
      noValue.put("a", null);
      assertThrows(
          IllegalArgumentException.class,
          () -> Safetensors.write(file, noValue, Map.of("x", tensor)));
      assertTrue(Files.notExists(file));
    }
  }

  @Test
  void useAfterCloseThrows() {
    Path file = folder.resolve("t.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Matrix m = Matrix.allocate(arena, 1, 1);
      Safetensors.write(file, Map.of(), Map.of("x", Safetensors.Tensor.of(m)));
      Safetensors read = Safetensors.read(file);
      read.close();
      read.close();
      assertThrows(IllegalStateException.class, () -> read.floats("x"));
      assertThrows(IllegalStateException.class, () -> read.copyTo("x", m));
    }
  }

  @Test
  void aFileCutWhileOpenIsReported() throws IOException {
    Path file = folder.resolve("t.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Matrix m = Matrix.allocate(arena, 10, 10);
      Safetensors.write(file, Map.of(), Map.of("x", Safetensors.Tensor.of(m)));
      try (Safetensors read = Safetensors.read(file)) {
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 200));
        assertBad(() -> read.copyTo("x", m), "was cut while it was read");
      }
    }
  }

  @Test
  void largeMemoryGoesInPieces() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(1000);
      for (int i = 0; i < 1000; i++) {
        memory.set(JAVA_BYTE, i, (byte) i);
      }
      for (long bytes : new long[] {0, 1, 63, 64, 65, 128, 990}) {
        ByteBuffer all = ByteBuffer.allocate(1000);
        Pieces.forEach(
            memory,
            10,
            bytes,
            64,
            (piece, done) -> {
              assertEquals(all.position(), done);
              assertTrue(piece.remaining() <= 64);
              all.put(piece);
            });
        assertEquals(bytes, all.position());
        for (int i = 0; i < bytes; i++) {
          assertEquals((byte) (10 + i), all.get(i));
        }
      }
    }
  }

  /** Networks of 10,000 layers have 20,000 tensors; the default limits must let them pass. */
  @Test
  void readsAsManyTensorsAsDeepNetworksHave() {
    Path file = folder.resolve("deep.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Matrix one = Matrix.of(arena, new float[][] {{1}});
      Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
      for (int layer = 0; layer < 10_000; layer++) {
        tensors.put(2 * layer + ".weight", Safetensors.Tensor.of(one));
        tensors.put(2 * layer + ".bias", Safetensors.Tensor.vector(one));
      }
      Safetensors.write(file, Map.of(), tensors);
      try (Safetensors read = Safetensors.read(file)) {
        assertEquals(20_000, read.names().size());
        assertEquals(1, read.floats("19998.bias")[0]);
      }
      assertBad(
          () -> Safetensors.read(file, 1 << 20, 1 << 16), "passes the limit of 1048576", "raise");
      assertBad(
          () -> Safetensors.read(file, Safetensors.HEADER_LIMIT, 19_999),
          "more than 19999 tensors",
          "raise");
    }
  }
}
