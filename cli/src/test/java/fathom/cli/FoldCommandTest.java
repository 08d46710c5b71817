package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models whose batch norms have become part of the layers below. */
class FoldCommandTest {
  @TempDir private Path folder;

  @Test
  void theFoldedModelAnswersAsBefore() {
    Path table = Samples.trees(folder, "trees.csv", 120);
    Path model = folder.resolve("model.safetensors");
    Path folded = folder.resolve("folded.safetensors");
    String settings = "--hidden 8,8 --batch-norm --activation tanh --epochs 30 --lr 0.01 --test 0";
    Object[] options = settings.split(" ", -1);
    Object[] words = new Object[options.length + 4];
    System.arraycopy(new Object[] {"train", table, "--save", model}, 0, words, 0, 4);
    System.arraycopy(options, 0, words, 4, options.length);
    Run unused = Run.done(words);
    Run run = Run.done("fold", model, "--save", folded);
    assertTrue(run.out().contains("4 -> 2 x (8 -> batch norm tanh) -> 3; 155"), run.out());
    assertTrue(run.out().contains("folded    4 -> 2 x 8 tanh -> 3; 139 parameters"), run.out());
    Map<String, Object> json = Run.done("fold", model, "--save", folded, "--json", "-").json();
    assertEquals(Map.of("parameters", 155L, "folded_parameters", 139L), json);
    List<String> before = Run.done("predict", model, table).out().lines().toList();
    List<String> after = Run.done("predict", folded, table).out().lines().toList();
    assertEquals(before.size(), after.size());
    assertEquals(before.get(0), after.get(0));
    for (int i = 1; i < before.size(); i++) {
      String[] a = before.get(i).split(",", -1);
      String[] b = after.get(i).split(",", -1);
      assertEquals(a[0], b[0]);
      for (int k = 1; k < a.length; k++) {
        // Probabilities: logits of order 10 are off by some hundred roundings of 6e-8.
        assertEquals(Double.parseDouble(a[k]), Double.parseDouble(b[k]), 1e-4, before.get(i));
      }
    }
    Map<String, Object> figures = Run.done("evaluate", folded, table, "--json", "-").json();
    assertTrue((double) figures.get("test_accuracy") >= 0.9, figures.toString());
  }

  @Test
  void whatCannotBeFoldedLeavesNoFile() {
    Path table = Samples.trees(folder, "trees.csv", 60);
    Path model = folder.resolve("model.safetensors");
    Path folded = folder.resolve("folded.safetensors");
    Run unused = Run.done("train", table, "--hidden", 4, "--epochs", 1, "--save", model);
    refuse("there is no batch norm to fold", model, folded);
    Run skips =
        Run.done(
            "train",
            table,
            "--hidden",
            "4,4,4",
            "--batch-norm",
            "--residual",
            "--epochs",
            1,
            "--save",
            model);
    assertFalse(skips.out().isEmpty());
    refuse(
        "layer 2 (batch norm relu) cannot be folded: it lies on what a residual block adds to",
        model,
        folded);
    refuse("it is an input of this command", model, model);
    refuse("no such file", folder.resolve("none.safetensors"), folded);
    assertFalse(Files.exists(folded));
    assertEquals(2, Run.of("fold", model).status());
  }

  private static void refuse(String part, Path model, Path save) {
    Run run = Run.of("fold", model, "--save", save);
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(part), run.err());
  }
}
