package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.lab.stress.Finding;
import fathom.lab.stress.FindingFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sweeps whose process is stopped or killed, and that go on as if nothing had been. */
@DisabledOnOs(OS.WINDOWS)
class StressResumeTest {
  private static final long SEED = 6;
  private static final String GRID =
      "stress --depth 2,6 --width 10 --activation tanh,relu --init lecun --steps 20 --gain ";

  /** Some dozens of networks. */
  private static final String SMALL = GRID + "0.5..2/10";

  /** More than anybody waits for. */
  private static final String LONG = GRID + "1 --seed 1..20000";

  @TempDir private Path folder;

  private static Object[] words(String command, Object... more) {
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) command.split(" ", -1)));
    words.addAll(Arrays.asList(more));
    return words.toArray();
  }

  /** Findings by cell but for what depends on the machine. */
  private static Map<String, String> findings(Path file) {
    Map<String, String> all = new TreeMap<>();
    for (Finding finding : FindingFile.read(file)) {
      StringBuilder text = new StringBuilder();
      for (String name : Finding.fields().keySet()) {
        if (!Finding.TIMES.contains(name)) {
          text.append(finding.text(name)).append(finding.number(name));
          text.append(Arrays.toString(finding.numbers(name))).append(';');
        }
      }
      assertEquals(null, all.put(finding.cell(), text.toString()), "twice: " + finding.cell());
    }
    return all;
  }

  /** What a file holds in whole lines. */
  private static String lines(Path file) {
    String text = Files.exists(file) ? new String(Samples.read(file), StandardCharsets.UTF_8) : "";
    return text.substring(0, text.lastIndexOf('\n') + 1);
  }

  private static void waitForMore(Child child, Path file) throws InterruptedException {
    String before = lines(file);
    while (child.isAlive() && lines(file).length() <= before.length()) {
      Thread.sleep(1);
    }
  }

  /** As a kill in the midst of writing would leave it. */
  private static void tear(Path file, long bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(Math.max(0, channel.size() - bytes));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"found.jsonl", "found.csv"})
  void howeverItEndsItGoesOnWhereItWas(String name) throws IOException, InterruptedException {
    Path whole = folder.resolve("whole-" + name);
    Run unused = Run.done(words(SMALL, "--out", whole, "--threads", 1, "--quiet"));
    Path file = folder.resolve(name);
    SplittableRandom random = new SplittableRandom(SEED);
    for (String signal : List.of("KILL", "INT", "TERM", "KILL", "INT")) {
      String before = lines(file);
      Child child = Child.start(folder, words(SMALL, "--out", file, "--resume", "--threads", 2));
      waitForMore(child, file);
      Thread.sleep(random.nextLong(20));
      int status = child.end(signal);
      int expected = signal.equals("KILL") ? 137 : signal.equals("INT") ? 130 : 143;
      assertTrue(status == expected || status == 0, status + ": " + child.said());
      assertTrue(lines(file).startsWith(before), "what was done is still there");
      if (signal.equals("KILL") && random.nextBoolean()) {
        tear(file, 1 + random.nextLong(200));
      }
    }
    Run last = Run.done(words(SMALL, "--out", file, "--resume", "--quiet"));
    assertEquals(findings(whole), findings(file), "seed " + SEED);
    assertEquals(40, findings(file).size());
    assertTrue(last.out().contains("tanh  gain 0.5  "), last.out());
  }

  @Test
  void ctrlCKeepsWhatIsDoneAndSaysHowToGoOn() throws IOException, InterruptedException {
    Path file = folder.resolve("found.jsonl");
    Path page = folder.resolve("page.html");
    Path figures = folder.resolve("sum.json");
    int done = 0;
    for (int round = 0; round < 2; round++) {
      String before = lines(file);
      Child child =
          Child.start(
              folder, words(LONG, "--out", file, "--resume", "--report", page, "--json", figures));
      waitForMore(child, file);
      assertEquals(130, child.end("INT"), child.said());
      String said = child.said();
      String farewell = file + " keeps them: repeat the command with --resume";
      String[] all = said.split("[\\r\\n]+", -1);
      assertTrue(said.contains("sweep "), "no bar was drawn: " + said);
      int found = findings(file).size();
      assertEquals(
          String.format("stopped after %,d of 80,000 networks; %s", found, farewell),
          all[all.length - 2],
          said);
      assertTrue(found > done, found + " after " + done);
      assertTrue(lines(file).startsWith(before), "what was done is still there");
      assertEquals((long) found, Run.json(figures).get("done"));
      assertTrue(Files.readString(page).contains("\"count\":" + found), "the page has them");
      assertFalse(Samples.list(folder).stream().anyMatch(f -> f.endsWith(".tmp")));
      done = found;
    }
  }

  @Test
  void twoSweepsDoNotWriteToOneFile() throws IOException, InterruptedException {
    Path file = folder.resolve("found.jsonl");
    Child child = Child.start(folder, words(LONG, "--out", file));
    waitForMore(child, file);
    Run run = Run.of(words(LONG, "--out", file, "--resume"));
    assertEquals(2, run.status());
    assertTrue(run.err().contains("another sweep writes to it"), run.err());
    assertEquals(130, child.end("INT"), child.said());
    int found = findings(file).size();
    assertTrue(child.said().contains(String.format("stopped after %,d of", found)), child.said());
  }

  @Test
  void aFullDiskKeepsWhatIsDoneAndSaysSo() throws IOException, InterruptedException {
    for (String name : List.of("found.jsonl", "found.csv")) {
      Path file = folder.resolve(name);
      Child child = Child.startWithRoomFor(64, folder, words(LONG, "--out", file, "--quiet"));
      assertEquals(2, child.process().waitFor(), child.said());
      List<String> said =
          child.said().lines().filter(line -> !line.startsWith("WARNING: Using incub")).toList();
      assertEquals(1, said.size(), child.said());
      assertTrue(said.get(0).contains("--out " + file + ": cannot be written: "), said.get(0));
      assertTrue(said.get(0).endsWith("repeat the command with --resume"), said.get(0));
      String before = lines(file);
      assertEquals(before.length(), Files.size(file), "no line is torn");
      assertTrue(findings(file).size() > 1);
      Run unused = Run.done(words(SMALL, "--out", file, "--resume", "--quiet"));
      assertTrue(lines(file).startsWith(before));
    }
  }
}
