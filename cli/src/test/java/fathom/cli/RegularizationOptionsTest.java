package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What keeps a network from overfitting, on the command line. */
class RegularizationOptionsTest {
  private static final List<String> SMALL =
      List.of("train", "--hidden", "16", "--epochs", "2", "--json", "-", "--quiet");

  private static Run train(Object... more) {
    List<Object> args = new java.util.ArrayList<>(SMALL);
    args.addAll(List.of(more));
    return Run.done(args.toArray());
  }

  /** Each option changes the training, and the same command gives the same again. */
  @ParameterizedTest
  @MethodSource("options")
  void takesEffectAndRepeats(List<Object> options) {
    Object plain = train().json().get("train_loss");
    Object one = train(options.toArray()).json().get("train_loss");
    assertNotEquals(plain, one);
    assertEquals(one, train(options.toArray()).json().get("train_loss"));
  }

  static List<List<Object>> options() {
    return List.of(
        List.of("--l1", "0.01"),
        List.of("--max-norm", "0.5"),
        List.of("--label-smoothing", "0.1"),
        List.of("--mixup", "0.2"),
        List.of("--augment", "shift=1,rotate=10,scale=0.1,elastic=4/2,noise=0.05"),
        List.of("--augment", "shift=1", "--mixup", "0.2", "--no-shuffle"));
  }

  @Test
  void stopsEarlyWithTheBestNetwork() {
    Run run =
        Run.done(
            "train",
            "--hidden",
            "16",
            "--epochs",
            "200",
            "--optimizer",
            "sgd",
            "--lr",
            "5",
            "--validation",
            "0.2",
            "--early-stopping",
            "2",
            "--json",
            "-");
    assertTrue(run.err().contains(" is kept"), run.err());
    long epochs = run.err().lines().filter(line -> line.contains("validation loss")).count();
    assertTrue(epochs < 200, epochs + " epochs");
    double least =
        run.err()
            .lines()
            .filter(line -> line.contains("validation loss"))
            .mapToDouble(
                line -> Double.parseDouble(line.split("validation loss ", -1)[1].split(" ", -1)[0]))
            .min()
            .orElseThrow();
    assertEquals(least, (double) run.json().get("validation_loss"), 0.5e-4);
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void mistakesAreToldOnOneLine(List<Object> options, String part) {
    List<Object> args = new java.util.ArrayList<>(SMALL);
    args.addAll(options);
    Run run = Run.of(args.toArray());
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(part), run.err());
  }

  static List<Arguments> mistakes() {
    return List.of(
        Arguments.of(List.of("--l1", "-1"), "--l1 must be finite and at least 0, not -1.0"),
        Arguments.of(List.of("--max-norm", "0"), "--max-norm must be finite and above 0"),
        Arguments.of(List.of("--label-smoothing", "1"), "--label-smoothing must be at least 0"),
        Arguments.of(List.of("--mixup", "0"), "--mixup must be finite and above 0"),
        Arguments.of(List.of("--early-stopping", "3"), "add --validation"),
        Arguments.of(List.of("--early-stopping", "0", "--validation", "0.1"), "must be at least 1"),
        Arguments.of(List.of("--augment", "turn=3"), "'turn=3' is none of shift=X"),
        Arguments.of(List.of("--augment", "shift=x"), "'x' is no number"),
        Arguments.of(List.of("--augment", "shift"), "'shift' is none of"),
        Arguments.of(List.of("--augment", "elastic=3"), "needs STRENGTH/DEVIATION"),
        Arguments.of(List.of("--augment", "shift=1,noise=1,shift=2"), "names shift twice"),
        Arguments.of(List.of("--augment", "shift=1/2"), "needs one number"),
        Arguments.of(List.of("--augment", "shift=-1"), "'shift=-1': a shift must be"));
  }

  @Test
  void augmentationAndSmoothingSayWhatTheyAreFor(@TempDir Path folder) {
    Path trees = Samples.trees(folder, "trees.csv", 60);
    Run run = Run.of("train", trees, "--hidden", "4", "--augment", "shift=1");
    assertEquals(2, run.status());
    assertTrue(run.err().contains("--augment is for images"), run.err());
    assertEquals("", run.out());
    Path prices = Samples.prices(folder, "prices.csv", 60);
    run = Run.of("train", prices, "--hidden", "4", "--label-smoothing", "0.1");
    assertEquals(2, run.status());
    assertTrue(run.err().contains("--label-smoothing is for classes"), run.err());
    assertEquals("", run.out());
  }
}
