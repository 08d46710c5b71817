package fathom.train;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import fathom.data.Batch;
import fathom.data.Rows;
import fathom.matrix.Matrix;
import fathom.nn.Network;
import java.util.Arrays;

/** Sums of a pass over rows of logits, row after row. */
final class ClassificationPass implements Predicting.Reader {
  private static final int BINS = 15;

  /** The logits of the next row, which the caller writes here. */
  final double[] logits;

  private final double[][] scores;
  private final int[] labels;
  private final long[][] confusion;
  private final long[] ranks;
  private final long[] binRight = new long[BINS];
  private final double[] binConfidence = new double[BINS];
  private double lossSum;
  private int rows;

  ClassificationPass(int capacity, int classes) {
    if (classes < 1) {
      throw new IllegalArgumentException("a row of logits needs at least one, not " + classes);
    }
    logits = new double[classes];
    scores = new double[classes][capacity];
    labels = new int[capacity];
    confusion = new long[classes][classes];
    ranks = new long[classes];
  }

  /**
   * Returns a pass over what a network predicts for rows.
   *
   * @throws IllegalStateException if the rows have no labels
   */
  static ClassificationPass over(Network network, Rows rows) {
    int unused = rows.label(0);
    return new ClassificationPass(rows.size(), network.outputs());
  }

  @Override
  public void read(Batch batch, Matrix outputs) {
    for (int i = 0; i < batch.size(); i++) {
      for (int k = 0; k < logits.length; k++) {
        logits[k] = outputs.get(i, k);
      }
      add(batch.labels().getAtIndex(JAVA_INT, i));
    }
  }

  /** Takes the row whose logits were written, and its class. */
  void add(int label) {
    int classes = logits.length;
    if (label < 0 || label >= classes) {
      throw new IllegalArgumentException(
          "row " + rows + " has label " + label + ", but there are logits for " + classes);
    }
    int best = 0;
    int before = 0;
    for (int k = 0; k < classes; k++) {
      double z = logits[k];
      if (!Double.isFinite(z)) {
        throw new IllegalArgumentException(
            String.format(
                "the logit of class %d in row %d is %s; only finite ones can be compared",
                k, rows, z));
      }
      best = z > logits[best] ? k : best;
      before += z > logits[label] || (z == logits[label] && k < label) ? 1 : 0;
    }
    confusion[label][best]++;
    ranks[before]++;
    addProbabilities(label, best);
    labels[rows++] = label;
  }

  /**
   * Keeps logarithms of probabilities: {@code log p = -log1p(rest)} of the largest logit keeps what
   * distinguishes a p near 1, where p itself rounds to 1.
   */
  private void addProbabilities(int label, int best) {
    double rest = 0;
    for (int k = 0; k < logits.length; k++) {
      rest += k == best ? 0 : Math.exp(logits[k] - logits[best]);
    }
    double logSum = Math.log1p(rest);
    for (int k = 0; k < logits.length; k++) {
      scores[k][rows] = logits[k] - logits[best] - logSum;
    }
    lossSum -= scores[label][rows];
    double confidence = 1 / (1 + rest);
    int bin = Math.max(0, (int) Math.ceil(confidence * BINS) - 1);
    binRight[bin] += label == best ? 1 : 0;
    binConfidence[bin] += confidence;
  }

  int rows() {
    return rows;
  }

  long[][] confusion() {
    return confusion;
  }

  /** Returns how many rows had r classes before their own, at [r]. */
  long[] ranks() {
    return ranks;
  }

  double logLoss() {
    return lossSum / rows;
  }

  double calibrationError() {
    double sum = 0;
    for (int b = 0; b < BINS; b++) {
      sum += Math.abs(binRight[b] - binConfidence[b]);
    }
    return sum / rows;
  }

  /** Returns the area under the ROC curve of each class; the scores are sorted in place. */
  double[] auc() {
    double[] areas = new double[logits.length];
    double[] own = new double[rows];
    for (int c = 0; c < areas.length; c++) {
      int ownCount = 0;
      int others = 0;
      double[] score = scores[c];
      for (int i = 0; i < rows; i++) {
        if (labels[i] == c) {
          own[ownCount++] = score[i];
        } else {
          score[others++] = score[i];
        }
      }
      areas[c] = area(own, ownCount, score, others);
    }
    return areas;
  }

  /**
   * The rank formula without ranks: the rank sum less its least value counts, for each score of the
   * class, the others below it, and half of those equal. Twice that is a whole number, so that no
   * order of rows can change it.
   */
  private static double area(double[] own, int ownCount, double[] others, int otherCount) {
    Arrays.sort(own, 0, ownCount);
    Arrays.sort(others, 0, otherCount);
    long twice = 0;
    int below = 0;
    int upTo = 0;
    for (int i = 0; i < ownCount; i++) {
      while (below < otherCount && others[below] < own[i]) {
        below++;
      }
      upTo = Math.max(upTo, below);
      while (upTo < otherCount && others[upTo] == own[i]) {
        upTo++;
      }
      twice += below + (long) upTo;
    }
    return twice / (2.0 * ownCount * otherCount);
  }
}
