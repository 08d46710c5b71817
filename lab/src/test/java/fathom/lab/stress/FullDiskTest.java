package fathom.lab.stress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.DataException;
import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Activation;
import fathom.nn.HiddenLayers;
import fathom.optim.Method;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A file of findings that cannot grow, in a process whose files may not pass a size. */
@DisabledOnOs(OS.WINDOWS)
class FullDiskTest {
  private static final String SETUP = "setup";

  @TempDir static Path folder;
  private static Path one;

  @BeforeAll
  static void findSomething() {
    one = folder.resolve("one.jsonl");
    GridCell cell =
        new GridCell(
            2,
            8,
            Activation.TANH,
            "xavier",
            1,
            0,
            HiddenLayers.Norm.NONE,
            GridCell.Skip.NONE,
            Method.SGD,
            0.1f,
            0);
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 1);
        Dataset data = Digits.load();
        FindingFile file = FindingFile.create(one, SETUP)) {
      file.append(new Trial(data.rows(), 2, 16).run(cell, engine, () -> false));
    }
  }

  /**
   * Returns what a process says that writes to a file.
   *
   * @param blocks what a file may have, of 512 bytes or 1,024, as shells differ
   */
  private static List<String> write(int blocks, Path file) throws IOException {
    Process writer =
        new ProcessBuilder(
                "sh",
                "-c",
                "ulimit -f " + blocks + " && exec \"$@\"",
                "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                Writer.class.getName(),
                one.toString(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String said = new String(writer.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return said.lines().toList();
  }

  /** A channel left open would lock the file, and the second attempt find it locked. */
  @Test
  void whatCannotBeBegunIsLetGoOf() throws IOException {
    Path file = Files.createFile(folder.resolve("empty.csv"));
    List<String> said = write(0, file);
    assertEquals(2, said.size(), said.toString());
    assertTrue(said.get(0).startsWith(file + ": cannot be read or written: "), said.toString());
    assertEquals(said.get(0), said.get(1));
    assertEquals(0, Files.size(file));
  }

  @Test
  void aLineThatDoesNotFitLeavesThoseBeforeIt() throws IOException {
    Path file = folder.resolve("some.jsonl");
    // Room for several, and in either unit not for a whole number of them.
    int blocks = (int) (7 * Files.size(one) / 1024) + 1;
    List<String> said = write(blocks, file);
    assertEquals(1, said.size(), said.toString());
    String[] words = said.get(0).split(" ", 2);
    int lines = Integer.parseInt(words[0]);
    assertTrue(words[1].startsWith(file + ": cannot be written: "), said.toString());
    assertTrue(lines > 1, said.toString());
    assertEquals(lines * Files.size(one), Files.size(file));
    try (FindingFile more = FindingFile.resume(file, SETUP)) {
      assertEquals(lines, more.found().size());
      more.append(more.found().get(0));
    }
    assertEquals(lines + 1, FindingFile.read(file).size());
  }

  /** Goes on with a file twice if it is there, else writes lines until one does not fit. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] args) {
      Finding finding = FindingFile.read(Path.of(args[0])).get(0);
      Path path = Path.of(args[1]);
      if (Files.exists(path)) {
        goOn(path);
        goOn(path);
        return;
      }
      int lines = 0;
      try (FindingFile file = FindingFile.create(path, SETUP)) {
        while (true) {
          file.append(finding);
          lines++;
        }
      } catch (UncheckedIOException e) {
        System.out.println(lines + " " + e.getMessage());
      }
    }

    private static void goOn(Path path) {
      try (FindingFile file = FindingFile.resume(path, SETUP)) {
        System.out.println("begun with " + file.found());
      } catch (UncheckedIOException | DataException e) {
        System.out.println(e.getMessage());
      }
    }
  }
}
