package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No number that is not finite is handed out as if nothing were the matter. */
class UnsoundTest {
  private static final String HUGE = "3e38";

  @TempDir private Path folder;

  private static String refused(Object... words) {
    Run run = Run.of(words);
    assertEquals(2, run.status(), Arrays.toString(words) + run.out() + run.err());
    List<String> said = run.err().lines().filter(line -> !line.startsWith("epoch ")).toList();
    assertEquals(1, said.size(), run.err());
    assertFalse(run.out().contains("NaN"), run.out());
    return said.get(0);
  }

  /** Returns a table of two clouds, with some rows at its end. */
  private Path clouds(String name, int rows, String... more) {
    Random random = new Random(2);
    List<String> lines = new ArrayList<>(List.of("x0,x1,y"));
    for (int i = 0; i < rows; i++) {
      double x = 2 * (i % 2) - 1 + 0.3 * random.nextGaussian();
      lines.add(String.format(Locale.ROOT, "%.4f,%.4f,c%d", x, random.nextGaussian(), i % 2));
    }
    lines.addAll(List.of(more));
    return Samples.write(folder.resolve(name), String.join("\n", lines) + "\n");
  }

  /** The only step overflows, so that no next one can tell. */
  @ParameterizedTest
  @ValueSource(strings = {"1e38", "3e38"})
  void aTrainingThatOverflowsInItsLastStepIsToldAndNotSaved(String rate) {
    Path table = clouds("clouds.csv", 100);
    Path model = folder.resolve("model");
    Path checkpoint = folder.resolve("checkpoint");
    Path page = folder.resolve("page.html");
    List<Object> words =
        new ArrayList<>(List.of("train", table, "--hidden", 8, "--epochs", 1, "--batch", 1000));
    words.addAll(List.of("--optimizer", "sgd", "--lr", rate));
    for (List<Object> more :
        List.<List<Object>>of(
            List.of(),
            List.of("--test", 0),
            List.of("--validation", 0.2),
            List.of("--folds", 2),
            List.of("--save", model, "--checkpoint", checkpoint, "--report", page))) {
      List<Object> all = new ArrayList<>(words);
      all.addAll(more);
      String said = refused(all.toArray());
      assertTrue(said.contains("training diverged at step 1 with learning rate "), said);
    }
    assertEquals(List.of("clouds.csv", "page.html"), Samples.list(folder));
  }

  @Test
  void theBestNetworkBeforeIsKept() {
    Path table = Samples.prices(folder, "prices.csv", 200);
    Path model = folder.resolve("model");
    List<Object> words = new ArrayList<>(List.of("train", table, "--depth", 0));
    // The rate rises for long before it is too high.
    words.addAll(List.of("--optimizer", "momentum", "--lr", 5, "--warmup", 200));
    words.addAll(List.of("--epochs", 60, "--validation", 0.2, "--early-stopping", 50));
    String lost = refused(words.toArray());
    assertTrue(lost.contains("training diverged at step "), lost);
    assertTrue(lost.endsWith("the best until then, is lost: give --save to keep it"), lost);
    words.addAll(List.of("--save", model));
    String kept = refused(words.toArray());
    assertTrue(kept.endsWith("the best until then, is kept in " + model), kept);
    Run run = Run.done("evaluate", model, table);
    assertFalse(run.out().contains("NaN"), run.out());
  }

  @Test
  void aRowThatIsTooLargeIsNamedAndNothingIsHalfWritten() {
    Path table = clouds("clouds.csv", 100);
    Path model = folder.resolve("model");
    Run.done("train", table, "--hidden", 8, "--epochs", 3, "--save", model, "--quiet");
    Path bad = clouds("bad.csv", 700, HUGE + ",-" + HUGE + ",c0");
    Path out = Samples.write(folder.resolve("out.csv"), "old\n");
    for (List<Object> to : List.<List<Object>>of(List.of(), List.of("--out", out))) {
      List<Object> words = new ArrayList<>(List.of("predict", model, bad));
      words.addAll(to);
      Run run = Run.of(words.toArray());
      assertEquals(2, run.status(), run.err());
      assertEquals("", run.out());
      assertEquals(1, run.err().lines().count(), run.err());
      String named = bad + ": the answer of " + model + " for row 701 is ";
      assertTrue(run.err().contains(named), run.err());
    }
    assertEquals(List.of("old"), Samples.lines(out));
    String said = refused("evaluate", model, bad);
    assertTrue(said.contains(bad.toString()) && said.contains("row 700"), said);
    assertEquals(List.of("bad.csv", "clouds.csv", "model", "out.csv"), Samples.list(folder));
  }

