package fathom.train;

import fathom.data.Rows;
import fathom.nn.Network;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * How well logits tell classes apart, from one pass over N rows of K logits. The probability of a
 * class is its softmax; the class found is that of the largest logit, the first of equals. Sums are
 * in double precision. Definitions are scikit-learn's, with {@code zero_division=0} where a share
 * of nothing is asked for; figures that nothing defines are NaN.
 *
 * <p>Immutable. What one keeps while it is made is 8 N K bytes, for the ROC curves; nothing is
 * allocated per row.
 */
public final class ClassificationMetrics {
  private final long samples;
  private final long[][] confusion;
  private final long[] ranks;
  private final double[] auc;
  private final double logLoss;
  private final double calibrationError;

  ClassificationMetrics(ClassificationPass pass) {
    samples = pass.rows();
    confusion = pass.confusion();
    ranks = pass.ranks();
    auc = pass.auc();
    logLoss = pass.logLoss();
    calibrationError = pass.calibrationError();
  }

  /**
   * Predicts all rows, in order, and compares. Safe while others predict with the network.
   *
   * @throws IllegalArgumentException if a logit is NaN or infinite, or a label has no output
   * @throws IllegalStateException if the rows have no labels
   */
  public static ClassificationMetrics of(Network network, Rows rows) {
    ClassificationPass pass = ClassificationPass.over(network, rows);
    Predicting.forAll(network, rows, pass);
    return new ClassificationMetrics(pass);
  }

  /**
   * Compares logits with labels.
   *
   * @param logits N rows of K finite numbers; logarithms of probabilities are logits as well
   * @param labels N labels in [0, K)
   * @throws IllegalArgumentException if there is no row, rows are ragged, counts differ, a logit is
   *     NaN or infinite, or a label has no logit
   */
  public static ClassificationMetrics of(double[][] logits, int[] labels) {
    if (logits.length != labels.length || labels.length == 0) {
      throw new IllegalArgumentException(
          logits.length
              + " rows of logits and "
              + labels.length
              + " labels: give one of each a row");
    }
    ClassificationPass pass = new ClassificationPass(labels.length, logits[0].length);
    for (int i = 0; i < labels.length; i++) {
      if (logits[i].length != pass.logits.length) {
        throw new IllegalArgumentException(
            String.format(
                "row 0 has %d logits, row %d has %d", pass.logits.length, i, logits[i].length));
      }
      System.arraycopy(logits[i], 0, pass.logits, 0, pass.logits.length);
      pass.add(labels[i]);
    }
    return new ClassificationMetrics(pass);
  }

  /** Returns N. */
  public long samples() {
    return samples;
  }

  /** Returns K. */
  public int classes() {
    return ranks.length;
  }

  /** Returns how many rows of class i were taken for class j, at [i][j]. */
  public long[][] confusion() {
    return Arrays.stream(confusion).map(long[]::clone).toArray(long[][]::new);
  }

  /** Returns the share of rows whose class was found. */
  public double accuracy() {
    return topK(1);
  }

  /**
   * Returns the share of rows whose class is among the k of the largest logits; of equal logits,
   * the first come first.
   *
   * @throws IllegalArgumentException if k is not in [1, K]
   */
  public double topK(int k) {
    if (k < 1 || k > ranks.length) {
      throw new IllegalArgumentException("top " + k + " of " + ranks.length + " classes");
    }
    long found = 0;
    for (int rank = 0; rank < k; rank++) {
      found += ranks[rank];
    }
    return (double) found / samples;
  }

  /** Returns how many rows are of class c. */
  public long support(int c) {
    return Arrays.stream(confusion[c]).sum();
  }

  /** Returns the share of rows taken for class c that are of it; 0 if none was. */
  public double precision(int c) {
    return share(confusion[c][c], predicted(c));
  }

  /** Returns the share of rows of class c that were found; 0 if there are none. */
  public double recall(int c) {
    return share(confusion[c][c], support(c));
  }

  /** Returns the harmonic mean of precision and recall of class c; 0 if both are. */
  public double f1(int c) {
    return share(2 * confusion[c][c], support(c) + predicted(c));
  }

  /** Returns the mean precision over the classes that have a row or were found in one. */
  public double macroPrecision() {
    return macro(this::precision);
  }

  /** Returns the mean recall over the classes that have a row or were found in one. */
  public double macroRecall() {
    return macro(this::recall);
  }

  /** Returns the mean F1 over the classes that have a row or were found in one. */
  public double macroF1() {
    return macro(this::f1);
  }

  /**
   * Returns the area under the ROC curve of class c against the rest: the share of pairs of a row
   * of c and a row of another class in which the former has the larger probability of c, ties
   * counted half, by ranks: {@code (R - n (n + 1) / 2) / (n (N - n))} for the rank sum R of the n
   * rows of c. NaN if one of the two sides has no row.
   *
   * @see <a href="https://doi.org/10.1148/radiology.143.1.7063747">Hanley and McNeil, The meaning
   *     and use of the area under a receiver operating characteristic curve, 1982</a>
   */
  public double rocAuc(int c) {
    return auc[c];
  }

  /**
   * Returns the area under the ROC curve of class 1 if there are two, else the mean over classes
   * against the rest, of those that define it; NaN if none does.
   */
  public double rocAuc() {
    if (auc.length == 2) {
      return auc[1];
    }
    return Arrays.stream(auc).filter(a -> !Double.isNaN(a)).average().orElse(Double.NaN);
  }

  /** Returns the mean of {@code -log p} over rows, p being the probability of the row's class. */
  public double logLoss() {
    return logLoss;
  }

  /**
   * Returns the expected calibration error in 15 bins: rows are binned by the probability p of the
   * class found, bin m of M holding p in ((m - 1)/M, m/M], and it is the mean over rows of their
   * bin's {@code |accuracy - mean p|}.
   *
   * @see <a href="https://arxiv.org/abs/1706.04599">Guo et al., On calibration of modern neural
   *     networks, 2017</a>
   */
  public double calibrationError() {
    return calibrationError;
  }

  private long predicted(int c) {
    long sum = 0;
    for (long[] row : confusion) {
      sum += row[c];
    }
    return sum;
  }

  private static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  private double macro(IntToDoubleFunction figure) {
    double sum = 0;
    int count = 0;
    for (int c = 0; c < ranks.length; c++) {
      if (support(c) + predicted(c) > 0) {
        sum += figure.applyAsDouble(c);
        count++;
      }
    }
    return sum / count;
  }
}
