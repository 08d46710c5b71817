package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code --report}, {@code --monitor}, {@code --anomaly} and {@code --rollback} leave. */
class ReportTest {
  @TempDir private Path folder;

  private Browser.Shown show(Path page, boolean dark) throws IOException, InterruptedException {
    return new Browser(folder).show(page, dark);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void imagesAreShownWithCurvesConfusionMistakesAndLayers(boolean dark) throws Exception {
    Path page = folder.resolve("digits.html");
    Run.done("train", "--hidden", "16,12", "--epochs", 2, "--validation", 0.1, "--report", page);
    Browser.Shown shown = show(page, dark);
    shown.requireSound(dark);
    // Loss, accuracy, rate; gradient, update, mean, variance, saturated, dead.
    assertEquals("9", shown.probe("charts"));
    // Ten classes and a column of shares.
    assertEquals("110", shown.probe("cells"));
    assertTrue(Integer.parseInt(shown.probe("mistakes")) > 0);
    assertTrue(shown.dom().contains("fathom train --hidden 16,12 --epochs 2"), "the command");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void numbersAreShownOverTheTruth(boolean dark) throws Exception {
    Path table = Samples.prices(folder, "prices.csv", 200);
    Path page = folder.resolve("prices.html");
    Run.done(
        "train", table, "--hidden", 8, "--activation", "tanh", "--epochs", 3, "--report", page);
    Browser.Shown shown = show(page, dark);
    shown.requireSound(dark);
    // Loss, rate; predicted, error; gradient, update, mean, variance, saturated.
    assertEquals("9", shown.probe("charts"));
    assertEquals("0", shown.probe("mistakes"));
  }

  @Test
  void thePageHoldsAllItNeedsAndCannotBeBrokenByNames() throws IOException {
    Path table = folder.resolve("names.csv");
    List<String> lines = new ArrayList<>(List.of("x,kind"));
    for (int i = 0; i < 60; i++) {
      lines.add(i % 2 + "." + i + "," + (i % 2 == 0 ? "</script><b>" : "a & b"));
    }
    Samples.write(table, String.join("\n", lines) + "\n");
    Path page = folder.resolve("names.html");
    Run.done("train", table, "--hidden", 4, "--epochs", 1, "--report", page);
    String text = Files.readString(page);
    assertTrue(text.contains("\\u003c/script>\\u003cb>"), "a name that ends the script");
    assertTrue(text.contains("default-src 'none'"), "nothing may be fetched");
    assertFalse(text.matches("(?s).*\\b(src|href)=.*"), "something would be fetched");
    assertTrue(text.contains("Permission is hereby granted"), "uPlot's licence");
    assertTrue(text.length() < 300_000, text.length() + " characters");
  }

  @Test
  void aRunThatDivergesIsReportedToo() throws IOException {
    Path table = Samples.prices(folder, "prices.csv", 100);
    Path page = folder.resolve("diverged.html");
    Path steps = folder.resolve("steps.jsonl");
    Run run =
        Run.of(
            "train",
            table,
            "--hidden",
            8,
            "--optimizer",
            "sgd",
            "--lr",
            "1e20",
            "--epochs",
            20,
            "--report",
            page,
            "--monitor",
            steps,
            "--monitor-every",
            1);
    assertEquals(2, run.status(), run.err());
    assertTrue(Files.readString(page).contains("training diverged at step "));
    assertFalse(Samples.lines(steps).isEmpty());
  }

  @Test
  void rollbacksAreToldOf() {
    Path table = Samples.prices(folder, "prices.csv", 100);
    Run run =
        Run.of(
            "train",
            table,
            "--hidden",
            8,
            "--optimizer",
            "sgd",
            "--lr",
            "1e20",
            "--epochs",
            20,
            "--anomaly",
            "--rollback");
    assertEquals(2, run.status(), run.err());
    assertEquals(
        5,
        run.err().lines().filter(line -> line.startsWith("rollback to step ")).count(),
        run.err());
  }

  @Test
  void aTableOfLayersIsWritten() {
    Path table = Samples.trees(folder, "trees.csv", 90);
    Path layers = folder.resolve("layers.csv");
    Run.done(
        "train",
        table,
        "--hidden",
        8,
        "--epochs",
        2,
        "--batch",
        36,
        "--monitor",
        layers,
        "--monitor-every",
        2);
    // Two steps an epoch, of which the first; two layers; the line of names.
    assertEquals(1 + 2 * 2, Samples.lines(layers).size());
  }

  @Test
  void whatCannotBeWrittenIsRefusedBeforeTraining() {
    Path nowhere = folder.resolve("none").resolve("run.html");
    Run run = Run.of("train", "--report", nowhere);
    assertEquals(2, run.status());
    assertTrue(run.err().contains("--report " + nowhere + " cannot be written"), run.err());
    assertTrue(run.out().isEmpty(), run.out());
    Run folds = Run.of("train", "--folds", 3, "--report", folder.resolve("run.html"));
    assertTrue(folds.err().contains("leave out --folds"), folds.err());
    Run every = Run.of("train", "--monitor-every", 0);
    assertTrue(every.err().contains("--monitor-every must be at least 1, not 0"), every.err());
  }
}
