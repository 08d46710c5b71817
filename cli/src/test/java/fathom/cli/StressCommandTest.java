package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.lab.stress.Finding;
import fathom.lab.stress.FindingFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code fathom stress}: what it finds, keeps, goes on with and shows. */
class StressCommandTest {
  private static final int MANY = 10_000;
  private static final String SMALL =
      "stress --depth 2,6 --width 10 --activation tanh,relu --init lecun --gain 0.5..2/3 --steps 20";

  @TempDir private Path folder;

  private static Object[] words(String command, Object... more) {
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) command.split(" ", -1)));
    words.addAll(Arrays.asList(more));
    return words.toArray();
  }

  @Test
  void aGridIsTriedAndToldOf() {
    Path table = folder.resolve("found.csv");
    Run run = Run.done(words(SMALL, "--out", table, "--json", folder.resolve("sum.json")));
    assertEquals(12, FindingFile.read(table).size());
    Map<String, Object> json = Run.json(folder.resolve("sum.json"));
    assertEquals(12L, json.get("cells"));
    assertEquals(12L, json.get("done"));
    long sum = 0;
    for (String outcome :
        List.of("trains", "vanishes", "explodes", "saturates", "dies", "stalls", "diverges")) {
      sum += (long) json.get(outcome);
    }
    assertEquals(12, sum);
    assertTrue(run.out().contains("12 networks, "), run.out());
    assertTrue(run.out().contains("relu  gain 1.25  "), run.out());
    assertTrue(run.err().isEmpty() || run.err().contains("of 12, last: depth"), run.err());
  }

  @Test
  void fileAndFlagsMakeTheGrid() {
    Path grid = folder.resolve("grid.json");
    Samples.write(
        grid, "{\"depth\": [1, 2], \"width\": 6, \"activation\": \"elu\", \"norm\": [\"layer\"]}");
    Path file = folder.resolve("found.jsonl");
    Run unused =
        Run.done(
            words(
                "stress --synthetic teacher --features 5 --classes 3 --rows 60 --steps 3 --init he",
                "--grid",
                grid,
                "--depth",
                "3",
                "--out",
                file));
    List<Finding> found = FindingFile.read(file);
    assertEquals(1, found.size());
    assertEquals(
        "depth 3, width 6, elu, he x 1.0, bias 0.0, norm layer, skip none, sgd 0.1, seed 0",
        found.get(0).cell());
  }

  @Test
  void anyDataWillDo() {
    Path prices = Samples.prices(folder, "prices.csv", 100);
    Path images = Samples.images(folder.resolve("images"), 40, 10, 4);
    String small = "stress --depth 2 --width 6 --activation tanh --init xavier --steps 5 --quiet";
    for (Path data : List.of(prices, images)) {
      Run run = Run.done(words(small, data));
      assertTrue(run.out().contains(" at 2"), run.out());
      assertEquals("", run.err());
    }
    Run noise = Run.done(words(small, "--synthetic", "noise", "--rows", 50));
    assertTrue(noise.out().contains("1 stalls"), noise.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--depth 0 | the depth must be at least 1, not 0",
        "--depth two | --depth: 'two' is no number",
        "--activation relo | did you mean 'relu'",
        "--norm both | unknown --norm 'both' (known: none, batch, layer)",
        "--depth 1 --skip plain | skips need a depth of at least 2, not 1",
        "--steps 0 | --steps must be at least 1, not 0",
        "--resume | name it with --out",
        "--rows 5 | give --synthetic teacher or noise",
        "--synthetic noises | unknown --synthetic 'noises'",
        "--synthetic noise --classes 1 | --classes must be at least 2, not 1",
        "--seed 1..90000 | a grid has from 1 to 1,000,000 cells",
        "--depth 1000 --width 100000 | are free; use fewer or smaller layers, or a smaller --batch",
        "--grid none.json | --grid none.json: no such file",
        "none.csv | no such file or directory",
      })
  void whatCannotBeIsRefusedInALine(String options, String message) {
    Run run = Run.of(words("stress " + options));
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(message), run.err());
  }

  @Test
  void filesAreNotWrittenOver() {
    Path file = Samples.write(folder.resolve("found.jsonl"), "mine\n");
    Run there = Run.of(words(SMALL, "--out", file));
    assertTrue(there.err().contains("is there already"), there.err());
    Run none = Run.of(words(SMALL, "--out", file, "--resume"));
    assertTrue(none.err().contains("line 1 is no finding"), none.err());
    Run both = Run.of(words(SMALL, "--out", folder.resolve("x"), "--report", folder.resolve("x")));
    assertTrue(both.err().contains("name two files"), both.err());
    assertEquals("mine", Samples.lines(file).get(0));
    assertEquals(2, there.status());
    assertEquals(2, none.status());
    assertEquals(2, both.status());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"deep\": 3} | has 'deep', which is no axis (known: depth, width, activation,",
        "[10, 30] | holds no JSON object",
        "{\"depth\": [10, 30 | cannot be read: Unexpected end-of-input",
        "{\"depth\": 10, \"depth\": 30} | cannot be read: Duplicate field 'depth'",
        "{\"depth\": 10} {} | holds more than one JSON object",
        "{\"depth\": {\"from\": 1}} | grid.json: 'depth' holds neither a word or number nor a list of them",
        "{\"depth\": []} | grid.json: 'depth' needs a value, or several",
        "{\"depth\": [10, \"ten\"]} | grid.json: 'depth': 'ten' is no number",
        "{\"depth\": 2.5} | grid.json: 'depth': '2.5' is no number",
        "{\"norm\": \"bach\"} | grid.json: 'norm' 'bach' (known: none, batch, layer)",
        "{\"depth\": -3} | the depth must be at least 1, not -3",
      })
  void gridFilesThatAreNoneAreRefusedInALine(String text, String message) {
    Path grid = Samples.write(folder.resolve("grid.json"), text);
    Path out = folder.resolve("found.jsonl");
    Run run = Run.of("stress", "--grid", grid, "--out", out);
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(message), run.err());
    assertEquals(List.of("grid.json"), Samples.list(folder), "nothing is left");
  }

  /** What does not fit is found out when there are data; no file is begun for it. */
  @Test
  void whatFailsLateLeavesNoFile() {
    for (String name : List.of("found.jsonl", "found.csv")) {
      Run run = Run.of(words("stress --depth 1000 --width 100000", "--out", folder.resolve(name)));
      assertEquals(2, run.status(), run.err());
      assertTrue(run.err().contains("are free; use"), run.err());
      assertEquals(List.of(), Samples.list(folder));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theReportIsShown(boolean dark) throws Exception {
    Path page = folder.resolve("stress.html");
    Run unused = Run.done(words(SMALL, "--report", page, "--quiet"));
    String text = Files.readString(page);
    assertTrue(text.contains("default-src 'none'"), "nothing may be fetched");
    assertFalse(text.matches("(?s).*\\b(src|href)=.*"), "something would be fetched");
    Browser.Shown shown = new Browser(folder).show(page, dark);
    shown.requireSound(dark);
    // One map for each activation; q, gradient, correlation, saturated, loss, distribution.
    assertEquals("2", shown.probe("maps"));
    assertEquals("6", shown.probe("charts"));
    assertEquals("12", shown.probe("rows"));
    assertTrue(shown.dom().contains("fathom stress --depth 2,6 --width 10"), "the command");
  }

  @Test
  void everyColourAndPlaceCanBeChosen() throws Exception {
    Path page = folder.resolve("stress.html");
    Run unused = Run.done(words(SMALL, "--seed", "0,1", "--report", page, "--quiet"));
    String script =
        """
        const change = (k, v) => {
          const list = document.querySelectorAll(".controls select")[k];
          list.value = v;
          list.dispatchEvent(new Event("change"));
        };
        for (const o of [...document.querySelector(".controls select").options]) change(0, o.value);
        change(1, "gain");
        change(2, "activation");
        change(3, "-");
        change(4, "0");
        document.querySelectorAll(".row.head button").forEach(b => { b.click(); b.click(); });
        const search = document.querySelector(".search");
        search.value = "depth>2 relu";
        search.dispatchEvent(new Event("input"));
        document.querySelector(".view .row").click();
        document.querySelectorAll(".entry").forEach(e => e.click());
        """;
    Browser.Shown shown = new Browser(folder).show(page, false, script);
    shown.requireSound(false);
    assertEquals("1", shown.probe("maps"));
    assertEquals("6", shown.probe("rows"));
  }

  @Test
  void tenThousandNetworksAreShown() throws Exception {
    Path one = folder.resolve("one.jsonl");
    String command =
        "stress --depth 5 --width 8 --activation tanh --init xavier --steps 20 --quiet";
    Run unusedOne = Run.done(words(command, "--out", one));
    String line = Samples.lines(one).get(0);
    StringBuilder all = new StringBuilder();
    for (int seed = 1; seed <= MANY; seed++) {
      all.append(
          line.replace("seed 0\"", "seed " + seed + "\"")
              .replace("\"seed\":0", "\"seed\":" + seed));
      all.append('\n');
    }
    Path file = Samples.write(folder.resolve("many.jsonl"), all.toString());
    Path page = folder.resolve("many.html");
    Run unused =
        Run.done(
            words(command, "--seed", "1.." + MANY, "--out", file, "--resume", "--report", page));
    long size = Files.size(page);
    assertTrue(size < 16_000_000, size + " bytes");
    Browser.Shown shown = new Browser(folder).show(page, false);
    shown.requireSound(false);
    assertEquals("1", shown.probe("maps"));
    assertTrue(Integer.parseInt(shown.probe("rows")) < 50, "rows out of sight are elements");
    assertTrue(shown.dom().contains("10,000 of 10,000"), "the table's count");
  }
}
