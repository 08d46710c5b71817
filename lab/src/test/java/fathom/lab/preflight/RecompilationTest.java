package fathom.lab.preflight;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever a JVM did before, trainings come to steps that are compiled, allocate nothing and stay
 * so. A JVM of its own, since what other tests did would decide what the compiler believes; it
 * waits for its compilers, so that steps are counted rather than time.
 */
class RecompilationTest {
  /**
   * How often code may be given up at one place and for one reason. The JVM compiles anew after
   * PerBytecodeTrapLimit = 4 times, without what it had supposed there. A method may be compiled
   * from its start and from a loop, and both codes may be in use: twice that. In a loop of
   * recompilation each new code comes to the same end, at a place whose count goes up to 100.
   */
  private static final int MOST = 2 * 4;

  @Test
  void trainingsComeToRestInAJvmThatDidOtherThings(@TempDir Path folder)
      throws IOException, InterruptedException {
    Path out = folder.resolve("out");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xbatch",
                "-XX:+UseSerialGC",
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                MixedProgram.class.getName(),
                folder.resolve("recording.jfr").toString())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    int status;
    try {
      status = process.waitFor();
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(out, UTF_8);
    assertEquals(0, status, said);
    List<String> lines = said.lines().toList();
    assertTrue(lines.contains("done"), said);
    assertTrue(lines.stream().noneMatch(line -> line.startsWith("restless ")), said);
    assertEquals(19, lines.stream().filter(line -> line.startsWith("calm ")).count(), said);
    assertTrue(lines.stream().noneMatch(line -> line.startsWith("late ")), said);
    for (String line : lines) {
      if (line.startsWith("given up ")) {
        int times = Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
        assertTrue(times <= MOST, line + "\n" + said);
      }
    }
  }
}
