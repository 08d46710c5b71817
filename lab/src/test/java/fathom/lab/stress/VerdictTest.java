package fathom.lab.stress;

import static fathom.lab.LabBench.DIGITS;
import static fathom.lab.LabBench.ENGINE;
import static fathom.lab.LabBench.cell;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Dataset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Verdicts on networks whose fate is known beforehand, by theory or because they were made for it,
 * far enough from where fates change that each of five seeds must come to it.
 */
class VerdictTest {
  private static final int SEEDS = 5;

  private static Dataset noise;

  @BeforeAll
  static void draw() {
    noise = SyntheticData.noise(2000, 64, 10, 1);
  }

  @AfterAll
  static void close() {
    noise.close();
  }

  private static List<Finding> found(Dataset data, List<GridCell> cells) {
    Trial trial = new Trial(data.rows(), 200, 32);
    return cells.stream().map(cell -> trial.run(cell, ENGINE, () -> false)).toList();
  }

  /** What could learn nothing is far from what counts as learnt, so that the limit tells both. */
  private static void requireAll(List<Finding> found, String outcome) {
    for (Finding finding : found) {
      String evidence =
          finding.cell() + ": " + finding.text("verdict") + ", " + finding.text("evidence");
      assertEquals(outcome, finding.text("outcome"), evidence);
      if (List.of("vanishes", "dies", "stalls").contains(outcome)) {
        assertTrue(finding.number("learnt") < 0.1, evidence);
      }
    }
  }

  private static List<GridCell> seeds(
      int depth, int width, String activation, String init, String skip, float rate) {
    List<GridCell> cells = new ArrayList<>();
    for (long seed = 0; seed < SEEDS; seed++) {
      GridCell.Skip way = GridCell.Skip.valueOf(skip.toUpperCase(Locale.ROOT));
      cells.add(cell(depth, width, activation, init, way, rate, seed));
    }
    return cells;
  }

  @ParameterizedTest
  @CsvSource({
    "3, 64, tanh, xavier, none, 0.1, trains",
    "5, 64, relu, he, none, 0.1, trains",
    "60, 64, relu, he, scaled, 0.1, trains",
    "20, 64, logistic, xavier, none, 0.1, vanishes",
    "20, 64, relu, normal(0.01), none, 0.1, vanishes",
    "60, 64, relu, normal(0.01), none, 0.1, vanishes",
    "30, 64, relu, pytorch, none, 0.1, vanishes",
    "30, 64, tanh, xavier(4), none, 0.1, explodes",
    "12, 64, relu, he(2), none, 1e-6, explodes",
    "3, 256, logistic, normal(3), none, 1e-5, saturates",
    "2, 256, tanh, normal(2), none, 1e-6, saturates",
    "5, 64, relu, constant(-1), none, 0.1, dies",
    "60, 2, relu, he, none, 0.1, dies",
    "10, 64, tanh, xavier, none, 0, stalls",
    "10, 64, relu, he, none, 0, stalls",
    "6, 32, relu, he, none, 1e6, diverges",
  })
  void fatesAreTold(
      int depth,
      int width,
      String activation,
      String init,
      String skip,
      float rate,
      String verdict) {
    requireAll(found(DIGITS, seeds(depth, width, activation, init, skip, rate)), verdict);
  }

  @ParameterizedTest
  @CsvSource({"3, tanh, xavier", "10, relu, he", "20, tanh, orthogonal"})
  void whereNothingCanBeLearntNothingElseIsSaid(int depth, String activation, String init) {
    requireAll(found(noise, seeds(depth, 64, activation, init, "none", 0.1f)), "stalls");
  }

  /**
   * Six depth scales of theory are as deep as networks can be trained (Schoenholz et al. 2017): a
   * sixth of that trains, three times that does not, and says in which of both ways.
   */
  @ParameterizedTest
  @CsvSource({"0.5", "0.7", "1.8", "2.5", "4"})
  void theorysDepthsTrainAndFail(double gain) {
    List<GridCell> shallow = seeds(1, 64, "tanh", "lecun_normal(" + gain + ")", "none", 0.1f);
    double limit = new Trial(DIGITS.rows(), 1, 1).trainableDepth(shallow.get(0));
    int trains = (int) Math.max(1, limit / 6);
    int fails = (int) Math.ceil(3 * limit);
    String init = "lecun_normal(" + gain + ")";
    requireAll(found(DIGITS, seeds(trains, 64, "tanh", init, "none", 0.1f)), "trains");
    String way = gain < 1 ? "vanishes" : "explodes";
    requireAll(found(DIGITS, seeds(fails, 64, "tanh", init, "none", 0.1f)), way);
  }

  /**
   * Normal weights of deviation 1 multiply a rectifier's mean square by n / 2 = 32 = 2^5 a layer,
   * so numbers pass 2^128 some 256 / 5 layers up. The logarithm of the mean square strays by sqrt(5
   * / n) a layer, 2.0 in all, which is 0.6 layers; its lean of 5 / 2n a layer, the inputs' mean
   * square, and the largest of 64 x 32 numbers are worth two layers more.
   */
  @ParameterizedTest
  @CsvSource({"0", "1", "2", "3", "4"})
  void overflowIsFoundInItsLayer(long seed) {
    GridCell cell = cell(80, 64, "relu", "normal(1)", GridCell.Skip.NONE, 0.1f, seed);
    Finding finding = found(DIGITS, List.of(cell)).get(0);
    assertEquals("diverges", finding.text("outcome"), finding.text("evidence"));
    assertEquals(1, finding.number("step"));
    assertEquals(256 / 5.0, finding.number("failed_layer"), 5 * 0.6 + 2, finding.text("verdict"));
  }
}
