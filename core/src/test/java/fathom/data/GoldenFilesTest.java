package fathom.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.SharedFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Files that PyTorch's numbers came in, where they are at hand. */
class GoldenFilesTest {
  @Test
  void everyFileIsRead() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(SharedFolder.require("golden"))) {
      files = all.filter(f -> f.toString().endsWith(".safetensors")).sorted().toList();
    }
    assertEquals(41, files.size());
    for (Path file : files) {
      try (Safetensors read = Safetensors.read(file)) {
        assertEquals("pt", read.metadata().get("format"), file.toString());
        assertEquals(160, read.shape("input").get(0), file.toString());
        float[] losses = read.floats("losses");
        double[] exact = read.doubles("float64.losses");
        assertEquals(20, losses.length);
        for (int i = 0; i < 20; i++) {
          // Both runs start from the same numbers; the files' README bounds their drift by 1e-4.
          assertEquals(exact[i], losses[i], 1e-4 * Math.abs(exact[0]), file + ", step " + i);
        }
        if (read.dtype("target") == Safetensors.Dtype.I64) {
          for (long label : read.longs("target")) {
            assertTrue(label >= 0 && label < 10, file + ": label " + label);
          }
        }
      }
    }
  }
}
