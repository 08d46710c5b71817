package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code fathom range} prints and leaves behind. */
class RangeCommandTest {
  @TempDir private Path folder;

  private static String read(Path file) {
    return new String(Samples.read(file), StandardCharsets.UTF_8);
  }

  @Test
  void theCurveIsPrintedWrittenAndDrawn() {
    Path csv = folder.resolve("curve.csv");
    Path svg = folder.resolve("curve.svg");
    Path figures = folder.resolve("figures.json");
    Run run =
        Run.done(
            "range",
            "--optimizer",
            "sgd",
            "--hidden",
            32,
            "--from",
            "1e-4",
            "--to",
            "1e4",
            "--csv",
            csv,
            "--svg",
            svg,
            "--json",
            figures);
    Map<String, Object> json = Run.json(figures);
    int steps = (int) (long) json.get("steps");
    assertTrue(steps > 100 && steps < 200, json.toString());
    List<String> lines = read(csv).lines().toList();
    assertEquals("rate,loss,smoothed", lines.get(0));
    assertEquals(steps + 1, lines.size());
    double rate = (double) json.get("steepest_rate");
    assertTrue(rate > 1e-3 && rate < 10, json.toString());
    assertTrue(lines.stream().anyMatch(line -> line.startsWith(rate + ",")), "rate " + rate);
    // 25 lines of three numbers, then what they say.
    assertEquals(
        25, run.out().lines().filter(line -> line.matches("( +[0-9.e+-]+){3}")).count(), run.out());
    assertTrue(run.out().contains("falls most steeply at a rate of "), run.out());
    assertTrue(run.out().contains(" and blows up past "), run.out());
    Matcher curves = Pattern.compile("<polyline [^>]*points=\"([^\"]*)\"/>").matcher(read(svg));
    assertEquals(
        List.of(steps, steps),
        curves.results().map(curve -> curve.group(1).split(" ").length).toList());
    assertTrue(read(svg).contains(">1e-2</text>"), read(svg));
    assertTrue(read(svg).contains(">steepest at "), read(svg));
    assertEquals(List.of("curve.csv", "curve.svg", "figures.json"), Samples.list(folder));
  }

  @Test
  void aRateThatLearnsNothingIsSaidAndNothingIsLeftBehind() {
    Path table = Samples.prices(folder, "prices.csv", 60);
    Run run =
        Run.done(
            "range",
            table,
            "--optimizer",
            "sgd",
            "--depth",
            0,
            "--batch",
            60,
            "--from",
            1e3,
            "--to",
            1e4,
            "--steps",
            5);
    assertTrue(run.out().contains("falls nowhere and blows up past 1.00e+03"), run.out());
    assertEquals(List.of("prices.csv"), Samples.list(folder));
  }

  @Test
  void gradientsAreClippedAsInTraining() {
    Object[] plain = "range --optimizer sgd --hidden 32 --from 1e-4 --to 1e4 --json -".split(" ");
    Object[] clipped = Arrays.copyOf(plain, plain.length + 2, Object[].class);
    clipped[plain.length] = "--clip-norm";
    clipped[plain.length + 1] = "1e-30";
    assertTrue((long) Run.done(plain).json().get("steps") < 200);
    // Steps of at most 1e-26 change no sum, so that nothing blows up.
    assertEquals(200L, Run.done(clipped).json().get("steps"));
  }

  @Test
  void helpLeavesOutWhatIsForTrain() {
    String help = Run.done("range", "--help").out();
    assertTrue(help.contains("--optimizer") && help.contains("--from"), help);
    for (String option : List.of("--lr", "--epochs", "--schedule", "--patience")) {
      assertFalse(help.contains(option), option + " is in " + help);
      assertTrue(Run.done("train", "--help").out().contains(option), option);
    }
  }

  @Test
  void badInputIsOneLine() {
    Path file = folder.resolve("one");
    for (List<Object> bad :
        List.<List<Object>>of(
            List.of("--lr is of no use here", "--lr", 0.1),
            List.of("--schedule is of no use here", "--schedule", "constant"),
            List.of("--from must be above 0 and below --to, not 0.0", "--from", 0),
            List.of("not 1.0 and 0.5", "--from", 1, "--to", 0.5),
            List.of("--steps must be at least 2, not 1", "--steps", 1),
            List.of("--batch must be", "--batch", 0),
            List.of("both name", "--csv", file, "--svg", file),
            List.of("--svg", "--svg", folder),
            List.of("no such file", folder.resolve("none.csv")))) {
      Object[] args = bad.toArray();
      args[0] = "range";
      Run run = Run.of(args);
      assertEquals(2, run.status(), Arrays.toString(args) + run.err());
      assertEquals(1, run.err().lines().count(), run.err());
      assertTrue(run.err().contains(bad.get(0).toString()), run.err());
      assertEquals("", run.out());
    }
  }
}
