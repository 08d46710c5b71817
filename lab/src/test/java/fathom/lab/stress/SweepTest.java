package fathom.lab.stress;

import static fathom.lab.LabBench.DIGITS;
import static fathom.lab.LabBench.ENGINE;
import static fathom.lab.LabBench.engine;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.DataException;
import fathom.data.Dataset;
import fathom.lab.LabBench;
import fathom.nn.Activation;
import fathom.nn.HiddenLayers;
import fathom.nn.Initializer;
import fathom.optim.Method;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trials of cells, sweeps of many, and the files that they stream to. */
class SweepTest {
  @TempDir private Path folder;

  private static GridCell cell(int depth, int width, String activation, String init, float rate) {
    return LabBench.cell(depth, width, activation, init, GridCell.Skip.NONE, rate, 0);
  }

  private static Finding found(GridCell cell) {
    return new Trial(DIGITS.rows(), 200, 32).run(cell, ENGINE, () -> false);
  }

  @Test
  void aNetworkWhoseNumbersOverflowDivergesAtAStepInALayer() {
    Finding finding = found(cell(6, 32, "relu", "he", 1e6f));
    assertEquals("diverges", finding.text("outcome"), finding.text("evidence"));
    int step = (int) finding.number("step");
    int layer = (int) finding.number("failed_layer");
    assertTrue(layer >= 1 && layer <= 7, "layer " + layer);
    assertEquals("diverges at step " + step + " in layer " + layer, finding.text("verdict"));
    assertEquals(step - 1, finding.number("steps"));
    assertTrue(finding.text("evidence").contains("first non-finite number"));
  }

  @Test
  void constantAnswersHaveTheBaseline() {
    float[][] x = {{0}, {1}, {2}, {3}};
    try (Dataset classes = Dataset.ofLabels(x, new int[] {0, 1, 0, 0}, 2);
        Dataset numbers = Dataset.ofTargets(x, new float[][] {{1}, {2}, {1}, {4}})) {
      GridCell cell = cell(1, 4, "tanh", "xavier", 0.1f);
      Finding c = new Trial(classes.rows(), 20, 4).run(cell, ENGINE, () -> false);
      double entropy = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
      assertEquals(entropy, c.number("loss_baseline"), 1e-12);
      Finding t = new Trial(numbers.rows(), 20, 4).run(cell, ENGINE, () -> false);
      assertEquals(22 / 4.0 - 4, t.number("loss_baseline"), 1e-12);
      assertEquals(1 - t.number("loss_last") / 1.5, t.number("learnt"), 1e-12);
    }
  }

  private static final Grid GRID =
      new Grid(
          List.of(2, 5),
          List.of(12),
          List.of(Activation.TANH, Activation.RELU),
          List.of("xavier", "he"),
          List.of(1.0),
          List.of(0.0, 0.1),
          List.of(HiddenLayers.Norm.BATCH),
          List.of(GridCell.Skip.SCALED),
          List.of(Method.SGD),
          List.of(),
          List.of(3L));

  private static List<Finding> sweep(Sweep sweep, int workers, FindingFile file) {
    List<Finding> found = new ArrayList<>();
    boolean whole =
        sweep.run(
            workers,
            () -> engine(1),
            (finding, cost) -> {
              found.add(finding);
              if (file != null) {
                file.append(finding);
              }
            },
            () -> false);
    assertTrue(whole);
    return found;
  }

  private static List<Finding> sorted(List<Finding> found) {
    return found.stream().sorted(Comparator.comparing(Finding::cell)).toList();
  }

  private static void assertAlike(List<Finding> expected, List<Finding> found) {
    assertEquals(expected.size(), found.size());
    for (int i = 0; i < expected.size(); i++) {
      for (String name : Finding.fields().keySet()) {
        if (!Finding.TIMES.contains(name)) {
          Object value = expected.get(i).value(name);
          if (value instanceof double[] run) {
            assertArrayEquals(run, found.get(i).numbers(name), name);
          } else {
            assertEquals(value, found.get(i).value(name), name);
          }
        }
      }
    }
  }

