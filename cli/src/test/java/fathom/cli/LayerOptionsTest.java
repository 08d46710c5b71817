package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Network;
import fathom.train.Model;
import fathom.train.Models;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Networks with more than dense layers, from the command line. */
class LayerOptionsTest {
  @TempDir private Path folder;

  @Test
  void layersStandWhereTheHelpSays() {
    Map<String, String> expected = new LinkedHashMap<>();
    expected.put("", "7 5:relu 5:relu 5:relu 3:identity");
    expected.put(
        "--batch-norm --dropout 0.5",
        "7"
            + " 5:identity:no_bias batch_norm:relu:0.1:1.0E-5 dropout:0.5".repeat(3)
            + " 3:identity");
    expected.put(
        "--layer-norm --noise 0.1 --input-dropout 0.2",
        "7 dropout:0.2 noise:0.1" + " 5:identity layer_norm:relu:1.0E-5".repeat(3) + " 3:identity");
    expected.put(
        "--activation selu --alpha-dropout 0.1",
        "7" + " 5:selu alpha_dropout:0.1".repeat(3) + " 3:identity");
    expected.put(
        "--residual",
        "7 5:identity [ activation:relu 5:relu 5:identity ]:1.0 activation:relu 3:identity");
    expected.put(
        "--residual --residual-block 1 --dropout 0.5",
        "7 5:identity"
            + " [ activation:relu dropout:0.5 5:identity ]:0.70710677".repeat(2)
            + " activation:relu dropout:0.5 3:identity");
    String norm = " batch_norm:relu:0.1:1.0E-5";
    String product = " 5:identity:no_bias";
    expected.put(
        "--residual --residual-scale 0.5 --batch-norm",
        "7" + product + " [" + norm + product + norm + product + " ]:0.5" + norm + " 3:identity");
    expected.forEach((options, text) -> assertEquals(text, architecture("5,5,5", options)));
  }

  @Test
  void blocksAreOfLayersOfOneWidth() {
    String block = " [ activation:relu 4:relu 4:identity ]:" + (float) (1 / Math.sqrt(3));
    String rest = " [ activation:relu 4:identity ]:" + (float) (1 / Math.sqrt(3));
    assertEquals(
        "7 9:relu 4:identity"
            + block
            + rest
            + " activation:relu 6:identity"
            + " [ activation:relu 6:identity ]:0.57735026 activation:relu 3:identity",
        architecture("9,4,4,4,4,6,6", "--residual"));
  }

  private static String architecture(String hidden, String options) {
    String[] words = ("--hidden " + hidden + " " + options).strip().split(" ");
    NetworkOptions shape = CommandLine.populateCommand(new NetworkOptions(), words);
    shape.check(false);
    try (Engine engine = new Engine(Blas.java(), Kernels.scalar(), 1);
        Network network = shape.describe(7, 0, 3).engine(engine).build()) {
      return network.architecture().toString();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --batch-norm --layer-norm                  | --batch-norm and --layer-norm exclude each other
          --dropout 1                                | --dropout must be at least 0 and less than 1, not 1.0
          --input-dropout -0.1                       | --input-dropout must be at least 0
          --alpha-dropout NaN --activation selu      | --alpha-dropout must be at least 0
          --alpha-dropout 0.1                        | the activation is relu; give --activation selu
          --dropout 0.1 --alpha-dropout 0.1          | --dropout and --alpha-dropout exclude
          --noise -1                                 | --noise must be at least 0 and finite
          --residual --hidden 8,9,8                  | the hidden layers are [8, 9, 8]; give --depth
          --residual --depth 0                       | --residual needs two hidden layers
          --residual --residual-block 0              | --residual-block must be at least 1, not 0
          --residual-scale 0.5                       | --residual-scale is for networks with --residual
          --residual --residual-scale big            | --residual-scale must be auto or a finite number
          --batch-norm --depth 0                     | there are none; give --depth
          --load m.safetensors --batch-norm          | --load takes the network from the file
          """)
  void nonsenseIsRefusedInALine(String options, String part) {
    Run run = Run.of((Object[]) ("train " + options.strip()).split(" "));
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(part), run.err());
  }

  @Test
  void deepNetworksTrainUnderPlainDescentWithLsuv() {
    String deep =
        "train --depth 40 --width 48 --activation elu --optimizer sgd --lr 0.02 --epochs 6";
    String[] words = (deep + " --quiet --json - --init lsuv").split(" ", -1);
    double scaled = (double) Run.done((Object[]) words).json().get("test_accuracy");
    words[words.length - 1] = "normal(0.01)";
    double naive = (double) Run.done((Object[]) words).json().get("test_accuracy");
    assertTrue(scaled > 0.85 && naive < 0.2, "seed 0: " + scaled + ", naive " + naive);
  }

  @Test
  void lsuvIsForFoldsAndRangesTooAndIsNoted() {
    Path table = Samples.trees(folder, "trees.csv", 90);
    Path model = folder.resolve("m.safetensors");
    List<Object> words =
        List.of("train", table, "--hidden", "8,8", "--init", "LSUV", "--epochs", 2);
    Run once = Run.done(with(words, "--save", model));
    assertTrue(once.out().contains("weights   lsuv\n"), once.out());
    assertTrue(Run.done(with(words, "--folds", 3)).out().contains("weights   lsuv\n"));
    try (Model read = Models.load(model)) {
      assertEquals("lsuv", read.provenance().get("init"));
    }
    Run range = Run.done("range", table, "--hidden", 8, "--init", "lsuv", "--steps", 5);
    assertTrue(range.out().contains("weights   lsuv\n"), range.out());
    Path flat =
        Samples.write(folder.resolve("flat.csv"), "a,b,kind\n" + "1,2,x\n1,2,y\n".repeat(9));
    Run bad = Run.of("train", flat, "--init", "lsuv");
    assertEquals(2, bad.status(), bad.err());
    String part = "--init lsuv: LSUV cannot scale layer 0 (256 relu): its sums have variance 0.0";
    assertTrue(bad.err().contains(part), bad.err());
  }

  private static Object[] with(List<Object> words, Object... more) {
    List<Object> all = new ArrayList<>(words);
    all.addAll(List.of(more));
    return all.toArray();
  }

  @Test
  void theirModelsPredictAndGoOn() {
    Path table = Samples.trees(folder, "trees.csv", 90);
    Path model = folder.resolve("m.safetensors");
    List<Object> train =
        List.of(
            "train",
            table,
            "--hidden",
            "8,8,8",
            "--batch-norm",
            "--dropout",
            0.1,
            "--residual",
            "--noise",
            0.1,
            "--epochs",
            60,
            "--lr",
            0.01,
            "--save",
            model,
            "--quiet",
            "--test",
            0);
    Run unused = Run.done(train.toArray());
    Map<String, Object> again = Run.done("evaluate", model, table, "--json", "-").json();
    double accuracy = (double) again.get("test_accuracy");
    assertTrue(accuracy >= 0.9, "accuracy of seed 0 on what it was trained on: " + accuracy);
    assertEquals(91, Run.done("predict", model, table).out().lines().count());
    Run more = Run.done("train", table, "--load", model, "--epochs", 1);
    assertTrue(more.out().contains("dropout 0.1"), more.out());
  }
}
