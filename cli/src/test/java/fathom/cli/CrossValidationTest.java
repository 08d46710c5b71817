package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code fathom train --folds} prints. */
class CrossValidationTest {
  private static final Pattern FOLD = Pattern.compile("fold [0-9]+ +accuracy ([0-9.]+) % of");

  @TempDir private Path folder;

  @Test
  void foldsAreTestedOneByOneAndTogether() {
    Path table = Samples.trees(folder, "trees.csv", 93);
    Object[] args = {
      "train", table, "--folds", 4, "--hidden", 6, "--epochs", 2, "--lr", 0.01, "--seed", 3
    };
    List<Object> more = new ArrayList<>(List.of(args));
    more.addAll(List.of("--json", folder.resolve("figures.json")));
    Run run = Run.done(more.toArray());
    assertTrue(run.out().contains("93 in 4 folds"), run.out());
    List<Double> found =
        FOLD.matcher(run.out()).results().map(m -> Double.parseDouble(m.group(1)) / 100).toList();
    assertEquals(4, found.size(), run.out());
    assertTrue(run.out().contains("of 24 rows"), run.out());
    assertTrue(run.out().contains("of 23 rows"), run.out());
    Map<String, Object> json = Run.json(folder.resolve("figures.json"));
    assertEquals(
        List.of(
            "parameters",
            "epochs",
            "steps",
            "seconds",
            "seconds_waited",
            "samples_per_second",
            "folds",
            "fold_accuracy_mean",
            "fold_accuracy_std",
            "seed",
            "threads",
            "blas",
            "blas_core",
            "vector_bits",
            "jdk"),
        new ArrayList<>(json.keySet()));
    double mean = found.stream().mapToDouble(a -> a).sum() / 4;
    double squares = found.stream().mapToDouble(a -> (a - mean) * (a - mean)).sum();
    // The printed figures are rounded to 1e-4, by up to 5e-5 each.
    assertEquals(mean, (double) json.get("fold_accuracy_mean"), 5e-5);
    assertEquals(Math.sqrt(squares / 3), (double) json.get("fold_accuracy_std"), 2e-4);
    // 4 x 6 + 6 and 6 x 3 + 3 numbers; 69 or 70 rows make 3 batches of 32, 2 times 4.
    assertEquals(51L, json.get("parameters"));
    assertEquals(24L, json.get("steps"));
    assertEquals(List.of("figures.json", "trees.csv"), Samples.list(folder));
    Map<String, Object> again = Run.done(with(args, "--quiet", "--json", "-")).json();
    for (String key : List.of("fold_accuracy_mean", "fold_accuracy_std")) {
      assertEquals(json.get(key), again.get(key), key);
    }
  }

  @Test
  void numbersAreTestedInTheirUnitAndQuietLeavesOneLine() {
    Path table = Samples.prices(folder, "prices.csv", 120);
    Run run =
        Run.done(
            with(
                new Object[] {"train", table, "--folds", 3, "--hidden", 16, "--epochs", 40},
                "--lr",
                0.01,
                "--validation",
                0.1,
                "--quiet",
                "--json",
                folder.resolve("figures.json")));
    assertEquals(1, run.out().lines().count(), run.out());
    assertTrue(run.out().startsWith("folds     RMSE "), run.out());
    assertEquals("", run.err());
    Map<String, Object> json = Run.json(folder.resolve("figures.json"));
    // Prices differ by about 900 around 5000: an error in standardized units would be below 1.
    double rmse = (double) json.get("fold_rmse_mean");
    assertTrue(rmse > 1 && rmse < 450, json.toString());
    assertTrue((double) json.get("fold_rmse_std") > 0, json.toString());
  }

  @Test
  void imagesWithATestSetAreFoldedWithoutIt() {
    Path images = Samples.images(folder.resolve("idx"), 80, 40, 4);
    Run run = Run.done("train", images, "--folds", 2, "--hidden", 8, "--epochs", 1);
    assertTrue(run.out().contains("80 in 2 folds"), run.out());
  }

  private static Object[] with(Object[] args, Object... more) {
    List<Object> all = new ArrayList<>(List.of(args));
    all.addAll(List.of(more));
    return all.toArray();
  }
}
