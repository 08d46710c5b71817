package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Safetensors;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Some classes of the data, and some rows of each. */
class ClassOptionsTest {
  @TempDir private Path folder;

  @Test
  void aNetworkOfSomeClassesIsTakenOverForTheOthers() {
    Path images = Samples.images(folder.resolve("images"), 120, 60, 6);
    Path first = folder.resolve("first.safetensors");
    Run low =
        Run.done(
            "train", images, "--classes", "0-2", "--hidden", "8,8", "--epochs", 2, "--save", first);
    assertTrue(low.out().contains("; 60 of the classes [0, 1, 2]"), low.out());
    assertTrue(low.out().contains("60 to train on, 30 for the test"), low.out());
    assertTrue(low.out().contains("-> 2 x 8 relu -> 3; "), low.out());
    Path second = folder.resolve("second.safetensors");
    Run high =
        Run.done(
            "train",
            images,
            "--classes",
            "5,3-4",
            "--labels-per-class",
            4,
            "--load",
            first,
            "--new-head",
            "--freeze",
            1,
            "--epochs",
            5,
            "--save",
            second);
    assertTrue(high.out().contains("12 to train on, 30 for the test"), high.out());
    try (Safetensors model = Safetensors.read(second)) {
      assertEquals("5\n3\n4", model.metadata().get("fathom.classes"));
    }
    Run same = Run.done("evaluate", first, images, "--classes", "0,1,2");
    assertTrue(same.out().contains("of 30 rows"), same.out());
    refused("but " + images + " has 6 classes", "evaluate", first, images);
    refused("knows the classes 0, 1, 2", "evaluate", first, images, "--classes", "3-5");
  }

  @Test
  void classesOfATableHaveNames() {
    Path table = Samples.trees(folder, "trees.csv", 90);
    Run run =
        Run.done("train", table, "--classes", "oak,ash", "--labels-per-class", 3, "--epochs", 2);
    assertTrue(run.out().contains("60 of the classes [oak, ash]"), run.out());
    assertTrue(run.out().contains("6 to train on, 12 for the test"), run.out());
  }

  @Test
  void nonsenseIsRefusedInALine() {
    Path table = Samples.trees(folder, "trees.csv", 90);
    Path prices = Samples.prices(folder, "prices.csv", 40);
    Path model = folder.resolve("m.safetensors");
    Run unused = Run.done("train", table, "--hidden", 8, "--epochs", 1, "--save", model);
    refused("no class 'fir' (known: ash, elm, oak)", "train", table, "--classes", "ash,fir");
    refused("names 'ash' twice", "train", table, "--classes", "ash,oak,ash");
    refused("no class '10' (known: 0, 1, ", "train", "--classes", "8-12");
    refused("name two or more", "train", "--classes", "4-4");
    refused("name two or more", "train", "--classes", "4-3");
    refused("--classes is for data with classes", "train", prices, "--classes", "1,2");
    refused("class ash has 24", "train", table, "--labels-per-class", 25);
    refused("at least 1", "train", table, "--labels-per-class", 0);
    refused("for data with classes", "train", prices, "--labels-per-class", 2);
    refused("leave out --labels", "train", table, "--labels-per-class", 2, "--folds", 3);
    refused("a table is read by", "evaluate", model, table, "--classes", "ash,oak");
  }

  private static void refused(String part, Object... args) {
    Run run = Run.of(args);
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(part), "'" + part + "' is not in: " + run.err());
  }
}
