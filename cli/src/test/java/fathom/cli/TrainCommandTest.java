package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code fathom train} prints and leaves behind. */
class TrainCommandTest {
  private static final List<String> KEYS =
      List.of(
          "parameters",
          "epochs",
          "steps",
          "seconds",
          "seconds_waited",
          "samples_per_second",
          "train_loss",
          "validation_loss",
          "memory_needed_bytes",
          "memory_peak_bytes",
          "test_loss",
          "test_accuracy",
          "seed",
          "threads",
          "blas",
          "blas_core",
          "vector_bits",
          "jdk");

  @TempDir private Path folder;

  @Test
  void defaultsReachTheAccuracyThatTheReadmePromises() {
    Map<String, Object> json = Run.done("train", "--quiet", "--threads", 1, "--json", "-").json();
    double accuracy = (double) json.get("test_accuracy");
    assertTrue(accuracy >= 0.97, "test accuracy of seed 0: " + accuracy);
  }

  @Test
  void digitsAreReportedFromMachineToConfusion() {
    List<String> here = Samples.list(Path.of(""));
    Run run = Run.done("train", "--epochs", 2, "--hidden", "16,8", "--activation", "tanh");
    for (String part :
        List.of(
            "-bit vectors, ",
            "UCI handwritten digits",
            "1,438 to train on, 359 for the test",
            "64 -> 16 tanh -> 8 tanh -> 10; 1,266 parameters",
            "cross_entropy, adam with rate 0.001 (cosine), batches of 32, 2 epochs, seed 0",
            "of 359 rows, loss ",
            "confusion: ")) {
      assertTrue(run.out().contains(part), part + " is missing from " + run.out());
    }
    List<String> progress = run.err().lines().toList();
    assertEquals(2, progress.size(), run.err());
    assertTrue(
        progress.get(1).matches("epoch 2/2  loss [0-9.]+  accuracy +[0-9.]+ %  [0-9,]+ samples/s"),
        progress.get(1));
    assertEquals(here, Samples.list(Path.of("")), "a file was left behind");
  }

  @Test
  void jsonOnStandardOutputIsAllThatIsThere() {
    Path table = Samples.trees(folder, "trees.csv", 90);
    Run run = Run.done("train", table, "--hidden", 8, "--epochs", 3, "--batch", 10, "--json", "-");
    assertEquals(1, run.out().lines().count(), run.out());
    Map<String, Object> json = run.json();
    assertEquals(KEYS, new ArrayList<>(json.keySet()));
    // 4 x 8 + 8 numbers in the hidden layer, 8 x 3 + 3 in the last; 72 rows in batches of 10.
    assertEquals(67L, json.get("parameters"));
    assertEquals(3L, json.get("epochs"));
    assertEquals(24L, json.get("steps"));
    assertNull(json.get("validation_loss"));
    assertEquals(0L, json.get("seed"));
    assertEquals(Runtime.version().toString(), json.get("jdk"));
    assertTrue(run.err().contains("confusion"), run.err());
    assertEquals(List.of("trees.csv"), Samples.list(folder));
  }

  @Test
  void jsonFileHoldsTheSameKeysForARegression() {
    Path table = Samples.prices(folder, "prices.csv", 200);
    Path figures = folder.resolve("figures.json");
    Run run =
        Run.done(
            "train",
            table,
            "--hidden",
            "16",
            "--epochs",
            30,
            "--lr",
            "0.01",
            "--validation",
            "0.2",
            "--json",
            figures);
    List<String> keys = new ArrayList<>(KEYS);
    keys.remove("test_accuracy");
    keys.addAll(keys.indexOf("test_loss") + 1, List.of("test_rmse", "test_r2"));
    Map<String, Object> json = Run.json(figures);
    assertEquals(keys, new ArrayList<>(json.keySet()));
    assertTrue((double) json.get("validation_loss") > 0);
    // Prices differ by about 900 around 5000: an error in standardized units would be below 1.
    double rmse = (double) json.get("test_rmse");
    assertTrue(rmse > 1 && rmse < 450, "RMSE of seed 0: " + rmse);
    assertTrue((double) json.get("test_r2") > 0.75, "R2 of seed 0: " + json.get("test_r2"));
    assertTrue(run.out().contains("R2 "), run.out());
    assertFalse(run.out().contains("confusion"), run.out());
    assertEquals(List.of("figures.json", "prices.csv"), Samples.list(folder));
  }

  @Test
  void aGuessedTaskIsSaidAndAnAskedOneIsTaken() {
    Path table = Samples.prices(folder, "prices.csv", 30);
    Run guessed = Run.done("train", table, "--hidden", 4, "--epochs", 1);
    assertTrue(guessed.out().contains("regression of column 'price', the last"), guessed.out());
    Run asked =
        Run.done(
            "train", table, "--hidden", 4, "--epochs", 1, "--label", "age", "--task", "Regression");
    assertTrue(asked.out().contains("'age', as asked"), asked.out());
  }

