package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.train.Checkpoint;
import fathom.train.Models;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** An output that cannot be written when the work is done ends with status 1, and is not lost. */
class UnwrittenTest {
  private static final Pattern KEPT = Pattern.compile("it is kept in ([^;\\s]+)");

  @TempDir private Path folder;

  @Test
  void aFullStandardOutputIsToldByEveryCommand() throws Exception {
    Path full = Path.of("/dev/full");
    Assumptions.assumeTrue(Files.exists(full));
    Path table = Samples.trees(folder, "trees.csv", 60);
    Path model = folder.resolve("model");
    String[] train = {"--hidden", "4", "--epochs", "1", "--quiet"};
    Run.done(words(List.of("train", table, "--batch-norm", "--save", model), train));
    List<Object[]> all = new ArrayList<>();
    all.add(words(List.of("--help")));
    all.add(words(List.of("--version")));
    all.add(words(List.of()));
    all.add(words(List.of("train", "--help")));
    all.add(words(List.of("info", "--json", "-")));
    all.add(words(List.of("predict", model, table)));
    all.add(words(List.of("predict", model, table, "--out", "-")));
    all.add(words(List.of("evaluate", model, table)));
    all.add(words(List.of("train", table, "--folds", 2), train));
    all.add(words(List.of("train", table, "--save", folder.resolve("again")), train));
    all.add(words(List.of("range", table, "--steps", 3, "--hidden", 4)));
    all.add(words(List.of("preflight", table, "--hidden", 4)));
    all.add(words(List.of("fold", model, "--save", folder.resolve("folded"))));
    all.add(words(List.of("reproduce", "--list")));
    all.add(words(List.of("stress", "--depth", 1, "--width", 4, "--steps", 1)));
    for (Object[] words : all) {
      Child child = Child.startInto(full, folder, words);
      List<String> said = child.lines();
      assertEquals(1, child.process().exitValue(), Arrays.toString(words) + child.said());
      String last = said.get(said.size() - 1);
      assertTrue(last.contains(": standard output cannot be written: "), child.said());
      assertEquals(0, said.stream().filter(line -> line.contains("\tat ")).count(), child.said());
    }
    assertTrue(Files.exists(folder.resolve("again")), "the model is there all the same");
    assertTrue(Files.exists(folder.resolve("folded")), "the model is there all the same");
  }

  private static Object[] words(List<Object> words, String... more) {
    return Stream.concat(words.stream(), Arrays.stream(more)).toArray();
  }

  /** The answers do not fit into a pipe, so that whoever writes them waits until it is closed. */
  @Test
  void aReaderWhoIsGoneIsNotTold() throws Exception {
    Path table = Samples.trees(folder, "trees.csv", 60);
    Path model = folder.resolve("model");
    Run.done("train", table, "--hidden", 4, "--epochs", 1, "--save", model, "--quiet");
    Path many = Samples.trees(folder, "many.csv", 30_000);
    Child child = Child.piped(folder, "predict", model, many);
    try (InputStream out = child.process().getInputStream()) {
      assertEquals('c', out.read());
    }
    assertEquals(List.of(), child.lines());
    assertEquals(1, child.process().exitValue());
  }

