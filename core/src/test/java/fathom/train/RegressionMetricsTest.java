package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Dataset;
import fathom.data.Scaling;
import fathom.nn.Loss;
import fathom.nn.Network;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RegressionMetricsTest {
  private static final double CLOSE = 16 * 0x1p-52;

  /**
   * Targets 1 2 3 6 have the mean 3 and squared deviations 4 + 1 + 0 + 9 = 14; errors of 1 -1 2 0
   * have squares 6 and absolutes 4.
   */
  @Test
  void fourRows() {
    RegressionMetrics m =
        RegressionMetrics.of(
            new double[][] {{2}, {1}, {5}, {6}}, new double[][] {{1}, {2}, {3}, {6}});
    assertEquals(4, m.samples());
    assertEquals(Math.sqrt(6 / 4.0), m.rmse(), CLOSE);
    assertEquals(1, m.mae());
    assertEquals(1 - 6 / 14.0, m.r2(), CLOSE);
  }

  @Test
  void outputsAreAveraged() {
    // Output 0 misses by 2 and 2, around deviations of 1 and 1: R2 is 1 - 8/2; output 1 is met.
    RegressionMetrics m =
        RegressionMetrics.of(new double[][] {{3, 7}, {1, 9}}, new double[][] {{1, 7}, {3, 9}});
    assertEquals(Math.sqrt(8 / 4.0), m.rmse(), CLOSE);
    assertEquals(1, m.mae());
    assertEquals((-3 + 1) / 2.0, m.r2());
  }

  @Test
  void targetsAllAlikeAreMetOrNot() {
    double[][] alike = {{0.1}, {0.1}, {0.1}};
    assertEquals(1, RegressionMetrics.of(alike, alike).r2());
    assertEquals(0, RegressionMetrics.of(new double[][] {{0.1}, {0.1}, {0}}, alike).r2());
    assertEquals(0, RegressionMetrics.of(new double[][] {{1}}, new double[][] {{2}}).r2());
  }

  @Test
  void largeMeansLeaveTheVariance() {
    // The squares of 1e9 swallow 1; the deviations are 1 and 1, and the errors 1 and 0.
    double[][] t = {{1e9 - 1}, {1e9 + 1}};
    assertEquals(0.5, RegressionMetrics.of(new double[][] {{1e9}, {1e9 + 1}}, t).r2(), CLOSE);
  }

  @Property(tries = 100, seed = "9")
  void theOrderOfRowsDoesNotMatter(@ForAll @IntRange(min = 2, max = 50) int n, @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] y = new double[n][1];
    double[][] t = new double[n][1];
    double[][] yBack = new double[n][];
    double[][] tBack = new double[n][];
    for (int i = 0; i < n; i++) {
      y[i][0] = random.nextDouble();
      t[i][0] = i + random.nextDouble();
      yBack[n - 1 - i] = y[i];
      tBack[n - 1 - i] = t[i];
    }
    RegressionMetrics m = RegressionMetrics.of(y, t);
    RegressionMetrics back = RegressionMetrics.of(yBack, tBack);
    // Every sum of n positive terms is within n roundings; Welford's within a few for each.
    double bound = 8 * n * 0x1p-53;
    String of = "n " + n + ", seed " + seed;
    assertEquals(m.rmse(), back.rmse(), bound * m.rmse(), of);
    assertEquals(m.mae(), back.mae(), bound * m.mae(), of);
    assertEquals(m.r2(), back.r2(), 2 * bound * (1 - m.r2()), of);
  }

  @Test
  void aNetworkIsMeasuredInTheUnitOfTheFile() {
    float[][] x = {{1}, {2}, {3}, {4}};
    float[][] y = {{10}, {40}, {20}, {70}};
    try (Dataset data = Dataset.ofTargets(x, y);
        Network network = Network.input(1).dense(1).build()) {
      network.parameters().get("0.weight").set(0, 0, 0.5f);
      // In units of 10 from 10, targets are 0 3 1 6, and predictions 0.5 1 1.5 2.
      data.scaleTargets(new Scaling(new float[] {10}, new float[] {0.1f}));
      RegressionMetrics m = RegressionMetrics.of(network, data.rows());
      // Errors in the old unit: 5, -20, 5, -40; scale and targets are rounded to floats.
      double rounding = 4 * 0x1p-24;
      assertEquals(Math.sqrt((25 + 400 + 25 + 1600) / 4.0), m.rmse(), 23 * rounding);
      assertEquals(70 / 4.0, m.mae(), 18 * rounding);
      Evaluation evaluation = Evaluation.of(network, data.rows(), Loss.MSE);
      assertEquals(evaluation.r2(), m.r2(), rounding);
    }
  }

  @Test
  void refusesWhatCannotBeCompared() {
    assertRefused(
        "output 0 of row 1: the prediction is NaN, the target 2",
        () -> RegressionMetrics.of(new double[][] {{1}, {Double.NaN}}, new double[][] {{1}, {2}}));
    assertRefused(
        "2 rows of predictions and 1 of",
        () -> RegressionMetrics.of(new double[2][1], new double[1][1]));
    assertRefused(
        "row 0 has 1 predictions and 2 targets",
        () -> RegressionMetrics.of(new double[1][1], new double[1][2]));
    assertRefused("0 rows", () -> RegressionMetrics.of(new double[0][1], new double[0][1]));
    try (Dataset data = Dataset.ofLabels(new float[2][1], new int[2], 1);
        Network network = Network.input(1).dense(1).build()) {
      assertThrows(IllegalStateException.class, () -> RegressionMetrics.of(network, data.rows()));
    }
  }

  private static void assertRefused(String part, Supplier<Object> call) {
    String message = assertThrows(IllegalArgumentException.class, call::get, part).getMessage();
    assertTrue(message.contains(part), message);
    assertEquals(1, message.lines().count(), message);
  }
}
