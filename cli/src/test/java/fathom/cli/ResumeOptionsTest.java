package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Model.OptionSpec;

/** Every option that bears on a training's numbers must be as it was when a training goes on. */
class ResumeOptionsTest {
  private static final String SMALL = "--depth 2 --width 4 --activation selu --validation 0.2 ";

  private static final String STEPS = "--recurrent gru:3 --sequence 4";

  /** Names of options of which {@code --resume} has another reason to refuse them. */
  private static final Set<String> APART = Set.of("--folds", "--load", "--label", "--labels");

  /**
   * What may be given in place of what was given, and what both are called: command that writes |
   * command that goes on | option | what it was | what it is.
   */
  private static final List<String> CHANGES =
      List.of(
          SMALL + "|" + SMALL + "--task classification|--task|not given|classification",
          "--hidden 4,4|--hidden 4,5|--hidden|[4, 4]|[4, 5]",
          "--depth 2 --width 4|--depth 3 --width 4|--depth|2|3",
          "--depth 2 --width 4|--depth 2 --width 5|--width|4|5",
          "--hidden 4|--hidden 4 --activation tanh|--activation|not given|tanh",
          change("--init", "he_normal"),
          change("--batch-norm"),
          change("--layer-norm"),
          change("--dropout", "0.1"),
          change("--input-dropout", "0.1"),
          change("--alpha-dropout", "0.1"),
          change("--noise", "0.1"),
          change("--residual"),
          SMALL
              + "--residual|"
              + SMALL
              + "--residual --residual-block 1|--residual-block|not given|1",
          SMALL
              + "--residual|"
              + SMALL
              + "--residual --residual-scale 0.5|--residual-scale|not given|0.5",
          change("--loss", "cross_entropy"),
          SMALL + "|" + SMALL + "--optimizer sgd|--optimizer|adam|sgd",
          change("--lr", "0.5"),
          SMALL + "|" + SMALL + "--schedule constant|--schedule|cosine|constant",
          change("--warmup", "1"),
          change("--lr-end", "1.0E-5"),
          SMALL + "--schedule step|" + SMALL + "--schedule step --decay 0.3|--decay|not given|0.3",
          SMALL + "--schedule step|" + SMALL + "--schedule step --period 2|--period|not given|2",
          SMALL
              + "--schedule restarts|"
              + SMALL
              + "--schedule restarts --period-growth 2|--period-growth|not given|2",
          SMALL + "--schedule power|" + SMALL + "--schedule power --power 2|--power|not given|2.0",
          SMALL
              + "--schedule plateau|"
              + SMALL
              + "--schedule plateau --patience 2|--patience|not given|2",
          SMALL
              + "--optimizer momentum|"
              + SMALL
              + "--optimizer momentum --momentum 0.5|--momentum|not given|0.5",
          SMALL
              + "--optimizer rmsprop|"
              + SMALL
              + "--optimizer rmsprop --centered|--centered|false|true",
          change("--layer-rates", "1,0.5,1").replace("given|1,0.5,1", "given|[1.0, 0.5, 1.0]"),
          change("--weight-decay", "0.1"),
          change("--clip-norm", "1.0"),
          change("--clip-value", "1.0"),
          change("--clip-layer-norm", "1.0"),
          change("--l1", "0.1"),
          change("--max-norm", "3.0"),
          change("--label-smoothing", "0.1"),
          SMALL
              + "--label-smoothing 0.1|"
              + SMALL
              + "--label-smoothing 0.2|--label-smoothing|0.1|0.2",
          change("--early-stopping", "3"),
          SMALL + "--early-stopping 3|" + SMALL + "--early-stopping 4|--early-stopping|3|4",
          change("--mixup", "0.2"),
          SMALL + "|" + SMALL + "--batch 16|--batch|32|16",
          SMALL + "|" + SMALL + "--epochs 3|--epochs|2|3",
          SMALL + "|" + SMALL + "--seed 3|--seed|0|3",
          change("--no-shuffle"),
          change("--test", "0.3"),
          SMALL + "|--depth 2 --width 4 --activation selu --validation 0.3|--validation|0.2|0.3",
          change("--classes", "oak,ash").replace("given|oak,ash", "given|[oak, ash]"),
          change("--labels-per-class", "9"),
          STEPS.replace("gru:3", "gru:4") + "|" + STEPS + "|--recurrent|[gru:4]|[gru:3]",
          STEPS + "|" + STEPS.replace("sequence 4", "sequence 2") + "|--sequence|4|2",
          STEPS + "|" + STEPS + " --truncate 2|--truncate|not given|2",
          STEPS + "|" + STEPS + " --recurrent-init identity|--recurrent-init|not given|identity",
          change("--anomaly"),
          change("--rollback"));

  @TempDir private Path folder;

