package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model's way through files: saved, evaluated, trained further, used. */
class ModelFileTest {
  @TempDir private Path folder;

  private Path model() {
    return folder.resolve("model.safetensors");
  }

  private Map<String, Object> trainAndSave(Object data, Object... more) {
    List<Object> args = new ArrayList<>(List.of("train"));
    if (data != null) {
      args.add(data);
    }
    args.addAll(List.of("--hidden", "16,12", "--epochs", 5, "--lr", 0.01, "--quiet"));
    args.addAll(List.of("--save", model(), "--json", "-"));
    args.addAll(List.of(more));
    return Run.done(args.toArray()).json();
  }

  private static void assertSameTest(Map<String, Object> trained, Map<String, Object> evaluated) {
    for (String key : List.of("parameters", "test_loss", "test_accuracy")) {
      assertEquals(trained.get(key), evaluated.get(key), key);
    }
  }

  @Test
  void evaluateGivesTheFiguresOfTrainingForImages() {
    Path images = Samples.images(folder.resolve("idx"), 200, 101, 4);
    Map<String, Object> trained = trainAndSave(images);
    assertSameTest(trained, Run.done("evaluate", model(), images, "--json", "-").json());
  }

  @Test
  void evaluateGivesTheFiguresOfTrainingForTheDigits() {
    Map<String, Object> trained = trainAndSave(null, "--seed", 3, "--test", 0.3);
    assertSameTest(trained, Run.done("evaluate", model(), "--json", "-").json());
  }

  @Test
  void evaluateTakesAllRowsOfATable() {
    trainAndSave(Samples.trees(folder, "trees.csv", 150));
    Path others = Samples.trees(folder, "others.csv", 60);
    Path figures = folder.resolve("figures.json");
    Run run = Run.done("evaluate", model(), others, "--json", figures);
    assertTrue(run.out().contains("of 60 rows"), run.out());
    assertTrue(run.out().contains("confusion"), run.out());
    Map<String, Object> json = Run.json(figures);
    assertEquals(60L, json.get("samples"));
    assertTrue((double) json.get("test_accuracy") > 0.9, json.toString());
  }

  @Test
  void evaluateReportsARegressionInTheUnitOfTheData() {
    Path table = Samples.prices(folder, "prices.csv", 200);
    trainAndSave(table);
    Map<String, Object> json = Run.done("evaluate", model(), table, "--json", "-").json();
    double rmse = (double) json.get("test_rmse");
    // By the definition of R2, RMSE / sqrt(1 - R2) is the targets' deviation: here about 900.
    double deviation = rmse / Math.sqrt(1 - (double) json.get("test_r2"));
    assertTrue(deviation > 600 && deviation < 1200, "deviation " + deviation + " of " + json);
  }

  @Test
  void loadGoesOnWhereTrainingEnded() {
    Path table = Samples.trees(folder, "trees.csv", 150);
    Map<String, Object> first = trainAndSave(table, "--seed", 5);
    Path further = folder.resolve("further.safetensors");
    Map<String, Object> second =
        Run.done(
                "train",
                table,
                "--load",
                model(),
                "--save",
                further,
                "--epochs",
                3,
                "--seed",
                6,
                "--lr",
                0.01,
                "--json",
                "-")
            .json();
    assertEquals(first.get("parameters"), second.get("parameters"));
    double before = (double) first.get("train_loss");
    double after = (double) second.get("train_loss");
    assertTrue(after < before, "loss " + before + " in the first run, " + after + " in the second");
    assertNotEquals(List.of(Samples.read(model())), List.of(Samples.read(further)));
    // The rows held out are those of the first run, whatever the seed of the second.
    Run run = Run.done("train", table, "--load", further, "--epochs", 1, "--lr", 0, "--json", "-");
    assertEquals(second.get("test_loss"), run.json().get("test_loss"));
  }

  @Test
  void predictWritesNamesAndProbabilities() {
    Path table = Samples.trees(folder, "trees.csv", 150);
    trainAndSave(table);
    Path target = folder.resolve("found.csv");
    assertEquals("", Run.done("predict", model(), table, "--out", target).out());
    List<String> lines = Samples.lines(target);
    assertEquals("class,probability", lines.get(0));
    assertEquals(151, lines.size());
    int right = 0;
    for (int i = 1; i < lines.size(); i++) {
      String[] cells = lines.get(i).split(",", -1);
      assertTrue(Samples.TREES.contains(cells[0]), lines.get(i));
      double probability = Double.parseDouble(cells[1]);
      assertTrue(probability >= 1.0 / 3 && probability <= 1, lines.get(i));
      right += cells[0].equals(Samples.TREES.get((i - 1) % 3)) ? 1 : 0;
    }
    Run evaluated = Run.done("evaluate", model(), table, "--json", "-");
    assertEquals(right / 150.0, evaluated.json().get("test_accuracy"));
  }