  @Test
  void valuesThatOverflowInTheirUnitAreNoValues() {
    List<String> lines = new ArrayList<>(List.of("x,y"));
    for (int i = 0; i < 60; i++) {
      lines.add(i + "," + (i % 2 == 0 ? "3e38" : "1e38"));
    }
    Path table = Samples.write(folder.resolve("t.csv"), String.join("\n", lines) + "\n");
    Path model = folder.resolve("model");
    Run.done("train", table, "--depth", 0, "--epochs", 20, "--lr", 0.1, "--save", model, "--quiet");
    Path far = Samples.write(folder.resolve("far.csv"), "x\n1e6\n-1e6\n");
    String said = refused("predict", model, far);
    assertTrue(said.contains("for row ") && said.contains("Infinity"), said);
  }

  @Test
  void aTestRowThatIsTooLargeIsToldAndTheModelIsKept() {
    Path good = clouds("good.csv", 99);
    Path bad = clouds("bad.csv", 30, HUGE + ",-" + HUGE + ",c0");
    boolean seen = false;
    for (int seed = 0; seed < 20 && !seen; seed++) {
      // The model's seed says which rows are held out.
      Path first = folder.resolve("first" + seed);
      Path second = folder.resolve("second" + seed);
      Run.done(
          "train", good, "--hidden", 8, "--epochs", 1, "--seed", seed, "--save", first, "--quiet");
      String said =
          refused(
              "train", bad, "--load", first, "--epochs", 1, "--lr", 0, "--save", second, "--quiet");
      seen = said.contains("training is done, and the loss of the test rows is ");
      assertEquals(seen, Files.exists(second), said);
    }
    assertTrue(seen, "one of 20 seeds should hold the row out");
  }

  @Test
  void aValidationLossThatIsNoNumberDecidesNothing() {
    Path model = folder.resolve("first");
    Path good = clouds("good.csv", 99);
    Run.done("train", good, "--hidden", 8, "--epochs", 3, "--save", model, "--quiet");
    Path bad = clouds("bad.csv", 30, HUGE + ",-" + HUGE + ",c0");
    boolean stopped = false;
    for (int seed = 0; seed < 40 && !stopped; seed++) {
      // The split goes by the model's seed; which of the rest are for validation, by this one.
      List<Object> words = new ArrayList<>(List.of("train", bad, "--load", model, "--lr", 0));
      words.addAll(List.of("--epochs", 5, "--seed", seed, "--validation", 0.4));
      words.addAll(List.of("--early-stopping", 2, "--test", 0));
      String said = refused(words.toArray());
      stopped = said.contains("--early-stopping cannot go by it");
      assertTrue(stopped || said.contains("training diverged"), said);
    }
    assertTrue(stopped, "one of 40 seeds should hold the row out");
  }

  @Test
  void aTrainingThatStopsEarlyLeavesACheckpoint() {
    Path table = clouds("clouds.csv", 100);
    Path checkpoint = folder.resolve("checkpoint");
    Path model = folder.resolve("model");
    Path again = folder.resolve("again");
    List<Object> words = new ArrayList<>(List.of("train", table, "--hidden", 16, "--lr", 0.5));
    words.addAll(List.of("--optimizer", "momentum", "--epochs", 40, "--validation", 0.2));
    words.addAll(List.of("--early-stopping", 2, "--seed", 3));
    List<Object> first = new ArrayList<>(words);
    first.addAll(List.of("--checkpoint", checkpoint, "--save", model, "--json", "-"));
    Run run = Run.done(first.toArray());
    assertFalse(run.err().contains("epoch 40/40"), "it should stop early");
    words.addAll(List.of("--resume", checkpoint, "--save", again, "--json", "-"));
    Run rest = Run.done(words.toArray());
    assertFalse(rest.err().contains("epoch " + "1/40"), rest.err());
    assertTrue(Arrays.equals(Samples.read(model), Samples.read(again)));
    for (String key : List.of("steps", "train_loss", "validation_loss", "test_loss")) {
      assertEquals(run.json().get(key), rest.json().get(key), key);
    }
  }
}
