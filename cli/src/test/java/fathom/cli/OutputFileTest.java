package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file is there as a whole or not at all. */
class OutputFileTest {
  @TempDir private Path folder;

  @Test
  void tryingWhetherAFileCanBeWrittenTouchesNothing() {
    Path old = Samples.write(folder.resolve("old"), "old");
    assertEquals(old.toString(), new OutputFile("--out", old).path().toString());
    assertEquals("new", new OutputFile("--out", folder.resolve("new")).path().getFileName() + "");
    assertEquals(List.of("old"), Samples.list(folder));
    assertEquals(List.of("old"), Samples.lines(old));
  }

  @Test
  void whatFailsHalfwayLeavesTheOldFile() {
    Path file = Samples.write(folder.resolve("file"), "old");
    OutputFile output = new OutputFile("--out", file);
    assertThrows(
        IllegalStateException.class,
        () ->
            output.write(
                out -> {
                  out.print("half");
                  throw new IllegalStateException("stop");
                }));
    assertEquals(List.of("file"), Samples.list(folder));
    assertEquals(List.of("old"), Samples.lines(file));
    output.write(out -> out.print("new"));
    assertEquals(List.of("new"), Samples.lines(file));
    assertEquals(List.of("file"), Samples.list(folder));
  }

  @Test
  void aSymbolicLinkStaysOne() throws IOException {
    Path file = Samples.write(folder.resolve("file"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    new OutputFile("--out", link).write(out -> out.print("new"));
    assertTrue(Files.isSymbolicLink(link));
    assertEquals(List.of("new"), Samples.lines(file));
  }

  @Test
  void aDeviceIsWrittenNotReplaced() {
    Path device = Path.of("/dev/null");
    org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(device));
    new OutputFile("--out", device).write(out -> out.print("gone"));
    assertTrue(!Files.isRegularFile(device));
  }
}
