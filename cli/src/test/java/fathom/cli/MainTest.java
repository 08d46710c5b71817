package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** What every command has in common. */
class MainTest {
  @TempDir private Path folder;

  @Test
  void withoutACommandUsageIsPrinted() {
    Run run = Run.done();
    for (String command : List.of("train", "predict", "evaluate", "range", "fold", "info")) {
      assertTrue(run.out().contains("  " + command), run.out());
    }
    assertEquals("", run.err());
  }

  @Test
  void helpAndVersionAreEverywhere() {
    for (String command : List.of("train", "predict", "evaluate", "range", "fold", "info")) {
      Run help = Run.done(command, "--help");
      assertTrue(help.out().startsWith("Usage: fathom " + command), help.out());
      assertTrue(help.out().contains("--debug"), help.out());
      assertEquals(Run.done("--version").out(), Run.done(command, "--version").out());
    }
    assertTrue(Run.done("--help").out().contains("0 done, 2 bad input, 1 fault"));
    String version = Run.done("--version").out();
    assertTrue(version.matches("fathom [0-9]+\\.[0-9]+\\.[0-9]+(-SNAPSHOT)?\\R"), version);
  }

  @Test
  void infoTellsWhatWouldCompute() {
    Run run = Run.done("info");
    for (String word :
        List.of("BLAS", "vectors", "threads", "JDK", "memory", "OPENBLAS_CORETYPE")) {
      assertTrue(run.out().contains(word), run.out());
    }
    Path file = folder.resolve("info.json");
    Run.done("info", "--json", file);
    Map<String, Object> json = Run.json(file);
    assertEquals(json.keySet(), Run.done("info", "--json", "-").json().keySet());
    assertEquals((long) Runtime.getRuntime().availableProcessors(), json.get("threads"));
    assertTrue((long) json.get("memory_bytes") > 0);
  }

  @Test
  void aStackTraceIsPrintedOnlyWhenAskedFor() {
    Run plain = Run.of("train", "--epochs", 0);
    assertEquals(1, plain.err().lines().count(), plain.err());
    Run debug = Run.of("train", "--epochs", 0, "--debug");
    assertEquals(2, debug.status());
    assertTrue(debug.err().contains("\tat fathom.cli."), debug.err());
  }

  @Command(name = "broken")
  private static final class Broken implements Runnable {
    private final Throwable fault;

    Broken(Throwable fault) {
      this.fault = fault;
    }

    @Override
    public void run() {
      if (fault instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) fault;
    }
  }

  @Test
  void aFaultIsOneLineAndStatusOne() {
    for (Throwable fault :
        List.of(new IllegalStateException("two\nlines"), new AssertionError("unexpected"))) {
      java.io.StringWriter err = new java.io.StringWriter();
      CommandLine main = Main.commandLine().setErr(new java.io.PrintWriter(err, true));
      main.addSubcommand(new Broken(fault));
      main.setErr(new java.io.PrintWriter(err, true));
      Failures failures = new Failures(() -> false);
      main.setExecutionStrategy(failures);
      assertEquals(1, main.execute("broken"));
      assertEquals(1, err.toString().lines().count(), err.toString());
      assertTrue(err.toString().contains("--debug shows where"), err.toString());
    }
  }
}
