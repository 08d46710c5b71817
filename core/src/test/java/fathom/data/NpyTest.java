package fathom.data;

import static fathom.data.TestFiles.assertBad;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyTest {
  @TempDir Path folder;

  private Path file(String name, int version, String header, byte... content) {
    return TestFiles.write(folder.resolve(name), TestFiles.npy(version, header, content));
  }

  private static String header(String type, String shape) {
    return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  }

  private static byte[] floats(float... values) {
    byte[] content = new byte[4 * values.length];
    ByteBuffer bytes = TestFiles.littleEndian(content);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return content;
  }

  private static byte[] doubles(double... values) {
    byte[] content = new byte[8 * values.length];
    ByteBuffer bytes = TestFiles.littleEndian(content);
    for (double value : values) {
      bytes.putDouble(value);
    }
    return content;
  }

  private static byte[] longs(long... values) {
    byte[] content = new byte[8 * values.length];
    ByteBuffer bytes = TestFiles.littleEndian(content);
    for (long value : values) {
      bytes.putLong(value);
    }
    return content;
  }

  private Path x() {
    return file("x", 1, header("<f4", "(3, 2)"), floats(1, 2, 3, 4, 5, 6));
  }

  @Test
  void inputsOfEveryTypeAndVersion() {
    float[][] expected = {{1, 2, 3}, {4, 5, 6}};
    for (int version = 1; version <= 3; version++) {
      List<Path> files =
          List.of(
              file("f4", version, header("<f4", "(2, 3)"), floats(1, 2, 3, 4, 5, 6)),
              file("f8", version, header("<f8", "(2,3)"), doubles(1, 2, 3, 4, 5, 6)),
              file("i8", version, header("<i8", "( 2 , 3 )"), longs(1, 2, 3, 4, 5, 6)));
      for (Path file : files) {
        try (Dataset data = Npy.readInputs(file)) {
          assertEquals(Task.UNLABELLED, data.task());
          assertArrayEquals(expected, data.inputs().toArray(), file + ", version " + version);
        }
      }
    }
  }

  @Test
  void bytesArePixels() {
    Path file =
        file(
            "u1",
            1,
            header("|u1", "(2, 1, 3)"),
            (byte) 0,
            (byte) 51,
            (byte) -1,
            (byte) 1,
            (byte) 2,
            (byte) 3);
    try (Dataset data = Npy.readInputs(file)) {
      assertEquals(3, data.imageWidth());
      assertEquals(1, data.imageHeight());
      assertEquals(Scaling.pixels(3, 255), data.scaling());
      float scale = 1f / 255;
      assertArrayEquals(new float[] {0, 51 * scale, 255 * scale}, data.inputs().toArray()[0]);
    }
  }

  @Test
  void labelsAndTargets() {
    Path labels = file("y", 1, header("<i8", "(3,)"), longs(0, 2, 1));
    try (Dataset data = Npy.read(x(), labels)) {
      assertEquals(3, data.classes());
      assertEquals(List.of("0", "1", "2"), data.classNames());
      assertEquals(2, data.labels().getAtIndex(JAVA_INT, 1));
    }
    try (Dataset data = Npy.read(x(), file("u1", 1, header("|u1", "(3, 1)"), new byte[3]), 5)) {
      assertEquals(5, data.classes());
    }
    Path targets = file("t", 1, header("<f8", "(3, 2)"), doubles(1, 2, 3, 4, 5, 6));
    try (Dataset data = Npy.read(x(), targets)) {
      assertEquals(Task.REGRESSION, data.task());
      assertArrayEquals(new float[] {5, 6}, data.targets().toArray()[2]);
    }
  }

  private static List<float[]> visit(Dataset data) {
    List<float[]> rows = new ArrayList<>();
    for (Batch batch : data.batches(2, 6)) {
      for (float[] row : batch.inputs().toArray()) {
        rows.add(row);
      }
    }
    return rows;
  }

  /** Batches and scalings do without a copy, and give what they give in memory. */
  @Test
  void inputsStayInTheFileUntilTheyAreAskedFor() {
    float[][] rows = {{1, 20}, {3, 40}, {5, 61}};
    Path labels = file("y", 1, header("<i8", "(3,)"), longs(0, 1, 1));
    Path file = file("big", 1, header("<f4", "(3, 2)"), floats(1, 20, 3, 40, 5, 61));
    try (Dataset mapped = Npy.read(file, labels);
        Dataset memory = Dataset.ofLabels(rows, new int[] {0, 1, 1}, 2)) {
      assertArrayEquals(visit(memory).toArray(), visit(mapped).toArray());
      assertEquals(Scaling.standard(memory.rows()), Scaling.standard(mapped.rows()));
      assertEquals(Scaling.range(memory.rows()), Scaling.range(mapped.rows()));
      mapped.scale(Scaling.standard(mapped.rows()));
      memory.scale(Scaling.standard(memory.rows()));
      assertArrayEquals(visit(memory).toArray(), visit(mapped).toArray());
      assertTrue(mapped.rowInputs().areMapped());
      assertArrayEquals(memory.inputs().toArray(), mapped.inputs().toArray());
      assertFalse(mapped.rowInputs().areMapped());
      assertArrayEquals(visit(memory).toArray(), visit(mapped).toArray());
      mapped.scaleTo(Scaling.identity(2));
      memory.scaleTo(Scaling.identity(2));
      assertArrayEquals(memory.inputs().toArray(), mapped.inputs().toArray());
    }
  }

  @Test
  void saysWhatIsWrongWithAFile() {
    assertBad(() -> Npy.readInputs(folder.resolve("none")), "no such file");
    assertBad(() -> Npy.readInputs(TestFiles.write(folder.resolve("a"), new byte[] {1})), "NUMPY");
    byte[] whole = TestFiles.npy(1, header("<f4", "(1, 2)"), floats(1, 2));
    for (int length = 1; length < whole.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(whole, length);
      assertBad(() -> Npy.readInputs(TestFiles.write(folder.resolve("cut"), cut)), "cut: ");
    }
    bad(1, header("<f4", "(1, 2)"), floats(1, 2, 3), "= 8 bytes, 12 follow");
    bad(1, header("<f4", "(1, 2)"), floats(1), "= 8 bytes, 4 follow");
    bad(4, header("<f4", "(1, 2)"), floats(1, 2), "format 4, expected 1 to 3");
    bad(
        1,
        "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }",
        floats(1, 2),
        "Fortran order");
    bad(1, header("<f2", "(1, 2)"), new byte[4], "type '<f2'");
    bad(1, header(">f4", "(1, 2)"), floats(1, 2), "type '>f4'");
    bad(
        1,
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
        floats(1),
        "type record");
    bad(1, "{'descr': '<f4', 'fortran_order': False}", floats(1), "gives no shape");
    bad(1, header("<f4", "()"), floats(1), "a single number");
    bad(1, header("<f4", "(2,)"), floats(1, 2), "[2]", "two axes or more");
    bad(1, header("<f4", "(0, 3)"), new byte[0], "[0, 3]");
    bad(1, header("<f4", "(3000000000, 1)"), new byte[0], "[3000000000, 1]");
    bad(1, header("<f8", "(2147483647, 2147483647)"), new byte[0], "more than 2^63");
    bad(1, header("<f4", "(2, 2)"), floats(1, 2, 3, Float.NaN), "number 1 of row 1 is NaN");
    bad(1, header("<f8", "(1, 1)"), doubles(1e300), "1.0E300");
  }

  private void bad(int version, String header, byte[] content, String... parts) {
    assertBad(() -> Npy.readInputs(file("bad", version, header, content)), parts);
  }

  @Test
  void saysWhatIsWrongWithLabels() {
    Path x = x();
    Path two = file("two", 1, header("<i8", "(2,)"), longs(0, 1));
    assertBad(() -> Npy.read(x, two), "holds 2 labels", "holds 3 rows");
    Path below = file("below", 1, header("<i8", "(3,)"), longs(0, -1, 1));
    assertBad(() -> Npy.read(x, below), "label 1 is -1, expected 0 to 65535");
    Path above = file("above", 1, header("<i8", "(3,)"), longs(0, 7, 1));
    assertBad(() -> Npy.read(x, above, 4), "label 1 is 7, expected 0 to 3");
    Path wide = file("wide", 1, header("<i8", "(3, 2)"), longs(0, 1, 0, 1, 0, 1));
    assertBad(() -> Npy.read(x, wide), "[3, 2]", "one label for each row");
    Path nan = file("nan", 1, header("<f8", "(3,)"), doubles(0, Double.NaN, 1));
    assertBad(() -> Npy.read(x, nan), "row 1 is NaN");
  }
}
