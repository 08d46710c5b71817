package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Safetensors;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that learn another task. */
class TransferOptionsTest {
  @TempDir private Path folder;

  @Test
  void aNewHeadLearnsOverFrozenLayers() {
    Path trees = Samples.trees(folder, "trees.csv", 90);
    Path first = folder.resolve("first.safetensors");
    Run unused =
        Run.done("train", trees, "--hidden", "8,8", "--batch-norm", "--epochs", 9, "--save", first);
    Path prices = Samples.write(folder.resolve("two.csv"), twoClasses());
    Path second = folder.resolve("second.safetensors");
    Run run =
        Run.done(
            "train",
            prices,
            "--load",
            first,
            "--freeze",
            2,
            "--new-head",
            "--epochs",
            9,
            "--save",
            second);
    assertTrue(run.out().contains("-> 2; "), run.out());
    try (Safetensors a = Safetensors.read(first);
        Safetensors b = Safetensors.read(second)) {
      for (String name : new String[] {"0.weight", "1.weight", "1.running_mean"}) {
        assertEquals(Arrays.toString(a.floats(name)), Arrays.toString(b.floats(name)));
      }
      assertEquals("no\nyes", b.metadata().get("fathom.classes"));
      assertEquals(a.metadata().get("fathom.input.shift"), b.metadata().get("fathom.input.shift"));
    }
    assertEquals(41, Run.done("predict", second, prices).out().lines().count());
  }

  /** A rate of nothing leaves a layer as it is; another rate makes another layer. */
  @Test
  void layersLearnAtRatesOfTheirOwn() {
    Path trees = Samples.trees(folder, "trees.csv", 90);
    Path first = folder.resolve("first.safetensors");
    Run unused = Run.done("train", trees, "--hidden", "8,8", "--epochs", 2, "--save", first);
    String[] weights = new String[2];
    for (int i = 0; i < 2; i++) {
      Path next = folder.resolve("next.safetensors");
      String rates = i == 0 ? "0,0.5,1" : "0,1,1";
      unused =
          Run.done(
              "train",
              trees,
              "--load",
              first,
              "--layer-rates",
              rates,
              "--epochs",
              2,
              "--save",
              next);
      try (Safetensors a = Safetensors.read(first);
          Safetensors b = Safetensors.read(next)) {
        assertEquals(Arrays.toString(a.floats("0.weight")), Arrays.toString(b.floats("0.weight")));
        weights[i] = Arrays.toString(b.floats("2.weight"));
        assertNotEquals(Arrays.toString(a.floats("2.weight")), weights[i]);
      }
    }
    assertNotEquals(weights[0], weights[1]);
  }

  private static String twoClasses() {
    StringBuilder text = new StringBuilder("a,b,c,d,answer\n");
    for (int i = 0; i < 40; i++) {
      text.append(i % 7).append(',').append(i % 5).append(',').append(i % 3).append(',').append(i);
      text.append(i % 2 == 0 ? ",yes\n" : ",no\n");
    }
    return text.toString();
  }

  @Test
  void nonsenseIsRefusedInALine() {
    Path trees = Samples.trees(folder, "trees.csv", 90);
    Path model = folder.resolve("m.safetensors");
    Run unused = Run.done("train", trees, "--hidden", 8, "--epochs", 1, "--save", model);
    refused("--freeze is for a network", trees, "--freeze", 1);
    refused("--new-head is for a network", trees, "--new-head");
    refused("must be at least 0, not -1", trees, "--load", model, "--freeze", -1);
    refused("--freeze 2 leaves nothing to learn", trees, "--load", model, "--freeze", 2);
    refused("3 factors for 2 layers", trees, "--hidden", 8, "--layer-rates", "1,1,1");
    refused("at least 0", trees, "--hidden", 8, "--layer-rates", "-1,1");
    refused("leave out --folds", trees, "--folds", 3, "--layer-rates", "1,1");
  }

  private static void refused(String part, Object... args) {
    Object[] words = new Object[args.length + 1];
    words[0] = "train";
    System.arraycopy(args, 0, words, 1, args.length);
    Run run = Run.of(words);
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertEquals("", run.out());
    assertTrue(run.err().contains(part), "'" + part + "' is not in: " + run.err());
  }
}