  @Test
  void findingsDependNeitherOnWorkersNorOnTheFile() {
    Trial trial = new Trial(DIGITS.rows(), 10, 16);
    List<Finding> alone = sweep(new Sweep(trial, GRID.cells(), List.of()), 1, null);
    assertEquals(GRID.cells().stream().map(GridCell::toString).toList(), cells(alone));
    List<Finding> sideBySide = sweep(new Sweep(trial, GRID.cells(), List.of()), 3, null);
    assertAlike(sorted(alone), sorted(sideBySide));
    for (String name : List.of("f.jsonl", "f.csv")) {
      Path path = folder.resolve(name);
      try (FindingFile file = FindingFile.create(path, "a, \"setup\"")) {
        alone.forEach(file::append);
      }
      List<Finding> read = FindingFile.read(path);
      assertAlike(alone, read);
      assertEquals(GRID.cells(), read.stream().map(Finding::toCell).toList());
    }
  }

  private static List<String> cells(List<Finding> found) {
    return found.stream().map(Finding::cell).toList();
  }

  /** Whatever a killed process has left of a file, nothing is done twice and nothing is lost. */
  @ParameterizedTest
  @ValueSource(strings = {"f.jsonl", "f.csv"})
  void aFileTornAnywhereIsGoneOnWith(String name) throws IOException {
    Trial trial = new Trial(DIGITS.rows(), 2, 16);
    List<GridCell> cells = GRID.cells().subList(0, 4);
    Path whole = folder.resolve("whole-" + name);
    try (FindingFile file = FindingFile.create(whole, "setup")) {
      sweep(new Sweep(trial, cells, List.of()), 1, file);
    }
    List<Finding> expected = FindingFile.read(whole);
    assertEquals(cells.size(), expected.size());
    byte[] bytes = Files.readAllBytes(whole);
    TreeSet<Integer> cuts = new TreeSet<>(List.of(0, 1, bytes.length - 1, bytes.length));
    for (int i = 1; i < bytes.length; i++) {
      if (bytes[i - 1] == '\n') {
        cuts.addAll(List.of(i - 1, i, i + 1, i + 40));
      }
    }
    cuts.removeIf(cut -> cut > bytes.length);
    for (int cut : cuts) {
      Path torn = folder.resolve("torn-" + cut + "-" + name);
      Files.write(torn, java.util.Arrays.copyOf(bytes, cut));
      try (FindingFile file = FindingFile.resume(torn, "setup")) {
        Sweep rest = new Sweep(trial, cells, file.found());
        String left = new String(bytes, 0, cut, StandardCharsets.UTF_8);
        int lines = (int) left.chars().filter(c -> c == '\n').count();
        int done = Math.max(0, lines - (name.endsWith(".csv") ? 1 : 0));
        assertEquals(cells.size() - done, rest.cells().size(), "cut at " + cut);
        List<Finding> unused = rest.cells().isEmpty() ? null : sweep(rest, 1, file);
      }
      assertAlike(expected, FindingFile.read(torn));
    }
  }

  @Test
  void anotherFileIsRefused() throws IOException {
    Path path = folder.resolve("f.jsonl");
    try (FindingFile file = FindingFile.create(path, "digits, 10 steps")) {
      file.append(found(cell(2, 8, "tanh", "xavier", 0.1f)));
    }
    DataException again =
        assertThrows(DataException.class, () -> FindingFile.create(path, "digits, 10 steps"));
    assertTrue(again.getMessage().contains("is there already"), again.getMessage());
    DataException other =
        assertThrows(DataException.class, () -> FindingFile.resume(path, "digits, 20 steps"));
    assertTrue(other.getMessage().contains("[digits, 10 steps]"), other.getMessage());
    assertTrue(other.getMessage().contains("[digits, 20 steps]"), other.getMessage());
    Files.writeString(path, "{\"a\": 1}\n");
    DataException none = assertThrows(DataException.class, () -> FindingFile.read(path));
    assertTrue(none.getMessage().contains("line 1 is no finding"), none.getMessage());
  }

