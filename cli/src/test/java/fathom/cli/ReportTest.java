package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code --report}, {@code --monitor}, {@code --anomaly} and {@code --rollback} leave. */
class ReportTest {
  private static final Path BROWSER = Path.of("/usr/bin/chromium");

  /** Tells what the page has come to once its own scripts have run. */
  private static final String PROBE =
      """
      <script>
      addEventListener("load", () => {
        const result = document.createElement("output");
        const bars = [...document.querySelectorAll("canvas")];
        const drawn = bars.filter(c => {
          const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
          return d.some(v => v !== 0);
        });
        result.id = "probe";
        result.textContent = [
          "charts=" + document.querySelectorAll(".uplot canvas").length,
          "drawn=" + (drawn.length === bars.length),
          "cells=" + document.querySelectorAll("table.confusion td").length,
          "mistakes=" + document.querySelectorAll(".mistakes canvas").length,
          "fetched=" + performance.getEntriesByType("resource").length,
          "ground=" + getComputedStyle(document.body).backgroundColor,
        ].join(";");
        document.body.appendChild(result);
      });
      </script>
      </body>
      """;

  @TempDir private Path folder;

  /** The page as a browser has it in the end, and what the browser said of it. */
  private record Shown(String dom, String log) {
    String probe(String key) {
      Matcher found = Pattern.compile("[>;]" + key + "=([^;<]*)").matcher(dom);
      assertTrue(found.find(), "the page has no " + key + ": " + log);
      return found.group(1);
    }
  }

  private Shown show(Path page, boolean dark) throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(BROWSER), "skipped: there is no browser at " + BROWSER);
    Path probed = folder.resolve("probed.html");
    Files.writeString(probed, Files.readString(page).replace("</body>\n", PROBE));
    Path dom = folder.resolve("dom");
    Path log = folder.resolve("log");
    Process browser =
        new ProcessBuilder(
                BROWSER.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--user-data-dir=" + folder.resolve("profile"),
                "--blink-settings=preferredColorScheme=" + (dark ? 0 : 1),
                "--window-size=1200,2000",
                "--enable-logging=stderr",
                "--dump-dom",
                probed.toUri().toString())
            .redirectOutput(dom.toFile())
            .redirectError(log.toFile())
            .start();
    if (!browser.waitFor(2, TimeUnit.MINUTES)) {
      browser.destroyForcibly();
      throw new AssertionError("the browser hangs: " + Files.readString(log));
    }
    return new Shown(
        Files.readString(dom), new String(Files.readAllBytes(log), StandardCharsets.ISO_8859_1));
  }

  private static void sound(Shown shown, boolean dark) {
    assertFalse(shown.log().contains("CONSOLE"), shown.log());
    assertEquals("true", shown.probe("drawn"), "a canvas is empty");
    assertEquals("0", shown.probe("fetched"));
    assertEquals(dark ? "rgb(16, 21, 29)" : "rgb(246, 247, 249)", shown.probe("ground"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void imagesAreShownWithCurvesConfusionMistakesAndLayers(boolean dark) throws Exception {
    Path page = folder.resolve("digits.html");
    Run.done("train", "--hidden", "16,12", "--epochs", 2, "--validation", 0.1, "--report", page);
    Shown shown = show(page, dark);
    sound(shown, dark);
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
    Shown shown = show(page, dark);
    sound(shown, dark);
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
