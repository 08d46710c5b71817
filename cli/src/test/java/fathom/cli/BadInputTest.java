package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bad input of each kind ends with status 2 and one line that names the thing. */
class BadInputTest {
  @TempDir private static Path folder;
  private static Path trees;
  private static Path prices;
  private static Path model;
  private static Path images;

  @BeforeAll
  static void makeSomethingToSpoil() {
    trees = Samples.trees(folder, "trees.csv", 60);
    prices = Samples.prices(folder, "prices.csv", 60);
    images = Samples.images(folder.resolve("idx"), 40, 20, 4);
    model = folder.resolve("trees.safetensors");
    Run.done("train", trees, "--hidden", 4, "--epochs", 1, "--save", model);
  }

  private static void assertOneLine(List<String> parts, Object... args) {
    Run run = Run.of(args);
    assertEquals(2, run.status(), Arrays.toString(args) + ": " + run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertEquals("", run.out());
    for (String part : parts) {
      assertTrue(run.err().contains(part), "'" + part + "' is not in: " + run.err());
    }
  }

  @ParameterizedTest
  @MethodSource
  void options(List<String> parts, List<String> options) {
    Object[] args = Stream.concat(Stream.of("train"), options.stream()).toArray();
    assertOneLine(parts, args);
  }

  static List<Arguments> options() {
    return List.of(
        bad("--hidden must be at least 1, not -3", "--hidden", "8,-3"),
        bad("--hidden must be at least 1, not 0", "--hidden", "0"),
        bad("--hidden", "--hidden", "8,x"),
        bad("--depth must be at least 0, not -1", "--depth", "-1"),
        bad("--width must be at least 1, not -64", "--width", "-64"),
        bad("leave out --depth", "--hidden", "8", "--depth", "2"),
        bad("--activation is for hidden layers", "--depth", "0", "--activation", "tanh"),
        bad("--activation is for", "--recurrent", "gru", "--activation", "tanh"),
        bad("--width is for hidden layers, and there are none", "--depth", "0", "--width", "8"),
        bad("--batch must be at least 1, not -32", "--batch", "-32"),
        bad("--epochs must be at least 1, not 0", "--epochs", "0"),
        bad("--threads must be at least 1, not -2", "--threads", "-2"),
        bad("--lr must be at least 0 and finite, not NaN", "--lr", "NaN"),
        bad("--lr must be at least 0 and finite, not -0.1", "--lr", "-0.1"),
        bad("--lr", "--lr", "fast"),
        bad("--momentum must be", "--optimizer", "nesterov", "--momentum", "1"),
        bad("--momentum is for", "--momentum", "0.9"),
        bad("--weight-decay must be", "--weight-decay", "-1"),
        bad("--validation must be", "--validation", "1"),
        bad("--validation must be", "--validation", "-0.1"),
        bad("--test must be", "--test", "1.5"),
        bad("fraction of 1.0E-9", "--test", "1e-9"),
        bad("unknown activation 'rleu'; did you mean 'relu'?", "--activation", "rleu"),
        bad("the alpha of elu must be above 0 and finite, not -1.0;", "--activation", "elu(-1)"),
        bad("the slope of leaky_relu must be", "--activation", "leaky_relu(-0.1)"),
        bad("the gain of he_normal must be at least 0, not -2.0", "--init", "he_normal(-2)"),
        bad("unknown initializer 'he_norml'; did you mean 'he_normal'?", "--init", "he_norml"),
        bad("unknown loss 'cross_entrpy'; did you mean", "--loss", "cross_entrpy"),
        bad("--loss mse does not fit a classification", "--loss", "mse"),
        bad("unknown --optimizer 'adm' (known: sgd, ", "--optimizer", "adm"),
        bad("unknown --schedule 'stp' (known: constant, cosine, step,", "--schedule", "stp"),
        bad("--period is for --schedule step, power, restarts, not cosine", "--period", "9"),
        bad("--power is for --schedule power, not step", "--schedule", "step", "--power", "2"),
        bad("--warmup must be at least 0, not -1", "--warmup", "-1"),
        bad("this training has 45, of which --warmup takes 45", "--epochs", "1", "--warmup", "45"),
        bad("--decay must be above 0 and below 1", "--schedule", "step", "--decay", "1"),
        bad("--lr-end must be at least 0 and finite, not NaN", "--lr-end", "NaN"),
        bad("--lr-end 0.5 is above the rate that falls to it, 0.001", "--lr-end", "0.5"),
        bad("--monitor-every is for --monitor or --report", "--monitor-every", "5"),
        bad("--period must be at least 1", "--schedule", "restarts", "--period", "0"),
        bad("give --validation a share", "--schedule", "plateau"),
        bad("--folds must be at least 2, not 1", "--folds", "1"),
        bad("2000 folds of 1797 rows", "--folds", "2000"),
        bad("leave out --test", "--folds", "5", "--test", "0.1"),
        bad("leave out --save", "--folds", "5", "--save", "m.safetensors"),
        bad("leave out --load", "--folds", "5", "--load", "m.safetensors"),
        bad(
            "--warmup takes 36",
            "--folds",
            "5",
            "--epochs",
            "1",
            "--warmup",
            "36",
            "--batch",
            "40"),
        bad("--label and --task are for CSV tables", "--label", "digit"),
        bad("no such file or directory", "no/such/data"),
        bad("no such file", "--load", "no-such.safetensors"),
        bad("--epoch'; did you mean", "--epoch", "3"),
        bad("--recompute must be auto or a number of at least 1, not 0", "--recompute", "0"),
        bad("--recompute must be auto or a number of at least 1, not all", "--recompute", "all"),
        bad("Unmatched argument", "digits.csv", "second.csv"),
        bad("needs 1.", "--depth", "3", "--width", "2000000"),
        bad("needs 1.", "--folds", "5", "--depth", "3", "--width", "2000000"),
        bad("needs 6.40e+10 GB", "--depth", "2", "--width", "2000000000"),
        bad("--depth must be at most", "--depth", "2000000000"));
  }

  private static Arguments bad(String part, String... options) {
    return Arguments.of(List.of(part), List.of(options));
  }

  @ParameterizedTest
  @MethodSource
  void tables(String text, List<String> parts) {
    Path table = Samples.write(folder.resolve("spoilt.csv"), text);
    assertOneLine(parts, "train", table);
  }

  static List<Arguments> tables() {
    String head = "a,b,kind\n1,2,x\n3,4,y\n";
    return List.of(
        Arguments.of(head + "5,6\n", List.of("spoilt.csv line 4", "2 values, expected 3")),
        Arguments.of(head + "5,6,x,7\n", List.of("spoilt.csv line 4", "4 values, expected 3")),
        Arguments.of(head + "5,six,x\n", List.of("line 4, column 2", "six", "text")),
        Arguments.of(head + "NaN,6,x\n", List.of("line 4, column 1", "not finite")),
        Arguments.of(head + "5,-inf,x\n", List.of("line 4, column 2", "not finite")),
        Arguments.of(head + "5,,x\n", List.of("line 4, column 2", "empty")),
        Arguments.of(head + "5,6,\n", List.of("line 4, column 3", "empty")),
        Arguments.of("a,b,kind\n1,2,x\n3,4,x\n", List.of("at least two classes")),
        Arguments.of("a,a,kind\n1,2,x\n3,4,y\n", List.of("columns 1 and 2 both")),
        Arguments.of("a\n1\n2\n", List.of("one column")),
        Arguments.of("a,b\n", List.of("no rows")),
        Arguments.of("", List.of("empty")));
  }

  @Test
  void tablesAndOptions() {
    assertOneLine(List.of("no column is named 'knd'", "'kind'"), "train", trees, "--label", "knd");
    assertOneLine(List.of("is text"), "train", trees, "--task", "regression");
    assertOneLine(
        List.of("unknown --task 'sorting' (known: classification, regression)"),
        "train",
        trees,
        "--task",
        "sorting");
    assertOneLine(
        List.of("--loss cross_entropy does not fit a regression"),
        "train",
        prices,
        "--loss",
        "cross_entropy");
    Path other = Samples.write(folder.resolve("data.parquet"), "PAR1");
    assertOneLine(List.of("data.parquet", "neither"), "train", other);
  }

  @Test
  void images() {
    Path spoilt = Samples.images(folder.resolve("spoilt"), 40, 20, 4);
    Path file = spoilt.resolve("train-images-idx3-ubyte");
    byte[] sound = Samples.read(file);
    Samples.write(file, Arrays.copyOf(sound, sound.length - 1));
    assertOneLine(List.of("train-images-idx3-ubyte"), "train", spoilt);
    Samples.write(file, Arrays.copyOf(sound, 7));
    assertOneLine(List.of("train-images-idx3-ubyte"), "train", spoilt);
    byte[] lying = sound.clone();
    ByteBuffer.wrap(lying).putInt(4, Integer.MAX_VALUE);
    Samples.write(file, lying);
    assertOneLine(List.of("train-images-idx3-ubyte"), "train", spoilt);
    Samples.write(file, "<html>not found</html>");
    assertOneLine(List.of("train-images-idx3-ubyte"), "train", spoilt);
    assertOneLine(List.of("no train-images-idx3-ubyte"), "train", folder);
    assertOneLine(List.of("holds images and no labels"), "train", file);
    assertOneLine(List.of("--test is of no use"), "train", images, "--test", "0.2");
  }

  @Test
  void labelsOutOfRange() {
    Path four = folder.resolve("four.safetensors");
    Run.done("train", images, "--hidden", 4, "--epochs", 1, "--save", four);
    Path five = Samples.images(folder.resolve("five"), 40, 20, 5);
    assertOneLine(List.of("four.safetensors", "4 classes", "5 classes"), "evaluate", four, five);
    assertOneLine(List.of("4 classes", "5 classes"), "train", five, "--load", four);
    String fir = new String(Samples.read(trees), StandardCharsets.UTF_8).replace("oak", "fir");
    Path strange = Samples.write(folder.resolve("strange.csv"), fir);
    assertOneLine(List.of("strange.csv line 4", "'fir'"), "evaluate", model, strange);
  }

  @Test
  void foreignAndDamagedModels() {
    byte[] sound = Samples.read(model);
    Path spoilt = folder.resolve("spoilt.safetensors");
    for (int length : List.of(0, 4, 8, 100, sound.length - 1)) {
      Samples.write(spoilt, Arrays.copyOf(sound, length));
      assertOneLine(List.of("spoilt.safetensors"), "evaluate", spoilt, trees);
      assertOneLine(List.of("spoilt.safetensors"), "train", trees, "--load", spoilt);
    }
    String header = "{\"0.weight\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]}}";
    ByteBuffer foreign =
        ByteBuffer.allocate(Long.BYTES + header.length() + Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length())
            .put(header.getBytes(StandardCharsets.US_ASCII));
    Samples.write(spoilt, foreign.array());
    assertOneLine(List.of("no model of Fathom"), "predict", spoilt, trees);
    assertOneLine(List.of("trees.csv"), "predict", trees, trees);
  }

  @Test
  void modelsAndDataThatDoNotFit() {
    assertOneLine(List.of("takes rows of 4 numbers", "rows of 16"), "evaluate", model, images);
    assertOneLine(List.of("takes rows of 4 numbers", "rows of 64"), "evaluate", model);
    assertOneLine(List.of("rows of 64"), "train", "--load", model);
    assertOneLine(List.of("no label column 'kind'"), "evaluate", model, prices);
    assertOneLine(List.of("the feature 'height'"), "predict", model, prices);
    Path wide = Samples.write(folder.resolve("wide.csv"), "1,2,3,4,5,6,7\n8,9,8,7,6,5,4\n");
    assertOneLine(List.of("rows of 7"), "predict", model, wide);
    assertOneLine(List.of("7 columns"), "evaluate", model, wide);
    assertOneLine(List.of("leave out --hidden"), "train", trees, "--load", model, "--hidden", "4");
  }

  @Test
  void whatIsKnownOfTablesIsForTables() {
    List<String> parts = List.of("--label is for CSV tables, and DATA is ", "leave out the option");
    assertOneLine(parts, "evaluate", model, "--label", "kind");
    assertOneLine(parts, "evaluate", model, images, "--label", "kind");
    assertOneLine(parts, "predict", model, images, "--label", "kind");
    Path file = images.resolve("t10k-images-idx3-ubyte");
    assertOneLine(parts, "predict", model, file, "--label", "kind");
    List<String> both = List.of("--label and --task are for CSV tables");
    assertOneLine(both, "range", images, "--label", "kind");
    assertOneLine(both, "preflight", "--task", "regression");
    assertOneLine(both, "stress", images, "--task", "regression");
    for (String option : List.of("--label", "--task", "--labels")) {
      List<String> drawn = List.of(option, "--synthetic draws them; leave them out");
      String value = option.equals("--task") ? "regression" : "kind";
      assertOneLine(drawn, "stress", "--synthetic", "noise", option, value);
    }
  }

  @Test
  void filesThatCannotBeWritten() {
    Path nowhere = folder.resolve("no/such/folder/file");
    assertOneLine(List.of("--save", "cannot be written"), "train", "--save", nowhere);
    assertOneLine(List.of("--save", "is a directory"), "train", "--save", folder);
    assertOneLine(List.of("--json", "cannot be written"), "train", "--json", nowhere);
    assertOneLine(List.of("--json", "cannot be written"), "info", "--json", nowhere);
    assertOneLine(
        List.of("--json", "cannot be written"), "evaluate", model, trees, "--json", nowhere);
    assertOneLine(List.of("--out", "cannot be written"), "predict", model, trees, "--out", nowhere);
    Path packed = folder.resolve("packed.csv.GZ");
    List<String> plain = List.of("packed.csv.GZ cannot be written", "leave .gz out of its name");
    assertOneLine(plain, "train", trees, "--monitor", packed);
    assertOneLine(plain, "train", trees, "--json", packed);
    assertOneLine(plain, "predict", model, trees, "--out", packed);
    assertOneLine(plain, "range", trees, "--csv", packed);
    assertOneLine(plain, "stress", "--out", packed);
    assertOneLine(List.of("is an input"), "predict", model, trees, "--out", trees);
    assertOneLine(List.of("is an input"), "train", trees, "--json", trees);
  }

  @Test
  void trainingThatDiverges() {
    Run run =
        Run.of(
            "train",
            prices,
            "--optimizer",
            "sgd",
            "--lr",
            "1e30",
            "--hidden",
            "8",
            "--quiet",
            "--save",
            folder.resolve("never.safetensors"));
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("diverged at step "), run.err());
    assertTrue(!Samples.list(folder).contains("never.safetensors"));
  }

  @Test
  void commandsAndArguments() {
    assertOneLine(List.of("fathom", "trian"), "trian");
    assertOneLine(List.of("MODEL"), "predict");
    assertOneLine(List.of("DATA"), "predict", model);
    assertOneLine(List.of("MODEL"), "evaluate");
  }
}
