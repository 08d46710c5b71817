package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import fathom.data.Dataset;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ClassificationMetricsTest {
  /** A handful of operations and of calls of exp and log, each within 1 ulp of numbers near 1. */
  private static final double CLOSE = 32 * 0x1p-52;

  private static double[] logs(double... probabilities) {
    double[] logits = new double[probabilities.length];
    for (int k = 0; k < logits.length; k++) {
      logits[k] = Math.log(probabilities[k]);
    }
    return logits;
  }

  /**
   * Six rows of three classes. The labels are 0 0 1 1 2 2, found are 0 1 1 1 0 2, so that the
   * confusion matrix is (1 1 0; 0 2 0; 1 0 1).
   *
   * <pre>
   *   class 0: precision 1/2, recall 1/2, F1 2/(2 + 2) = 1/2
   *   class 1: precision 2/3, recall 2/2, F1 4/(2 + 3) = 4/5
   *   class 2: precision 1/1, recall 1/2, F1 2/(2 + 1) = 2/3
   * </pre>
   *
   * <p>Ranks of the true class: 0 1 0 0 2 0; four, five and six of six are among the first one, two
   * and three. Scores of class 0 are .7 .3 | .2 .08 .6 .2: of 8 pairs .7 wins 4 and .3 wins 3, 7/8.
   * Of class 1: .6 .8 | .15 .4 .3 .2: all 8. Of class 2: .1 .6 | .15 .3 .2 .12: .6 wins 4, 4/8. The
   * mean is 19/24.
   */
  @Test
  void sixRowsOfThreeClasses() {
    double[][] logits = {
      logs(0.7, 0.15, 0.15),
      logs(0.3, 0.4, 0.3),
      logs(0.2, 0.6, 0.2),
      logs(0.08, 0.8, 0.12),
      logs(0.6, 0.3, 0.1),
      logs(0.2, 0.2, 0.6)
    };
    ClassificationMetrics m = ClassificationMetrics.of(logits, new int[] {0, 0, 1, 1, 2, 2});
    assertEquals(6, m.samples());
    assertEquals(3, m.classes());
    assertArrayEquals(new long[][] {{1, 1, 0}, {0, 2, 0}, {1, 0, 1}}, m.confusion());
    assertEquals(4 / 6.0, m.accuracy());
    assertEquals(5 / 6.0, m.topK(2));
    assertEquals(1, m.topK(3));
    double[][] expected = {{1 / 2.0, 1 / 2.0, 1 / 2.0}, {2 / 3.0, 1, 4 / 5.0}, {1, 0.5, 2 / 3.0}};
    for (int c = 0; c < 3; c++) {
      double[] found = {m.precision(c), m.recall(c), m.f1(c)};
      assertArrayEquals(expected[c], found, "class " + c);
      assertEquals(2, m.support(c));
    }
    assertEquals((1 / 2.0 + 2 / 3.0 + 1) / 3, m.macroPrecision(), CLOSE);
    assertEquals(2 / 3.0, m.macroRecall(), CLOSE);
    assertEquals((1 / 2.0 + 4 / 5.0 + 2 / 3.0) / 3, m.macroF1(), CLOSE);
    assertArrayEquals(
        new double[] {7 / 8.0, 1, 4 / 8.0}, new double[] {m.rocAuc(0), m.rocAuc(1), m.rocAuc(2)});
    assertEquals(19 / 24.0, m.rocAuc(), CLOSE);
  }

  /** Scores .7 .3 | .2 .1 .7 .2: of 8 pairs .7 wins 3 and a half and .3 wins 3. */
  @Test
  void tiesCountHalf() {
    double[] p = {0.7, 0.3, 0.2, 0.1, 0.7, 0.2};
    int[] labels = {1, 1, 0, 0, 0, 0};
    double[][] logits = new double[p.length][];
    for (int i = 0; i < p.length; i++) {
      logits[i] = logs(1 - p[i], p[i]);
    }
    ClassificationMetrics m = ClassificationMetrics.of(logits, labels);
    assertEquals(6.5 / 8, m.rocAuc());
    assertEquals(6.5 / 8, m.rocAuc(1));
    assertEquals(6.5 / 8, m.rocAuc(0));
  }

  /**
   * Two rows of probabilities 0.75 and 0.25 for their own class: loss (-log 0.75 - log 0.25) / 2.
   * Both have confidence 0.75, in bin (11/15, 12/15], where one of two is right: |1 - 1.5| / 2.
   */
  @Test
  void lossAndCalibration() {
    double[][] logits = {logs(0.75, 0.25), logs(0.75, 0.25)};
    ClassificationMetrics m = ClassificationMetrics.of(logits, new int[] {0, 1});
    assertEquals(-Math.log(0.1875) / 2, m.logLoss(), CLOSE);
    assertEquals(0.25, m.calibrationError(), CLOSE);
    // Confidences 0.75, right, and 0.55, wrong, lie in bins of their own: (0.25 + 0.55) / 2.
    double[][] apart = {logs(0.75, 0.25), logs(0.55, 0.45)};
    m = ClassificationMetrics.of(apart, new int[] {0, 1});
    assertEquals(0.4, m.calibrationError(), CLOSE);
  }

  @Test
  void farLogitsNeitherOverflowNorTie() {
    // Both probabilities of class 1 round to 1, and their logits still tell them apart.
    double[][] logits = {{0, 50}, {0, 60}, {0, -1e308}, {1e308, 0}};
    ClassificationMetrics m = ClassificationMetrics.of(logits, new int[] {0, 1, 0, 1});
    // Of class 1: 60 beats both of class 0; -1e308 ties with -1e308: 2.5 of 4 pairs.
    assertEquals(2.5 / 4, m.rocAuc());
    // -log p is 50 + e^-50, e^-60, 0 and 1e308; beside the last the others vanish.
    assertEquals(1e308 / 4, m.logLoss(), 1e308 * CLOSE);
    assertEquals(0.5, m.accuracy());
  }

  @Test
  void classesWithoutRowsCountForNothing() {
    double[][] logits = {{3, 0, 0, -9}, {0, 3, 0, -9}, {0, 0, 3, -9}};
    ClassificationMetrics m = ClassificationMetrics.of(logits, new int[] {0, 1, 1});
    // Class 2 has no row but was found once: 0. Class 3 neither: it is left out of the means.
    assertEquals(0, m.precision(2) + m.recall(2) + m.f1(2) + m.precision(3) + m.recall(3));
    assertEquals(2 / 3.0, m.macroPrecision(), CLOSE);
    assertEquals(1.5 / 3, m.macroRecall(), CLOSE);
    // Class 0 has F1 1, class 1 2/3.
    assertEquals((1 + 2 / 3.0) / 3, m.macroF1(), CLOSE);
    assertTrue(Double.isNaN(m.rocAuc(2)) && Double.isNaN(m.rocAuc(3)));
    // Of class 0: 1. Of class 1: one of its rows beats the row of class 0, the other ties.
    assertEquals((1 + 0.75) / 2, m.rocAuc(), CLOSE);
  }

  @Test
  void oneRowAndEqualScores() {
    ClassificationMetrics one = ClassificationMetrics.of(new double[][] {{0, 0}}, new int[] {1});
    // The first of equals is found; p is 1/2, and confidence 1/2 was wrong.
    assertEquals(0, one.accuracy());
    assertEquals(Math.log(2), one.logLoss(), CLOSE);
    assertEquals(0.5, one.calibrationError());
    assertTrue(Double.isNaN(one.rocAuc()));
    ClassificationMetrics equal =
        ClassificationMetrics.of(new double[4][3], new int[] {0, 1, 2, 0});
    assertEquals(0.5, equal.rocAuc());
    assertEquals(0.5, equal.accuracy());
    assertEquals(0.75, equal.topK(2));
    assertEquals(Math.log(3), equal.logLoss(), CLOSE);
    assertEquals(0.5 - 1 / 3.0, equal.calibrationError(), CLOSE);
  }

  @Property(tries = 200, seed = "7")
  void aucIsTheShareOfPairsAndNoFigureDependsOnTheOrder(
      @ForAll @IntRange(min = 2, max = 60) int n,
      @ForAll @IntRange(min = 2, max = 5) int classes,
      @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] logits = new double[n][classes];
    int[] labels = random.ints(n, 0, classes).toArray();
    for (double[] row : logits) {
      for (int k = 0; k < classes; k++) {
        row[k] = random.nextInt(4);
      }
    }
    String of = "n " + n + ", classes " + classes + ", seed " + seed;
    ClassificationMetrics m = ClassificationMetrics.of(logits, labels);
    for (int c = 0; c < classes; c++) {
      assertEquals(pairs(logits, labels, c), m.rocAuc(c), of + ", class " + c);
    }
    for (int i = n - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      double[] row = logits[i];
      logits[i] = logits[j];
      logits[j] = row;
      int label = labels[i];
      labels[i] = labels[j];
      labels[j] = label;
    }
    ClassificationMetrics other = ClassificationMetrics.of(logits, labels);
    assertArrayEquals(m.confusion(), other.confusion(), of);
    assertEquals(m.topK(2), other.topK(2), of);
    assertEquals(m.rocAuc(), other.rocAuc(), of);
    // Sums of up to 60 numbers of up to 5 in another order: 60 roundings of a sum of 300, over n.
    assertEquals(m.logLoss(), other.logLoss(), 60 * 300 * 0x1p-53 / n, of);
    assertEquals(m.calibrationError(), other.calibrationError(), 60 * 60 * 0x1p-53 / n, of);
  }

  /** Counts pairs of probabilities as the scores were computed, so that ties are the same. */
  private static double pairs(double[][] logits, int[] labels, int c) {
    double won = 0;
    long all = 0;
    for (int i = 0; i < labels.length; i++) {
      for (int j = 0; j < labels.length; j++) {
        if (labels[i] == c && labels[j] != c) {
          double difference = logP(logits[i], c) - logP(logits[j], c);
          won += difference > 0 ? 1 : difference == 0 ? 0.5 : 0;
          all++;
        }
      }
    }
    return won / all;
  }

  private static double logP(double[] row, int c) {
    int best = 0;
    for (int k = 1; k < row.length; k++) {
      best = row[k] > row[best] ? k : best;
    }
    double rest = 0;
    for (int k = 0; k < row.length; k++) {
      rest += k == best ? 0 : Math.exp(row[k] - row[best]);
    }
    return row[c] - row[best] - Math.log1p(rest);
  }

  @Test
  void aNetworkIsMeasuredAsItsEvaluation() {
    SplittableRandom random = new SplittableRandom(8);
    float[][] x = new float[600][4];
    for (float[] row : x) {
      for (int k = 0; k < row.length; k++) {
        row[k] = (float) random.nextDouble();
      }
    }
    int[] y = random.ints(x.length, 0, 3).toArray();
    try (Dataset data = Dataset.ofLabels(x, y, 3);
        Network network = Network.input(4).dense(9, Activation.TANH).dense(3).seed(8).build()) {
      Evaluation evaluation = Evaluation.of(network, data.rows(), Loss.SOFTMAX_CROSS_ENTROPY);
      ClassificationMetrics m = ClassificationMetrics.of(network, data.rows());
      assertEquals(600, m.samples());
      assertArrayEquals(evaluation.confusion(), m.confusion());
      assertEquals(evaluation.accuracy(), m.accuracy());
      // Kernels work in float: some ulp of exp and log of each row, of losses near log 3.
      assertEquals(evaluation.loss(), m.logLoss(), 16 * 0x1p-24 * evaluation.loss());
    }
    try (Dataset data = Dataset.ofInputs(x);
        Network network = Network.input(4).dense(3).build()) {
      assertThrows(
          IllegalStateException.class, () -> ClassificationMetrics.of(network, data.rows()));
    }
  }

  @Test
  void aRowAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long me = Thread.currentThread().threadId();
    int rows = 20_000;
    ClassificationPass pass = new ClassificationPass(rows, 4);
    pass.add(0);
    long before = threads.getThreadAllocatedBytes(me);
    for (int i = 1; i < rows; i++) {
      pass.logits[i & 3] = i % 17;
      pass.add(i & 3);
    }
    double perRow = (double) (threads.getThreadAllocatedBytes(me) - before) / rows;
    assertTrue(perRow < 1, perRow + " bytes allocated per row");
  }

  @Test
  void refusesWhatCannotBeCompared() {
    double nan = Double.NaN;
    assertRefused(
        "class 1 in row 1 is NaN",
        () -> ClassificationMetrics.of(new double[][] {{0, 1}, {0, nan}}, new int[2]));
    double infinite = Double.POSITIVE_INFINITY;
    assertRefused(
        "class 0 in row 0 is Infinity",
        () -> ClassificationMetrics.of(new double[][] {{infinite, 1}}, new int[1]));
    assertRefused(
        "row 0 has label 2, but there are logits for 2",
        () -> ClassificationMetrics.of(new double[1][2], new int[] {2}));
    assertRefused(
        "2 rows of logits and 1 labels",
        () -> ClassificationMetrics.of(new double[2][2], new int[1]));
    assertRefused("0 rows of logits", () -> ClassificationMetrics.of(new double[0][2], new int[0]));
    assertRefused(
        "row 0 has 2 logits, row 1 has 1",
        () -> ClassificationMetrics.of(new double[][] {{0, 1}, {0}}, new int[2]));
    assertRefused(
        "top 3 of 2 classes", () -> ClassificationMetrics.of(new double[1][2], new int[1]).topK(3));
  }

  private static void assertRefused(String part, Supplier<Object> call) {
    String message = assertThrows(IllegalArgumentException.class, call::get, part).getMessage();
    assertTrue(message.contains(part), message);
    assertEquals(1, message.lines().count(), message);
  }
}
