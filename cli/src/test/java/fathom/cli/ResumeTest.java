package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.train.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trainings whose process is killed, and that go on as if nothing had been. */
class ResumeTest {
  private static final long SEED = 4;
  private static final int KILLS = 3;

  private static final String STEADY =
      "train --hidden 24,24,24 --batch-norm --dropout 0.2 --residual --epochs 20 --batch 16"
          + " --schedule plateau --patience 0 --validation 0.1 --seed 5 --init lsuv";

  private static final String RECURRENT =
      "train --recurrent lstm:12,gru:10 --dropout 0.2 --truncate 5 --clip-norm 1 --epochs 8 --batch"
          + " 16 --validation 0.1 --seed 5";

  /** Its rate is far too high at first, and its loss at last no better. */
  private static final String WATCHED =
      "train PRICES --hidden 8 --optimizer sgd --lr 8 --epochs 60 --batch 4 --rollback"
          + " --early-stopping 3 --validation 0.1 --seed 5";

  /** Takes longer than anybody waits. */
  private static final String LONG = "train --hidden 24,24 --epochs 100000 --batch 16";

  @TempDir private Path folder;

  private static List<Object> words(String settings, Object... more) {
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) settings.split(" ")));
    words.addAll(Arrays.asList(more));
    return words;
  }

  @ParameterizedTest
  @ValueSource(strings = {STEADY, RECURRENT, WATCHED})
  void killedAndStoppedItEndsWithTheSameModel(String command)
      throws IOException, InterruptedException {
    Path table = Samples.prices(folder, "prices.csv", 200);
    String settings = command.replace("PRICES", table.toString());
    Path whole = folder.resolve("whole.safetensors");
    Path figures = folder.resolve("whole.json");
    Path seen = folder.resolve("whole.csv");
    Path report = folder.resolve("whole.html");
    List<Object> complete = words(settings, "--save", whole, "--json", figures, "--threads", 2);
    complete.addAll(List.of("--monitor", seen, "--report", report));
    Run all = Run.done(complete.toArray());
    boolean watched = command.equals(WATCHED);
    assertEquals(watched, all.err().contains("rollback to step"), all.err());
    assertEquals(watched, all.err().contains("is kept"), all.err());
    Path file = folder.resolve("checkpoint.safetensors");
    Path model = folder.resolve("model.safetensors");
    Object[] watching = {
      "--monitor", folder.resolve("steps.csv"), "--report", folder.resolve("run.html")
    };
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < KILLS; i++) {
      List<Object> words = words(settings, "--checkpoint", file, "--checkpoint-every", 7);
      words.addAll(Arrays.asList(watching));
      if (Files.exists(file)) {
        words.addAll(List.of("--resume", file));
      }
      Child child = start(words);
      waitForEpoch(child, file, 1 + i);
      boolean unused = child.process().waitFor(random.nextLong(20), TimeUnit.MILLISECONDS);
      if (i % 2 == 0) {
        int unusedStatus = child.process().destroyForcibly().waitFor();
      } else {
        child.process().destroy();
        int status = child.process().waitFor();
        String said = child.said();
        assertEquals(143, status, said);
        assertTrue(said.contains("repeat the command with --resume " + file), said);
      }
    }
    Path again = folder.resolve("again.json");
    List<Object> rest = words(settings, "--resume", file, "--save", model, "--json", again);
    rest.addAll(List.of("--threads", 1));
    rest.addAll(Arrays.asList(watching));
    Run unusedRest = Run.done(rest.toArray());
    assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(model), "seed " + SEED);
    Map<String, Object> expected = Run.json(figures);
    Map<String, Object> found = Run.json(again);
    for (String key : List.of("steps", "train_loss", "validation_loss", "test_loss")) {
      assertEquals(expected.get(key), found.get(key), key);
    }
    assertEquals(Samples.lines(seen), Samples.lines(folder.resolve("steps.csv")));
    assertEquals(curves(report), curves(folder.resolve("run.html")));
  }

  /** Returns all that a page draws, which holds no times. */
  private static String curves(Path page) throws IOException {
    String text = Files.readString(page);
    return text.substring(text.indexOf("\"epochs\":{"));
  }

  /** Waits for a checkpoint of the epoch that this process has written. */
  private static void waitForEpoch(Child child, Path file, int epoch)
      throws IOException, InterruptedException {
    long seen = Files.exists(file) ? Files.getLastModifiedTime(file).toMillis() : 0;
    while (child.isAlive()
        && (!Files.exists(file)
            || Files.getLastModifiedTime(file).toMillis() == seen
            || Checkpoint.progress(file).epoch() < epoch)) {
      Thread.sleep(1);
    }
    assertTrue(child.isAlive(), "it ended before it could be stopped");
  }

  private Child start(List<Object> words) throws IOException {
    return Child.start(folder, words.toArray());
  }

  /** Interrupts a process as Ctrl-C does, and looks at what it leaves behind. */
  private void interrupt(Child child, String farewell) throws Exception {
    int status = child.end("INT");
    String said = child.said();
    assertEquals(130, status, said);
    assertTrue(said.contains("training "), "no bar was drawn: " + said);
    String[] lines = said.split("[\\r\\n]+", -1);
    assertTrue(lines[lines.length - 2].startsWith("stopped; " + farewell), said);
    assertTrue(said.endsWith(System.lineSeparator()), said);
    assertEquals(1, said.split("stopped; ", -1).length - 1, said);
    assertFalse(Samples.list(folder).stream().anyMatch(f -> f.endsWith(".tmp")));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void interruptedWithACheckpointItSaysHowToGoOn() throws Exception {
    Path file = folder.resolve("checkpoint.safetensors");
    Path figures = folder.resolve("figures.json");
    Child child =
        start(words(LONG, "--checkpoint", file, "--checkpoint-every", 1, "--json", figures));
    waitForEpoch(child, file, 3);
    interrupt(child, file + " keeps the training: repeat the command with --resume " + file);
    assertEquals(List.of("checkpoint.safetensors", "err", "out"), Samples.list(folder));
    Child again = start(words(LONG, "--checkpoint-every", 1, "--resume", file));
    waitForEpoch(again, file, 4);
    interrupt(again, file + " keeps");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void interruptedWithoutACheckpointItSaysHowToBeAbleTo() throws Exception {
    Path model = folder.resolve("model.safetensors");
    for (List<Object> more :
        List.<List<Object>>of(List.of("--save", model), List.of("--folds", 3))) {
      List<Object> words = words(LONG);
      words.addAll(more);
      Child child = start(words);
      while (child.isAlive() && !child.said().contains(" 2/100000")) {
        Thread.sleep(5);
      }
      interrupt(child, "nothing is kept: repeat the command, with --checkpoint FILE");
      assertEquals(List.of("err", "out"), Samples.list(folder));
    }
  }

  @Test
  void anotherCommandIsRefusedInALine() {
    Path file = folder.resolve("c.safetensors");
    Path table = Samples.trees(folder, "trees.csv", 90);
    Path other = Samples.trees(folder, "other.csv", 80);
    Run unused = Run.done("train", table, "--hidden", 4, "--epochs", 1, "--checkpoint", file);
    Run done = Run.done("train", table, "--hidden", 4, "--epochs", 1, "--resume", file);
    assertEquals("", done.err().replaceAll("epoch 1/1 .*\\R", ""));
    refused("--batch 32, and this command has 16", table, "--batch", 16, "--resume", file);
    refused("--dropout not given, and this", table, "--dropout", 0.1, "--resume", file);
    refused("72 rows with checksum", other, "--resume", file);
    refused("no such file", table, "--resume", folder.resolve("none"));
    refused("steps, such as 500, or", table, "--checkpoint", file, "--checkpoint-every", "0s");
    refused("give both", table, "--checkpoint-every", "5");
    refused("--folds trains many", table, "--checkpoint", file, "--folds", 3);
    refused("name two files", table, "--checkpoint", file, "--save", file);
    refused("cannot be written", table, "--checkpoint", folder);
  }

  private static void refused(String part, Object... args) {
    List<Object> words = new ArrayList<>(List.of("train", "--hidden", 4, "--epochs", 1));
    words.addAll(Arrays.asList(args));
    Run run = Run.of(words.toArray());
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(part), "'" + part + "' is not in: " + run.err());
  }
}