  @Test
  void whoStopsGivesUpWhatIsUnderWay() {
    Trial trial = new Trial(DIGITS.rows(), 50, 16);
    Sweep sweep = new Sweep(trial, GRID.cells(), List.of());
    List<Finding> found = new ArrayList<>();
    AtomicInteger asked = new AtomicInteger();
    boolean whole =
        sweep.run(
            2,
            () -> engine(1),
            (finding, cost) -> found.add(finding),
            () -> asked.incrementAndGet() > 3 * 50 + 10);
    assertFalse(whole);
    assertTrue(found.size() >= 1 && found.size() <= 3, found.size() + " cells");
  }

  @Test
  void failuresOfWorkersAreThrown() {
    Sweep sweep = new Sweep(new Trial(DIGITS.rows(), 5, 16), GRID.cells(), List.of());
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () ->
                sweep.run(
                    2,
                    () -> engine(1),
                    (finding, cost) -> {
                      throw new IllegalStateException("disk full");
                    },
                    () -> false));
    assertEquals("disk full", e.getMessage());
  }

  @Test
  void gridsHaveAllCombinations() {
    List<GridCell> cells = GRID.cells();
    assertEquals(16, cells.size());
    assertEquals(16, cells.stream().map(GridCell::toString).distinct().count());
    assertEquals(Method.SGD.rate(), cells.get(0).rate());
    assertEquals(1.0, cell(2, 50, "tanh", "lecun", 1).weightVariance(), 1e-12);
    assertEquals(2.0, cell(2, 50, "relu", "he", 1).weightVariance(), 1e-12);
    assertEquals(
        Initializer.tableElevenOne(Activation.TANH, false).toString(),
        cell(2, 50, "tanh", "table_11_1", 1).initializer().toString());
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> cell(2, 50, "gelu", "table_11_1", 1));
    assertTrue(e.getMessage().contains("no row for 'gelu'"), e.getMessage());
  }

  @Test
  void cellsAreBuiltAsTheySay() {
    for (GridCell cell : GRID.cells()) {
      try (var network = cell.network(ENGINE, 20, 10)) {
        assertEquals(cell.parameters(20, 10), network.parameterCount(), cell.toString());
      }
    }
    GridCell plain =
        new GridCell(
            4,
            30,
            Activation.TANH,
            "he",
            1,
            0.5,
            HiddenLayers.Norm.NONE,
            GridCell.Skip.PLAIN,
            Method.SGD,
            0.1f,
            7);
    try (var network = plain.network(ENGINE, 20, 10)) {
      assertEquals(plain.parameters(20, 10), network.parameterCount());
      // Thirty draws of deviation 0.5: their root mean square is within five standard errors.
      double sum = 0;
      for (float[] b : network.parameters().get("0.bias").toArray()) {
        sum += b[0] * b[0];
      }
      assertEquals(0.5, Math.sqrt(sum / 30), 5 * 0.5 / Math.sqrt(60));
    }
  }

  @Test
  void syntheticDataAreEqualForEqualSeeds() {
    try (Dataset a = SyntheticData.teacher(ENGINE, 300, 8, 3, 5);
        Dataset b = SyntheticData.teacher(ENGINE, 300, 8, 3, 5);
        Dataset noise = SyntheticData.noise(300, 8, 3, 5)) {
      assertArrayEquals(a.inputs().toArray(), b.inputs().toArray());
      assertArrayEquals(a.rows().classCounts(), b.rows().classCounts());
      for (int count : a.rows().classCounts()) {
        assertTrue(count > 30, "a class of " + count + " of 300");
      }
      // Five standard deviations of a binomial of 300 and 1/3: 41.
      for (int count : noise.rows().classCounts()) {
        assertEquals(100, count, 41);
      }
    }
  }
}
