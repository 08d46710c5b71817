package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a step does, told before there is a network. */
class PlanCommandTest {
  @TempDir private Path folder;

  @Test
  void itTellsAStepFromTopToBottom() {
    String text = Run.done("plan", "--inputs", 6, "--hidden", "5", "--batch", 2).out();
    List<String> lines = text.lines().toList();
    assertEquals("a training step of 2 rows", lines.get(0));
    assertEquals(
        List.of("forward", "loss", "backward"),
        lines.stream()
            .filter(l -> !l.isEmpty() && Character.isLetter(l.charAt(0)) && !l.startsWith("a "))
            .toList());
    assertTrue(lines.get(3).contains("0 5 relu  Z = W X"), text);
    assertTrue(lines.get(lines.size() - 2).contains("dW = dZ transpose(X)"), text);
  }

  @Test
  void dataTellInputsAndOutputs() {
    Path table = Samples.trees(folder, "trees.csv", 30);
    String json = Run.done("plan", table, "--hidden", "8,8", "--layer-norm", "--json", "-").out();
    int parameters = 4 * 8 + 8 * 8 + 8 * 3 + 8 + 8 + 3 + 4 * 8;
    double forward = 2.0 * 32 * (4 * 8 + 8 * 8 + 8 * 3);
    double flops = 3 * forward - 2.0 * 32 * 4 * 8;
    String start =
        "{\"architecture\":\"4 8:identity layer_norm:relu:1.0E-5 8:identity layer_norm:relu:1.0E-5"
            + " 3:identity\",\"parameters\":"
            + parameters
            + ",\"batch\":32,\"flops\":"
            + flops
            + ",\"bytes\":";
    assertTrue(json.startsWith(start), json);
    String first =
        ",\"stages\":[{\"phase\":\"forward\",\"group\":0,\"layer\":0,\"operation\":\"Z = W X\","
            + "\"reads\":\"x 32x4\",\"writes\":\"z0 8x32\",\"parameters\":\"0.weight\",\"flops\":2048.0},";
    assertTrue(json.contains(first), json);
    assertTrue(json.strip().endsWith("}]}"), json);
  }

  @Test
  void anAnswerGoesForwardOnly() {
    String answer =
        Run.done("plan", "--inputs", 3, "--depth", 2, "--width", 4, "--inference").out();
    assertTrue(answer.startsWith("an inference of 32 rows\n"), answer);
    assertTrue(!answer.contains("backward"), answer);
    String recomputed =
        Run.done("plan", "--inputs", 3, "--depth", 9, "--width", 4, "--recompute", "auto").out();
    assertTrue(recomputed.contains("again: Z = W X"), recomputed);
    String frozen = Run.done("plan", "--inputs", 3, "--depth", 3, "--freeze", 2).out();
    assertEquals(2, frozen.lines().filter(line -> line.contains("dW = ")).count(), frozen);
  }

  @Test
  void whatCannotBePlannedIsRefused() {
    refused("--batch must be at least 1, not 0", "--batch", 0);
    refused("--inputs must be at least 1, not 0", "--inputs", 0);
    refused("--outputs goes with --inputs", "--outputs", 3);
    refused("--freeze 6 leaves nothing to learn of the 6 layers", "--freeze", 6);
    refused("--freeze is for training", "--freeze", 1, "--inference");
    refused("--recompute must be auto or a number", "--recompute", "x");
    refused("leave one out", "table.csv", "--inputs", 3);
    refused("is for hidden layers", "--depth", 0, "--activation", "tanh");
  }

  private static void refused(String reason, Object... words) {
    Object[] all = new Object[words.length + 1];
    all[0] = "plan";
    System.arraycopy(words, 0, all, 1, words.length);
    Run run = Run.of(all);
    assertEquals(2, run.status(), run.err());
    assertTrue(run.err().contains(reason), run.err());
  }
}
