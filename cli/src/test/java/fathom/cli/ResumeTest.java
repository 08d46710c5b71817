package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trainings whose process is killed, and that go on as if nothing had been. */
class ResumeTest {
  private static final long SEED = 4;
  private static final int KILLS = 3;

  private static final String SETTINGS =
      "train --hidden 24,24,24 --batch-norm --dropout 0.2 --residual --epochs 20 --batch 16"
          + " --schedule plateau --patience 0 --validation 0.1 --seed 5 --init lsuv";

  private static final String RECURRENT =
      "train --recurrent lstm:12,gru:10 --dropout 0.2 --truncate 5 --clip-norm 1 --epochs 8 --batch"
          + " 16 --validation 0.1 --seed 5";

  @TempDir private Path folder;
  private String settings = SETTINGS;

  private List<Object> settings(Object... more) {
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) settings.split(" ")));
    words.addAll(Arrays.asList(more));
    return words;
  }

  @ParameterizedTest
  @ValueSource(strings = {SETTINGS, RECURRENT})
  void killedAndStoppedItEndsWithTheSameModel(String command)
      throws IOException, InterruptedException {
    settings = command;
    Path whole = folder.resolve("whole.safetensors");
    Path figures = folder.resolve("whole.json");
    Run unused = Run.done(settings("--save", whole, "--json", figures, "--threads", 2).toArray());
    Path file = folder.resolve("checkpoint.safetensors");
    Path model = folder.resolve("model.safetensors");
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < KILLS; i++) {
      Process child = start(file);
      long seen = Files.exists(file) ? Files.getLastModifiedTime(file).toMillis() : 0;
      while (child.isAlive()
          && (!Files.exists(file) || Files.getLastModifiedTime(file).toMillis() == seen)) {
        Thread.sleep(1);
      }
      child.waitFor(random.nextLong(20), TimeUnit.MILLISECONDS);
      if (i % 2 == 0) {
        child.destroyForcibly().waitFor();
      } else {
        child.destroy();
        int status = child.waitFor();
        String said = Files.readString(folder.resolve("err"));
        assertEquals(143, status, said);
        assertTrue(said.contains("repeat the command with --resume " + file), said);
      }
    }
    Path again = folder.resolve("again.json");
    Run unusedRest =
        Run.done(
            settings("--resume", file, "--save", model, "--json", again, "--threads", 1).toArray());
    assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(model), "seed " + SEED);
    Map<String, Object> expected = Run.json(figures);
    Map<String, Object> found = Run.json(again);
    for (String key : List.of("steps", "train_loss", "validation_loss", "test_loss")) {
      assertEquals(expected.get(key), found.get(key), key);
    }
  }

  private Process start(Path file) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-XX:+UseSerialGC"));
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    settings("--checkpoint", file, "--checkpoint-every", 7).forEach(w -> command.add(w.toString()));
    if (Files.exists(file)) {
      command.addAll(List.of("--resume", file.toString()));
    }
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(folder.resolve("err").toFile())
        .start();
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
