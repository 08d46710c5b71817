package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code fathom evaluate} tells beyond loss and accuracy. */
class MeasuresTest {
  private static final List<String> CLASS_KEYS =
      List.of(
          "parameters",
          "samples",
          "seconds",
          "samples_per_second",
          "test_loss",
          "test_accuracy",
          "threads",
          "blas",
          "blas_core",
          "vector_bits",
          "jdk",
          "test_top5_accuracy",
          "test_precision_macro",
          "test_recall_macro",
          "test_f1_macro",
          "test_roc_auc",
          "test_log_loss",
          "test_calibration_error");

  @TempDir private Path folder;

  private Path train(Path table, int epochs) {
    Path model = folder.resolve("model.safetensors");
    Run.done("train", table, "--hidden", 8, "--epochs", epochs, "--lr", 0.01, "--save", model);
    return model;
  }

  @Test
  void classesAreMeasuredOneByOneAndTogether() {
    Path table = Samples.trees(folder, "trees.csv", 150);
    Path model = train(table, 20);
    Run run = Run.done("evaluate", model, table, "--json", folder.resolve("figures.json"));
    assertTrue(run.out().contains("measures  precision "), run.out());
    assertTrue(run.out().matches("(?s).*class +precision +recall +F1 +ROC AUC +rows.*"), run.out());
    for (String tree : Samples.TREES) {
      assertTrue(
          run.out().matches("(?s).*\\R +" + tree + "( +[0-9.]+ %){3} +[01]\\.[0-9]{4} +50\\R.*"),
          run.out());
    }
    Map<String, Object> json = Run.json(folder.resolve("figures.json"));
    assertEquals(CLASS_KEYS, new ArrayList<>(json.keySet()));
    assertNull(json.get("test_top5_accuracy"));
    // With 50 rows of each of three classes, the mean of recalls is the accuracy.
    double accuracy = (double) json.get("test_accuracy");
    assertEquals(accuracy, (double) json.get("test_recall_macro"), 4 * 0x1p-53);
    assertTrue(accuracy > 0.9 && (double) json.get("test_roc_auc") > 0.9, json.toString());
    // The loss comes from kernels in float, the logarithm here from double: some ulp of a float.
    double loss = (double) json.get("test_loss");
    assertEquals(loss, (double) json.get("test_log_loss"), 64 * 0x1p-24 * Math.max(loss, 0.1));
    double error = (double) json.get("test_calibration_error");
    assertTrue(error >= 0 && error < 0.5, json.toString());
  }

  @Test
  void manyClassesHaveAMeanAndATopFive() {
    Path images = Samples.images(folder.resolve("idx"), 300, 120, 24);
    Path model = train(images, 2);
    Run run = Run.done("evaluate", model, images);
    assertTrue(run.out().contains("measures  top 5 "), run.out());
    assertFalse(run.out().contains("ROC AUC      rows"), run.out());
    Map<String, Object> json = Run.done("evaluate", model, images, "--json", "-").json();
    double top = (double) json.get("test_top5_accuracy");
    assertTrue(top >= (double) json.get("test_accuracy") && top <= 1, json.toString());
  }

  @Test
  void numbersHaveAMeanAbsoluteErrorInTheirUnit() {
    Path table = Samples.prices(folder, "prices.csv", 200);
    Path model = train(table, 20);
    Run run = Run.done("evaluate", model, table, "--json", folder.resolve("figures.json"));
    assertTrue(run.out().contains("errors    MAE "), run.out());
    Map<String, Object> json = Run.json(folder.resolve("figures.json"));
    double mae = (double) json.get("test_mae");
    // The mean of absolutes is at most the root of the mean of squares, and here above a tenth of
    // it.
    double rmse = (double) json.get("test_rmse");
    assertTrue(mae <= rmse && mae > rmse / 10, json.toString());
  }
}
