package fathom.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.matrix.Matrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills a process that saves one model after the other: a whole model is found every time. */
class KilledWriterTest {
  private static final int ROUNDS = 20;
  private static final long SEED = 8;
  private static final int ROWS = 4096;
  private static final int COLS = 8;

  @TempDir Path folder;

  @Test
  void aKilledWriterLeavesTheOldOrTheNewFile() throws IOException, InterruptedException {
    Path file = folder.resolve("model.safetensors");
    SplittableRandom random = new SplittableRandom(SEED);
    Set<String> versions = new HashSet<>();
    for (int round = 0; round < ROUNDS; round++) {
      Process writer =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-XX:+UseSerialGC",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Writer.class.getName(),
                  file.toString(),
                  Integer.toString(round * 1000))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try {
        // The first byte says that the first model is saved.
        assertEquals('.', writer.getInputStream().read(), "the writer did not start");
        Thread.sleep(random.nextInt(20), random.nextInt(1_000_000));
      } finally {
        writer.destroyForcibly().waitFor();
      }
      try (Safetensors read = Safetensors.read(file)) {
        String version = read.metadata().get("version");
        versions.add(version);
        for (float value : read.floats("w")) {
          assertEquals(Float.parseFloat(version), value, "round " + round + ", seed " + SEED);
        }
      }
    }
    assertEquals(ROUNDS, versions.size(), "each round starts anew: " + versions);
  }

  /** Saves models whose numbers all are their version. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] args) {
      try (Arena arena = Arena.ofConfined()) {
        // Rows apart are written one by one, so that most kills fall between two of them.
        Matrix w = new Matrix(arena.allocate(4L * ROWS * (COLS + 1)), 0, ROWS, COLS, COLS + 1);
        Map<String, Safetensors.Tensor> tensors = Map.of("w", Safetensors.Tensor.of(w));
        for (int version = Integer.parseInt(args[1]); ; version++) {
          for (int i = 0; i < ROWS * COLS; i++) {
            w.set(i / COLS, i % COLS, version);
          }
          Map<String, String> metadata = Map.of("version", Integer.toString(version));
          Safetensors.write(Path.of(args[0]), metadata, tensors);
          System.out.write('.');
          System.out.flush();
        }
      }
    }
  }
}