  /** Runs a command and does something as soon as it tells of an epoch. */
  private static Run run(Runnable atFirstEpoch, Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err =
        new StringWriter() {
          private boolean done;

          @Override
          public void write(String text, int from, int length) {
            super.write(text, from, length);
            if (!done && text.startsWith("epoch 1/")) {
              done = true;
              atFirstEpoch.run();
            }
          }
        };
    int status =
        Main.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(Arrays.stream(args).map(Object::toString).toArray(String[]::new));
    return new Run(status, out.toString(), err.toString());
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns where things are kept, which the caller deletes. */
  private static List<Path> kept(String line) {
    List<Path> all = new ArrayList<>();
    Matcher matcher = KEPT.matcher(line);
    while (matcher.find()) {
      all.add(Path.of(matcher.group(1)));
    }
    return all;
  }

  @Test
  void whatALongTrainingCameToIsKeptElsewhere() throws IOException {
    Path table = Samples.trees(folder, "trees.csv", 60);
    Path gone = Files.createDirectory(folder.resolve("gone"));
    Path whole = folder.resolve("whole.safetensors");
    Object[] settings = {"train", table, "--hidden", 4, "--epochs", 2};
    Run.done(words(Arrays.asList(settings), "--save", whole.toString()));
    Run run =
        run(
            () -> delete(gone),
            words(
                Arrays.asList(settings),
                "--save",
                gone.resolve("model.safetensors").toString(),
                "--report",
                gone.resolve("page.html").toString(),
                "--monitor",
                gone.resolve("layers.csv").toString(),
                "--json",
                gone.resolve("figures.json").toString()));
    List<String> said = run.err().lines().filter(line -> !line.startsWith("epoch")).toList();
    assertEquals(1, run.status(), run.err());
    assertEquals(1, said.size(), run.err());
    List<Path> kept = kept(said.get(0));
    assertEquals(
        List.of("layers.csv", "model.safetensors", "page.html", "figures.json"),
        kept.stream().map(file -> file.getFileName().toString()).toList(),
        said.get(0));
    assertEquals(-1, Files.mismatch(whole, kept.get(1)));
    Models.load(kept.get(1)).close();
    assertTrue(Run.json(kept.get(3)).get("test_loss") instanceof Double);
    assertTrue(Samples.lines(kept.get(0)).get(0).startsWith("step,"));
    kept.forEach(file -> delete(file.getParent()));
    assertTrue(said.get(0).contains("--save " + gone.resolve("model.safetensors") + ": cannot be"));
  }

  @Test
  void aCheckpointTooAndTheTrainingGoesOnFromThere() throws IOException {
    Path table = Samples.trees(folder, "trees.csv", 60);
    Path gone = Files.createDirectory(folder.resolve("gone"));
    Path whole = folder.resolve("whole.safetensors");
    Path model = folder.resolve("model.safetensors");
    Object[] settings = {"train", table, "--hidden", 4, "--epochs", 3};
    Run.done(words(Arrays.asList(settings), "--save", whole.toString()));
    Run run =
        run(
            () -> delete(gone),
            words(
                Arrays.asList(settings),
                "--checkpoint",
                gone.resolve("c").toString(),
                "--checkpoint-every",
                "3"));
    List<String> said = run.err().lines().filter(line -> !line.startsWith("epoch")).toList();
    assertEquals(1, run.status(), run.err());
    assertEquals(1, said.size(), run.err());
    Path kept = kept(said.get(0)).get(0);
    Run.done(
        words(Arrays.asList(settings), "--resume", kept.toString(), "--save", model.toString()));
    assertEquals(-1, Files.mismatch(whole, model));
    delete(kept.getParent());
  }

  @Test
  void aMonitorThatFailsLeavesTheCheckpoint() throws IOException {
    Path table = Samples.trees(folder, "trees.csv", 60);
    Path gone = Files.createDirectory(folder.resolve("gone"));
    Path whole = folder.resolve("whole.safetensors");
    Path model = folder.resolve("model.safetensors");
    Path checkpoint = folder.resolve("c");
    List<Object> settings = List.of("train", table, "--hidden", 4, "--epochs", 3);
    Run.done(words(settings, "--save", whole.toString()));
    String layers = gone.resolve("layers.csv").toString();
    String[] more = {"--checkpoint", checkpoint + "", "--checkpoint-every", "3"};
    Object[] words =
        Stream.concat(Arrays.stream(words(settings, more)), Stream.of("--monitor", layers))
            .toArray();
    // Of two steps an epoch, the third is the first to be kept after that.
    Run run = run(() -> delete(gone), words);
    assertEquals(1, run.status(), run.err());
    String last = run.err().lines().reduce((a, b) -> b).orElseThrow();
    assertTrue(last.contains("--monitor " + layers), last);
    kept(last).forEach(file -> delete(file.getParent()));
    Checkpoint.Progress at = Checkpoint.progress(checkpoint);
    Checkpoint.Progress place = new Checkpoint.Progress(at.epoch(), at.batch());
    Run.done(words(settings, "--resume", checkpoint.toString(), "--save", model.toString()));
    assertEquals(-1, Files.mismatch(whole, model));
    assertEquals(new Checkpoint.Progress(2, 1), place);
  }

  @Test
  void figuresOfOtherCommandsAreKeptToo() {
    Path full = Path.of("/dev/full");
    Assumptions.assumeTrue(Files.exists(full));
    Path table = Samples.trees(folder, "trees.csv", 60);
    for (List<Object> words :
        List.<List<Object>>of(
            List.of("info", "--json", full),
            List.of("range", table, "--steps", 3, "--hidden", 4, "--svg", full),
            List.of("range", table, "--steps", 3, "--hidden", 4, "--csv", full))) {
      Run run = Run.of(words.toArray());
      assertEquals(1, run.status(), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
      Path kept = kept(run.err()).get(0);
      assertTrue(Samples.read(kept).length > 20, run.err());
      delete(kept.getParent());
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void twoTrainingsDoNotWriteOneCheckpoint() throws Exception {
    Path table = Samples.trees(folder, "trees.csv", 60);
    Path file = folder.resolve("c");
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder);
    Object[] endless = {
      "train",
      table,
      "--hidden",
      4,
      "--epochs",
      1_000_000,
      "--checkpoint",
      file,
      "--checkpoint-every",
      5
    };
    Object[] second = {
      "train", table, "--hidden", 4, "--epochs", 1, "--quiet", "--checkpoint", null
    };
    Child first = Child.start(folder, endless);
    try {
      while (first.isAlive() && !Files.exists(file)) {
        boolean unused = first.process().waitFor(5, TimeUnit.MILLISECONDS);
      }
      assertTrue(first.isAlive(), first.said());
      for (Path same : List.of(file, link.resolve("c"))) {
        second[second.length - 1] = same;
        Run run = Run.of(second);
        assertEquals(2, run.status(), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        assertTrue(run.err().contains("another training writes to it"), run.err());
        assertTrue(first.isAlive());
      }
    } finally {
      int unused = first.process().destroyForcibly().waitFor();
    }
    assertTrue(Files.exists(folder.resolve(".c.lock")), "it had no time to clean up");
    Run.done(second);
    assertEquals(List.of("c", "err", "link", "out", "trees.csv"), Samples.list(folder));
  }
}
