package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** NumPy's arrays on the command line. */
class ArrayTest {
  private static final int ROWS = 120;

  @TempDir static Path folder;
  private static Path inputs;
  private static Path labels;

  private static Path write(String name, String type, String shape, ByteBuffer content) {
    String header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + "}";
    byte[] bytes = new byte[10 + header.length() + content.capacity()];
    ByteBuffer unused =
        ByteBuffer.wrap(bytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put((byte) 0x93)
            .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
            .putShort((short) 1)
            .putShort((short) header.length())
            .put(header.getBytes(StandardCharsets.US_ASCII))
            .put(content.rewind());
    return Samples.write(folder.resolve(name), bytes);
  }

  private static ByteBuffer bytes(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Two kinds of rows around two centres, far from zero. */
  @BeforeAll
  static void writeArrays() {
    Random random = new Random(1);
    ByteBuffer x = bytes(ROWS * 3 * 4);
    ByteBuffer y = bytes(ROWS * 8);
    for (int i = 0; i < ROWS; i++) {
      for (int c = 0; c < 3; c++) {
        x.putFloat(500 + 20 * (i % 2) + (float) random.nextGaussian());
      }
      y.putLong(i % 2);
    }
    inputs = write("x.npy", "<f4", "(120, 3)", x);
    labels = write("y.npy", "<i8", "(120,)", y);
  }

  @Test
  void trainsEvaluatesAndPredicts() {
    Path model = folder.resolve("model.safetensors");
    Run run =
        Run.done(
            "train",
            inputs,
            "--labels",
            labels,
            "--hidden",
            "8",
            "--epochs",
            "30",
            "--save",
            model,
            "--json",
            "-",
            "--quiet");
    assertEquals(1.0, run.json().get("test_accuracy"));
    run = Run.done("evaluate", model, inputs, "--labels", labels, "--json", "-");
    assertEquals(1.0, run.json().get("test_accuracy"));
    run = Run.done("predict", model, inputs);
    assertTrue(run.out().lines().count() >= ROWS, run.out());
    assertBad("--label is for CSV tables", "predict", model, inputs, "--label", "kind");
    assertBad("--label is for", "evaluate", model, inputs, "--labels", labels, "--label", "kind");
  }

  private static void assertBad(String part, Object... args) {
    Run run = Run.of(args);
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(part), run.err());
  }

  @Test
  void mistakesAreToldOnOneLine() {
    assertBad("name their array with --labels", "train", inputs);
    assertBad("--labels is for .npy arrays", "train", "--labels", labels);
    assertBad("two axes or more", "train", labels, "--labels", labels);
    Path few = write("few.npy", "|u1", "(2,)", bytes(2));
    assertBad("holds 2 labels", "train", inputs, "--labels", few);
    assertBad("no such file", "train", inputs, "--labels", folder.resolve("none.npy"));
  }
}
