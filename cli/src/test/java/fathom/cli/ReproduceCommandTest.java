package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code fathom reproduce} prints and leaves behind. */
class ReproduceCommandTest {
  @TempDir private Path folder;

  private static String read(Path file) {
    return new String(Samples.read(file), StandardCharsets.UTF_8);
  }

  @Test
  void theListNamesSourcesAndNeeds() {
    String list = Run.done("reproduce", "--list").out();
    for (String name : List.of("logistic", "saturation", "xavier", "he", "depths")) {
      assertTrue(list.lines().anyMatch(line -> line.startsWith(name + " ")), list);
    }
    assertTrue(list.contains("Ioffe and Szegedy (2015), section 4.1, Figure 1; needs --mnist"));
  }

  @Test
  void theTableSetsThePublishedBesideOurs() {
    Run run = Run.done("reproduce", "logistic");
    List<String> lines = run.out().lines().toList();
    assertTrue(lines.get(0).startsWith("logistic: The logistic function"), run.out());
    assertTrue(lines.get(1).contains("Figure 11-1; fast form, "), run.out());
    assertTrue(lines.get(2).matches(" +published +ours +wanted"), run.out());
    assertTrue(
        lines.stream()
            .anyMatch(line -> line.matches("  f\\(0\\) +0.5 +0.5 +± 2.38e-07 +as published")),
        run.out());
    assertTrue(run.out().contains("8 of 8 figures came out as published"), run.out());
    assertFalse(run.out().contains("NOT"), run.out());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void thePageHoldsTablesAndFigures(boolean dark) throws Exception {
    Path page = folder.resolve("page.html");
    Run.done("reproduce", "logistic", "selu", "--report", page);
    String text = read(page);
    assertTrue(text.contains("default-src 'none'"), "nothing may be fetched");
    assertTrue(text.length() < 300_000, text.length() + " characters");
    Browser.Shown shown = new Browser(folder).show(page, dark);
    shown.requireSound(dark);
    // The curve; variances, means.
    assertEquals("3", shown.probe("charts"));
    assertTrue(shown.dom().contains("fathom reproduce logistic selu --report "), "the command");
    assertTrue(shown.dom().contains("14 of 14 figures came out as published (fast form)."));
  }

  @Test
  void jsonAloneIsOnStandardOutput() {
    Run run = Run.done("reproduce", "logistic", "--json", "-");
    assertTrue(run.out().startsWith("{\"form\":\"fast\","), run.out());
    assertEquals(1, run.out().lines().count());
    assertTrue(run.out().contains("{\"what\":\"f(0)\",\"published\":\"0.5\",\"ours\":\"0.5\","));
    assertTrue(run.err().contains("as published"), run.err());
  }

  @Test
  void badInputIsOneLine() {
    for (List<String> bad :
        List.of(
            List.of("there is no reproduction 'he2'; there are logistic, ", "he2"),
            List.of("batch-norm needs MNIST; name the folder of its files", "he", "batch-norm"),
            List.of("batch-norm, dropout need MNIST", "batch-norm", "dropout"),
            List.of("--report", "logistic", "--report", folder.toString()))) {
      Object[] args = bad.toArray();
      args[0] = "reproduce";
      Run run = Run.of(args);
      assertEquals(2, run.status(), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
      assertTrue(run.err().contains(bad.get(0)), run.err());
      assertEquals("", run.out());
    }
  }
}
