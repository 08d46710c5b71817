package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Dense;
import fathom.nn.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What {@code fathom preflight} says, and whether {@code train} then agrees. */
class PreflightCommandTest {
  private static final String VANISHING =
      "--depth 30 --width 30 --activation logistic --init xavier_uniform --optimizer sgd";

  private static Run run(String command) {
    return Run.done((Object[]) command.split(" "));
  }

  private static double accuracy(String options) {
    Map<String, Object> json = run("train --quiet --json - " + options).json();
    return (double) json.get("test_accuracy");
  }

  /** Xavier with the logistic: chi is 0.0557 by quadrature, and thirty layers are nothing. */
  @Test
  void whatVanishesIsToldWithItsNumbersAndItsCure() {
    Map<String, Object> json = run("preflight --json - " + VANISHING).json();
    assertEquals(0L, json.get("trains"), json.toString());
    assertEquals("vanishes", json.get("verdict"));
    assertEquals(0.0557, (double) json.get("chi_foretold"), 0.002);
    // Of 28 factors of width 30, each scatters by some sqrt(5 / 30).
    assertEquals(
        Math.log(0.0557), Math.log((double) json.get("chi")), 5 * Math.sqrt(5 / 30.0 / 28));
    assertEquals(0.35, (double) json.get("depth_scale"), 0.1);
    assertTrue(accuracy(VANISHING + " --epochs 3") < 0.2, "it does not train");
    List<String> cures = List.of(((String) json.get("cures")).split("; "));
    assertTrue(cures.get(0).startsWith("--"), cures.toString());
    String cured = VANISHING.replace("--init xavier_uniform ", "");
    double accuracy = accuracy(cured + " --epochs 20 " + cures.get(cures.size() - 1));
    assertTrue(accuracy > 0.5, "the last of " + cures + " leads to " + accuracy);
  }

  @Test
  void whatTrainsIsToldFirst() {
    Run told = run("preflight --depth 3 --width 32 --optimizer sgd");
    assertTrue(told.out().contains("verdict   trains"), told.out());
    assertTrue(told.out().contains("(theory "), told.out());
    assertTrue(accuracy("--depth 3 --width 32 --optimizer sgd --epochs 20") > 0.8);
  }

  @Test
  void aRateThatIsTooHighExplodes() {
    Map<String, Object> json =
        run("preflight --json - --depth 3 --width 64 --optimizer sgd --lr 100").json();
    assertEquals("explodes", json.get("verdict"), json.toString());
    assertTrue((double) json.get("loss_after_step") > (double) json.get("loss"));
  }

  @Test
  void aStudyCountsWhatCameAsForetold() {
    Run told = run("preflight --study 4 --seed 3 --json -");
    Map<String, Object> json = told.json();
    assertEquals(4L, json.get("networks"));
    long all = 0;
    for (String key :
        List.of("train_as_foretold", "train_unforeseen", "fail_unforeseen", "fail_as_foretold")) {
      all += (long) json.get(key);
    }
    assertEquals(4, all, json.toString());
    assertEquals(
        json.get("right"),
        (long) json.get("train_as_foretold") + (long) json.get("fail_as_foretold"));
    long alike = (long) json.get("alike_again");
    assertTrue(alike <= 4 && (long) json.get("right_of_alike") <= alike, json.toString());
  }

  @Test
  void aStudyLeavesOutcomesForTheNext(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("outcomes.txt");
    String study = "preflight --study 2 --seed 4 --optimizer adam --json - --outcomes " + file;
    Map<String, Object> first = run(study).json();
    String kept = Files.readString(file);
    assertTrue(kept.contains("adam"), kept);
    assertEquals(3, kept.lines().count(), kept);
    Map<String, Object> second = run(study).json();
    for (String key : List.of("networks", "right", "alike_again")) {
      assertEquals(first.get(key), second.get(key), key);
    }
    assertEquals(kept, Files.readString(file));
    Samples.write(file, "a letter\n");
    Run refused = Run.of((Object[]) study.split(" "));
    assertEquals(2, refused.status());
    assertEquals("", refused.out());
    assertEquals(1, refused.err().lines().count(), refused.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --schedule cosine    | --schedule is of no use here
          --load m.safetensors | Unknown option
          --outcomes o.txt     | --outcomes keeps what --study finds
          --study 0            | --study must be at least 1, not 0
          --study 2 --depth 9  | --depth is of no use with --study
          --study 2 --lr 0.1   | --lr is of no use with --study
          --init critcal       | critcal
          """)
  void nonsenseIsRefusedInALine(String options, String part) {
    Run run = Run.of((Object[]) ("preflight " + options.strip()).split(" "));
    assertEquals(2, run.status(), run.err());
    assertTrue(run.err().contains(part), run.err());
  }

  @Test
  void aStudyKeepsNothingInItsOwnFigures(@TempDir Path folder) {
    Path file = folder.resolve("figures");
    Run run = Run.of("preflight", "--study", 2, "--outcomes", file, "--json", file);
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("--outcomes " + file), run.err());
    assertEquals(List.of(), Samples.list(folder));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          critical            | lecun_normal(1.4142
          Critical-Uniform    | lecun_uniform(1.4142
          critical_orthogonal | orthogonal(1.4142
          """)
  void criticalInitializersHaveTheGainOfTheActivation(String init, String hidden) {
    NetworkOptions shape =
        CommandLine.populateCommand(new NetworkOptions(), "--hidden", "5,5", "--init", init);
    shape.check(false);
    try (Engine engine = new Engine(Blas.java(), Kernels.scalar(), 1);
        Network network = shape.describe(7, 0, 3).engine(engine).build()) {
      assertTrue(network.layer(0).toString().contains(hidden), network.layer(0).toString());
      double gain = Math.sqrt(((Dense) network.layer(1).spec()).initializer().variance(5, 5) * 5);
      assertEquals(Math.sqrt(2), gain, 1e-5);
      assertEquals(
          1, Math.sqrt(((Dense) network.layer(2).spec()).initializer().variance(5, 5) * 5), 1e-5);
    }
  }
}