  @Test
  void predictFindsFeaturesByNameAndNeedsNoLabels() {
    Path table = Samples.trees(folder, "trees.csv", 90);
    trainAndSave(table);
    StringBuilder bare = new StringBuilder();
    StringBuilder mixed = new StringBuilder();
    StringBuilder nameless = new StringBuilder();
    for (String line : Samples.lines(table)) {
      String[] c = line.split(",", -1);
      bare.append(String.join(",", c[0], c[1], c[2], c[3])).append('\n');
      mixed.append(String.join(",", c[3], c[4], c[1], c[0], c[2])).append('\n');
      if (!line.startsWith("height")) {
        nameless.append(String.join(",", c[0], c[1], c[2], c[3])).append('\n');
      }
    }
    String expected = Run.done("predict", model(), table).out();
    for (StringBuilder text : List.of(bare, mixed, nameless)) {
      Path other = Samples.write(folder.resolve("other.csv"), text.toString());
      assertEquals(expected, Run.done("predict", model(), other).out(), text.substring(0, 30));
    }
  }

  @Test
  void predictWritesTheValuesOfARegression() {
    Path table = Samples.prices(folder, "prices.csv", 200);
    trainAndSave(table);
    List<String> lines = Run.done("predict", model(), table).out().lines().toList();
    assertEquals("value", lines.get(0));
    assertEquals(201, lines.size());
    double squares = 0;
    List<String> rows = Samples.lines(table);
    for (int i = 1; i < lines.size(); i++) {
      double error =
          Double.parseDouble(lines.get(i)) - Double.parseDouble(rows.get(i).split(",", -1)[2]);
      squares += error * error;
    }
    Map<String, Object> json = Run.done("evaluate", model(), table, "--json", "-").json();
    double rmse = (double) json.get("test_rmse");
    // Both go through single precision, whose spacing at 5000 is 0.0005.
    assertEquals(rmse, Math.sqrt(squares / 200), 0.001 + 1e-5 * rmse);
  }

  @Test
  void predictReadsOneFileOfImages() {
    Path images = Samples.images(folder.resolve("idx"), 200, 50, 4);
    trainAndSave(images);
    String whole = Run.done("predict", model(), images).out();
    String alone = Run.done("predict", model(), images.resolve("t10k-images-idx3-ubyte")).out();
    assertEquals(51, whole.lines().count());
    assertEquals(whole, alone);
    assertEquals(whole, Run.done("predict", model(), images, "--out", "-").out());
  }

  @Test
  void theTestSetIsEnoughToEvaluate() throws IOException {
    Path images = Samples.images(folder.resolve("idx"), 200, 50, 4);
    trainAndSave(images);
    String whole = Run.done("evaluate", model(), images, "--json", "-").out();
    Files.delete(images.resolve("train-images-idx3-ubyte"));
    Files.delete(images.resolve("train-labels-idx1-ubyte"));
    String alone = Run.done("evaluate", model(), images, "--json", "-").out();
    assertEquals(withoutTimes(whole), withoutTimes(alone));
    Files.delete(images.resolve("t10k-images-idx3-ubyte"));
    Run none = Run.of("evaluate", model(), images);
    assertEquals(2, none.status());
    assertTrue(none.err().contains("holds no train-images-idx3-ubyte"), none.err());
  }

  private static String withoutTimes(String json) {
    return json.replaceAll("\"(seconds|samples_per_second)\":[^,}]*", "");
  }

  @Test
  void aFileIsReplacedAsAWholeAndNothingElseIsLeft() {
    Path table = Samples.trees(folder, "trees.csv", 60);
    Samples.write(model(), "what was there before");
    trainAndSave(table);
    assertFalse(
        new String(Samples.read(model()), java.nio.charset.StandardCharsets.ISO_8859_1)
            .startsWith("what"));
    Run.done("predict", model(), table, "--out", folder.resolve("out.csv"));
    assertEquals(List.of("model.safetensors", "out.csv", "trees.csv"), Samples.list(folder));
  }
}