  @Test
  void quietLeavesTheFiguresOfTheTest() {
    Path table = Samples.trees(folder, "trees.csv", 90);
    Run run = Run.done("train", table, "--hidden", 8, "--epochs", 2, "--quiet");
    assertEquals("", run.err());
    assertEquals(1, run.out().lines().count(), run.out());
    assertTrue(run.out().startsWith("test "), run.out());
  }

  @Test
  void validationIsShownForEachEpoch() {
    Path table = Samples.trees(folder, "trees.csv", 90);
    Run run =
        Run.done(
            "train", table, "--hidden", 8, "--epochs", 2, "--validation", 0.25, "--no-shuffle");
    assertTrue(run.out().contains("54 to train on, 18 for validation, 18 for the test"), run.out());
    run.err().lines().forEach(line -> assertTrue(line.contains("validation loss"), line));
  }

  @Test
  void everyOptimizerLearns() {
    Path table = Samples.trees(folder, "trees.csv", 150);
    for (List<Object> options :
        List.<List<Object>>of(
            List.of("sgd"),
            List.of("sgd", "--momentum", 0.5),
            List.of("momentum"),
            List.of("nesterov", "--momentum", 0.8, "--weight-decay", 1e-4),
            List.of("adam", "--lr", 0.01, "--weight-decay", 1e-4),
            List.of("AdamW", "--lr", 0.01))) {
      List<Object> args = new ArrayList<>();
      args.addAll(List.of("train", table, "--hidden", "16,8", "--epochs", 20, "--json", "-"));
      args.add("--optimizer");
      args.addAll(options);
      Map<String, Object> json = Run.done(args.toArray()).json();
      assertTrue((double) json.get("test_accuracy") >= 0.9, options + ": " + json);
    }
  }

  @Test
  void theSameSeedGivesTheSameFiguresOnAnyNumberOfThreads() {
    List<Object> losses = new ArrayList<>();
    for (int threads : List.of(1, 2, 3)) {
      Map<String, Object> json =
          Run.done(
                  "train",
                  "--epochs",
                  1,
                  "--seed",
                  7,
                  "--threads",
                  threads,
                  "--json",
                  "-",
                  "--quiet")
              .json();
      assertEquals((long) threads, json.get("threads"));
      losses.add(List.of(json.get("train_loss"), json.get("test_loss")));
    }
    assertEquals(1, Set.copyOf(losses).size(), "losses of seed 7: " + losses);
  }

  @Test
  void depthAndWidthStandForLayersAlikeAndDepthZeroForALinearModel() {
    Path table = Samples.trees(folder, "trees.csv", 60);
    Run deep = Run.done("train", table, "--depth", 30, "--width", 6, "--epochs", 1);
    assertTrue(deep.out().contains("4 -> 30 x 6 relu -> 3; "), deep.out());
    Run linear = Run.done("train", table, "--depth", 0, "--epochs", 1);
    assertTrue(linear.out().contains("4 -> 3; 15 parameters"), linear.out());
  }

  @Test
  void withoutATestEverythingIsTrainedOn() {
    Path table = Samples.trees(folder, "trees.csv", 60);
    Run run = Run.done("train", table, "--test", 0, "--hidden", 4, "--epochs", 1, "--json", "-");
    assertTrue(run.err().contains("60 to train on\n"), run.err());
    assertNull(run.json().get("test_loss"));
    assertNull(run.json().get("test_accuracy"));
  }

  @Test
  void manyClassesEndInAListOfTheWorst() {
    Path images = Samples.images(folder.resolve("idx"), 300, 120, 24);
    Run run = Run.done("train", images, "--hidden", 8, "--epochs", 1);
    assertTrue(run.out().contains("pairs of classes"), run.out());
    assertTrue(run.out().matches("(?s).* of class [0-9]+ taken for [0-9]+.*"), run.out());
    assertTrue(run.out().lines().count() < 30, run.out());
  }

  /** A limit that no gradient reaches changes nothing, so that all three see the same norms. */
  @Test
  void normsBeforeClippingAreTold() {
    Pattern told = Pattern.compile("gradient norm up to ([0-9.e+-]+) ");
    Set<String> norms = new HashSet<>();
    for (String option : List.of("--clip-norm", "--clip-value", "--clip-layer-norm")) {
      Run run = Run.done("train", "--epochs", 2, "--hidden", 8, option, "1e9");
      List<String> found = told.matcher(run.err()).results().map(r -> r.group(1)).toList();
      assertEquals(2, found.size(), run.err());
      assertTrue(Double.parseDouble(found.get(0)) > 0, run.err());
      norms.add(found.toString());
    }
    assertEquals(1, norms.size(), norms.toString());
    Run clipped = Run.done("train", "--epochs", 1, "--hidden", 8, "--clip-norm", "1e-3");
    Matcher norm = told.matcher(clipped.err());
    assertTrue(norm.find() && Double.parseDouble(norm.group(1)) > 1e-3, clipped.err());
    Run plain = Run.done("train", "--epochs", 1, "--hidden", 8);
    assertFalse(told.matcher(plain.err()).find(), plain.err());
  }
}