  private static String change(String option, String value) {
    return SMALL + "|" + SMALL + option + " " + value + "|" + option + "|not given|" + value;
  }

  private static String change(String flag) {
    return SMALL + "|" + SMALL + flag + "|" + flag + "|false|true";
  }

  @Test
  void aChangeOfEachIsRefusedWithBothValues() {
    Path table = Samples.trees(folder, "trees.csv", 90);
    Map<String, Path> written = new HashMap<>();
    List<Executable> all = new ArrayList<>();
    for (String change : CHANGES) {
      String[] parts = change.split("\\|", -1);
      Path file = written.computeIfAbsent(parts[0], words -> write(words, table, written.size()));
      List<Object> words = words(parts[1], table);
      words.addAll(List.of("--resume", file));
      String said =
          String.format(
              "was written with %s %s, and this command has %s;", parts[2], parts[3], parts[4]);
      all.add(() -> refuses(said, words));
    }
    assertAll(all);
  }

  private Path write(String options, Path table, int number) {
    Path file = folder.resolve(number + ".safetensors");
    List<Object> words = words(options, table);
    words.addAll(List.of("--checkpoint", file, "--quiet"));
    Run unused = Run.done(words.toArray());
    return file;
  }

  private static List<Object> words(String options, Path table) {
    List<Object> words = new ArrayList<>(List.of("train", table));
    words.addAll(Arrays.asList((Object[]) options.strip().split(" +")));
    if (!words.contains("--epochs")) {
      words.addAll(List.of("--epochs", 2));
    }
    return words;
  }

  private static void refuses(String part, List<Object> words) {
    Run run = Run.of(words.toArray());
    assertEquals(2, run.status(), words + ": " + run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertEquals("", run.out());
    assertTrue(run.err().contains(part), "'" + part + "' is not in: " + run.err());
  }

  @Test
  void noOptionIsForgotten() {
    Set<String> known =
        CHANGES.stream().map(c -> c.split("\\|", -1)[2]).collect(Collectors.toSet());
    known.addAll(APART);
    known.addAll(CheckpointOptions.FREE);
    known.addAll(Set.of("--freeze", "--new-head", "--augment"));
    Set<String> options = new TreeSet<>();
    for (OptionSpec option :
        Main.commandLine().getSubcommands().get("train").getCommandSpec().options()) {
      options.add(option.longestName());
    }
    assertEquals(options, new TreeSet<>(known));
  }

  @Test
  void otherDataAndOtherImagesToo() {
    Path images = Samples.images(folder.resolve("idx"), 60, 20, 3);
    Path more = Samples.images(folder.resolve("more"), 70, 20, 3);
    Path file = write("--hidden 4", images, 0);
    List<Object> augmented = words("--hidden 4 --augment shift=1 --resume " + file, images);
    refuses("with --augment not given, and this command has shift=1;", augmented);
    refuses("with to train on 60 rows", words("--hidden 4 --resume " + file, more));
  }

  @Test
  void aRefusalStandsAloneWhereverItIsFound() {
    Path table = Samples.trees(folder, "trees.csv", 90);
    Path file = write("--hidden 4 --monitor " + folder.resolve("then.csv"), table, 0);
    String sound = new String(Samples.read(file), StandardCharsets.ISO_8859_1);
    String other = "--hidden 4 --seed 3 --json - --resume " + file;
    refuses("with --seed 0, and this command has 3", words(other, table));
    // Lacks the monitor's earlier lines as well, which is worth a line only where it goes on.
    String same =
        "--hidden 4 --json - --monitor " + folder.resolve("now.csv") + " --resume " + file;
    String noted = sound.replaceFirst("(note\\.steps\":\")[0-9]", "$1x");
    Samples.write(file, noted.getBytes(StandardCharsets.ISO_8859_1));
    refuses("is damaged", words(same, table));
    String moment = sound.replaceFirst("optimizer\\.", "optimiser.");
    Samples.write(file, moment.getBytes(StandardCharsets.ISO_8859_1));
    refuses("the file is damaged", words(same, table));
  }

  @Test
  void aModelToStartFromToo() {
    Path table = Samples.trees(folder, "trees.csv", 90);
    Path model = folder.resolve("model.safetensors");
    Path other = folder.resolve("other.safetensors");
    for (Path save : List.of(model, other)) {
      Run unused = Run.done(words("--hidden 4,4 --save " + save, table).toArray());
    }
    Path file = write("--load " + model, table, 0);
    String resume = " --resume " + file;
    refuses("with --freeze not given", words("--load " + model + " --freeze 1" + resume, table));
    refuses("with --new-head false", words("--load " + model + " --new-head" + resume, table));
    refuses("with --load " + model, words("--load " + other + resume, table));
    refuses("with --hidden not given", words("--hidden 4,4" + resume, table));
  }
}
