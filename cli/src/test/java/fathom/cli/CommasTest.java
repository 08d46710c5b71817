package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;

/** Options that take several values. */
class CommasTest {
  @ParameterizedTest
  @CsvSource({
    "train, --hidden, 8",
    "train, --layer-rates, 0.5",
    "train, --classes, 3",
    "train, --recurrent, gru:4",
    "train, --augment, shift=1",
    "range, --hidden, 8",
    "preflight, --hidden, 8",
    "stress, --depth, 2",
    "stress, --width, 4..8/2",
    "stress, --activation, tanh",
    "stress, --init, he",
    "stress, --gain, 1",
    "stress, --bias, 0",
    "stress, --norm, batch",
    "stress, --skip, none",
    "stress, --optimizer, sgd",
    "stress, --lr, 0.1",
    "stress, --seed, 1"
  })
  void noneMayBeMissing(String command, String option, String value) {
    for (String form : List.of("%s,", ",%s", "%1$s,,%1$s", "%1$s, ,%1$s", ",", "")) {
      String text = String.format(form, value);
      for (Run run : List.of(Run.of(command, option, text), Run.of(command, option + "=" + text))) {
        String wanted = option + " '" + text + "' lacks a value; give one, or several with one";
        assertEquals(2, run.status(), option + " " + text);
        assertTrue(run.err().contains(wanted), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        assertEquals("", run.out());
      }
    }
  }

  @Test
  void noOptionIsSplitWithoutIt() {
    List<ArgSpec> split = new ArrayList<>();
    for (CommandLine command : Main.commandLine().getSubcommands().values()) {
      split.addAll(command.getCommandSpec().args());
    }
    split.removeIf(arg -> arg.splitRegex().isEmpty());
    assertTrue(split.size() >= 4, split.toString());
    for (ArgSpec arg : split) {
      Commas unused = assertInstanceOf(Commas.class, arg.preprocessor(), arg.toString());
    }
  }

  @Test
  void valuesStandAsTheyAre() {
    assertEquals(List.of("8", " 4 ", "x=1"), Commas.values("--of", "8, 4 ,x=1"));
  }
}
