package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands read the models and checkpoints that the tests of core keep; see the README there. */
class OldFilesTest {
  private static final Path OLD = Path.of("../core/src/test/resources/old");

  /**
   * How far printed figures may be from those of then: sums of at most nine products of numbers of
   * order ten, over six layers, round otherwise on other kernels, by some hundred units of 6e-8 of
   * them.
   */
  private static final double ROUNDING = 1e-4;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "plain, kinds",
    "residual, kinds",
    "folded, kinds",
    "lstm, kinds",
    "prelu, numbers",
    "regression, numbers"
  })
  void modelsPredictWhatTheyDid(String model, String table) throws IOException {
    List<String> expected = Files.readAllLines(OLD.resolve("answers/" + model + ".csv"));
    Run run = Run.done("predict", file(model), OLD.resolve(table + ".csv"));
    List<String> found = run.out().lines().toList();
    assertEquals(expected.size(), found.size());
    assertEquals(expected.get(0), found.get(0));
    for (int i = 1; i < expected.size(); i++) {
      String[] then = expected.get(i).split(",", -1);
      String[] now = found.get(i).split(",", -1);
      int last = then.length - 1;
      assertEquals(then.length, now.length);
      assertEquals(then[0], last == 0 ? then[0] : now[0], "row " + i);
      double value = Double.parseDouble(then[last]);
      double bound = ROUNDING * Math.max(1, Math.abs(value));
      assertEquals(value, Double.parseDouble(now[last]), bound, "row " + i);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "plain, kinds, test_accuracy, 0.555556, 0.885987",
    "residual, kinds, test_accuracy, 0.444444, 1.017318",
    "folded, kinds, test_accuracy, 0.422222, 1.429506",
    "lstm, kinds, test_accuracy, 0.333333, 1.116814",
    "regression, numbers, test_r2, -0.560582, 1.656603"
  })
  void modelsAreAsGoodAsTheyWere(
      String model, String table, String measure, double value, double loss) {
    Path data = OLD.resolve(table + ".csv");
    Map<String, Object> json = Run.done("evaluate", file(model), data, "--json", "-").json();
    assertEquals(value, (double) json.get(measure), ROUNDING);
    assertEquals(loss, (double) json.get("test_loss"), ROUNDING);
  }

  @ParameterizedTest
  @CsvSource({
    "adam-command, --early-stopping 50 --seed 7",
    "momentum-command,"
        + " --optimizer momentum --lr 0.05 --schedule plateau --rollback --clip-norm 1 --seed 8"
  })
  void trainingsGoOn(String checkpoint, String options) throws IOException {
    Path copy = folder.resolve("checkpoint");
    Files.copy(file(checkpoint), copy);
    List<Object> words = new ArrayList<>(List.of("train", OLD.resolve("kinds.csv"), "--hidden", 6));
    words.addAll(List.of("--batch", 8, "--epochs", 60, "--validation", 0.25, "--threads", 1));
    words.addAll(List.of(options.split(" ", -1)));
    words.addAll(List.of("--resume", copy, "--json", folder.resolve("figures.json")));
    Run run = Run.done(words.toArray());
    assertTrue(run.out().contains("accuracy"), run.out());
    Map<String, Object> json = Run.json(folder.resolve("figures.json"));
    assertTrue((double) json.get("test_accuracy") >= 0.8, json.toString());
  }

  private static Path file(String name) {
    return OLD.resolve(name + ".safetensors");
  }
}
