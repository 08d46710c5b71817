package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What another program wrote is read back number by number, plain and compressed. */
class RoundTripTest {
  @Property(tries = 100, seed = "9")
  void csvKeepsEveryBit(
      @ForAll @IntRange(min = 1, max = 30) int rows,
      @ForAll @IntRange(min = 1, max = 12) int features,
      @ForAll boolean zipped,
      @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[][] x = new float[rows][features];
    float[][] y = new float[rows][1];
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < features; c++) {
        x[r][c] = finite(random);
        text.append(x[r][c]).append(',');
      }
      y[r][0] = finite(random);
      text.append(y[r][0]).append(r % 2 == 0 ? "\n" : "\r\n");
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    Csv.Options options = Csv.Options.guess().task(Task.REGRESSION);
    try (Dataset data = read(bytes, zipped, file -> Csv.read(file, options))) {
      assertArrayEquals(x, data.inputs().toArray(), "seed " + seed);
      assertArrayEquals(y, data.targets().toArray(), "seed " + seed);
    }
  }

  private static float finite(SplittableRandom random) {
    float value = Float.intBitsToFloat(random.nextInt());
    return Float.isFinite(value) ? value : 0;
  }

  @Property(tries = 100, seed = "10")
  void csvKeepsEveryName(
      @ForAll @IntRange(min = 2, max = 30) int rows, @ForAll boolean zipped, @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    String[] names = new String[rows];
    StringBuilder text = new StringBuilder("\"a, b\",kind\n");
    for (int r = 0; r < rows; r++) {
      // The class is 1 or 2 times a quote, so that names need quoting; both occur.
      names[r] = "\"".repeat(1 + (r < 2 ? r : random.nextInt(2))) + ",\n\u00FC";
      text.append(r).append(",\"").append(names[r].replace("\"", "\"\"")).append("\"\n");
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    try (Dataset data = read(bytes, zipped, Csv::read)) {
      assertEquals(2, data.classes());
      for (int r = 0; r < rows; r++) {
        assertEquals(names[r], data.classNames().get(data.rows().label(r)), "seed " + seed);
      }
    }
  }

  @Property(tries = 100, seed = "11")
  void idxKeepsEveryByte(
      @ForAll @IntRange(min = 1, max = 40) int count,
      @ForAll @IntRange(min = 1, max = 9) int height,
      @ForAll @IntRange(min = 1, max = 9) int width,
      @ForAll boolean zipped,
      @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] pixels = random.ints((long) count * height * width, 0, 256).toArray();
    int[] classes = random.ints(count, 0, 256).toArray();
    byte[] images = TestFiles.idx(0x803, new int[] {count, height, width}, pixels);
    byte[] labels = TestFiles.idx(0x801, new int[] {count}, classes);
    try (Dataset data = read(images, zipped, x -> read(labels, !zipped, y -> Idx.read(x, y)))) {
      int i = 0;
      for (float[] row : data.inputs().toArray()) {
        assertEquals(height * width, row.length);
        for (float x : row) {
          assertTrue(x >= 0 && x <= 1, "pixel " + x);
          assertEquals(pixels[i++], Math.round(x * 255), "seed " + seed);
        }
      }
      assertArrayEquals(classes, data.labels().toArray(JAVA_INT), "seed " + seed);
    }
  }

  private static Dataset read(byte[] bytes, boolean zipped, Function<Path, Dataset> reader) {
    try {
      Path file = Files.createTempFile("round", "");
      try {
        return reader.apply(TestFiles.write(file, zipped ? TestFiles.gzip(bytes) : bytes));
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
