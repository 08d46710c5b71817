package fathom.train;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import fathom.data.Batch;
import fathom.data.Rows;
import fathom.matrix.Matrix;
import fathom.nn.Loss;
import fathom.nn.Network;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * How well a network does on rows that it need not have seen. The class of a row of outputs is that
 * of the largest, the first of equals.
 */
public final class Evaluation {
  private final long samples;
  private final double loss;
  private final long[][] confusion;
  private final double[] squaredError;
  private final double[] squaredDeviation;
  private final ClassificationMetrics classification;
  private final RegressionMetrics regression;

  private Evaluation(
      Sums sums, ClassificationMetrics classification, RegressionMetrics regression) {
    this.classification = classification;
    this.regression = regression;
    samples = sums.samples;
    loss = sums.lossSum / sums.weightSum;
    confusion = sums.confusion;
    squaredError = sums.confusion == null ? sums.error : null;
    squaredDeviation = sums.deviation;
  }

  /** Returns the number of rows. */
  public long samples() {
    return samples;
  }

  /** Returns the mean loss. */
  public double loss() {
    return loss;
  }

  /**
   * Returns how many rows of class i were taken for class j, at [i][j].
   *
   * @throws IllegalStateException for a regression
   */
  public long[][] confusion() {
    requireClasses("confusion matrix");
    return Arrays.stream(confusion).map(long[]::clone).toArray(long[][]::new);
  }

  /**
   * Predicts all rows, in order, and compares. Safe while others predict with the network.
   *
   * @throws IllegalArgumentException if the rows do not fit the network or the loss
   */
  public static Evaluation of(Network network, Rows rows, Loss loss) {
    try (Arena arena = Arena.ofShared()) {
      Sums sums = new Sums(network, loss, arena);
      Predicting.forAll(network, rows, sums);
      return new Evaluation(sums, null, null);
    }
  }

  /**
   * As {@link #of}, and takes {@link #classification} or {@link #regression} from the same
   * predictions.
   *
   * @throws IllegalArgumentException if an output is NaN or infinite, or does not fit the rows
   * @throws IllegalStateException if the rows have not the labels or targets that the loss wants
   */
  public static Evaluation measured(Network network, Rows rows, Loss loss) {
    try (Arena arena = Arena.ofShared()) {
      Sums sums = new Sums(network, loss, arena);
      if (loss.wantsLabels()) {
        ClassificationPass classes = ClassificationPass.over(network, rows);
        Predicting.forAll(network, rows, sums, classes);
        return new Evaluation(sums, new ClassificationMetrics(classes), null);
      }
      RegressionMetrics.Pass numbers = RegressionMetrics.Pass.over(network, rows);
      Predicting.forAll(network, rows, sums, numbers);
      return new Evaluation(sums, null, new RegressionMetrics(numbers));
    }
  }

  /**
   * Returns how well the logits tell classes apart.
   *
   * @throws IllegalStateException for a regression, or if this was not {@link #measured}
   */
  public ClassificationMetrics classification() {
    requireClasses("classification metrics");
    return measured(classification);
  }

  /**
   * Returns how near the predictions come to the targets, in their file's unit.
   *
   * @throws IllegalStateException for a classification, or if this was not {@link #measured}
   */
  public RegressionMetrics regression() {
    requireRegression("regression metrics");
    return measured(regression);
  }

  private static <T> T measured(T metrics) {
    if (metrics == null) {
      throw new IllegalStateException("metrics were not asked for: call measured, not of");
    }
    return metrics;
  }

  /**
   * Returns the share of rows whose class was found.
   *
   * @throws IllegalArgumentException if the rows do not fit the network, or have no labels
   */
  public static double accuracy(Network network, Rows rows) {
    return of(network, rows, Loss.SOFTMAX_CROSS_ENTROPY).accuracy();
  }

  /**
   * Returns the share of rows whose class was found.
   *
   * @throws IllegalStateException for a regression
   */
  public double accuracy() {
    requireClasses("accuracy");
    long right = 0;
    for (int c = 0; c < confusion.length; c++) {
      right += confusion[c][c];
    }
    return (double) right / samples;
  }

  /**
   * Returns the sum of squared errors of each output.
   *
   * @throws IllegalStateException for a classification
   */
  public double[] squaredError() {
    requireRegression("squared error");
    return squaredError.clone();
  }

  /** Returns the root of the mean squared error over rows and outputs, in the targets' unit. */
  public double rmse() {
    requireRegression("root mean squared error");
    double sum = 0;
    for (double e : squaredError) {
      sum += e;
    }
    return Math.sqrt(sum / samples / squaredError.length);
  }

  /**
   * Returns R², the share of the targets' variance that is explained, as the mean over outputs. An
   * output whose targets are all alike counts 1 if they were met, else 0.
   */
  public double r2() {
    requireRegression("R²");
    double sum = 0;
    for (int k = 0; k < squaredError.length; k++) {
      boolean alike = squaredDeviation[k] == 0;
      sum += alike ? (squaredError[k] == 0 ? 1 : 0) : 1 - squaredError[k] / squaredDeviation[k];
    }
    return sum / squaredError.length;
  }

  private void requireClasses(String what) {
    if (confusion == null) {
      throw new IllegalStateException("a regression has no " + what);
    }
  }

  private void requireRegression(String what) {
    if (squaredError == null) {
      throw new IllegalStateException("a classification has no " + what);
    }
  }

  /** Returns the index of the largest number of a row, the first of equals. */
  public static int largest(Matrix rows, int row) {
    int best = 0;
    for (int k = 1; k < rows.cols(); k++) {
      if (rows.get(row, k) > rows.get(row, best)) {
        best = k;
      }
    }
    return best;
  }

  private static Matrix columnsOf(Matrix rows, Matrix memory) {
    int samples = rows.rows();
    Matrix columns = new Matrix(memory.segment(), 0, rows.cols(), samples, samples);
    columns.transposeFrom(rows);
    return columns;
  }

  /** Running sums over batches. */
  private static final class Sums implements Predicting.Reader {
    private final Network network;
    private final Loss loss;
    private final int outputs;
    private final long[][] confusion;
    private final double[] error;
    private final double[] mean;
    private final double[] deviation;
    private final Loss.Objective objective;
    private final Matrix byOutput;
    private final Matrix targets;
    private long samples;
    private double lossSum;
    private double weightSum;

    Sums(Network network, Loss loss, Arena arena) {
      this.network = network;
      this.loss = loss;
      outputs = network.outputs();
      confusion = loss.wantsLabels() ? new long[outputs][outputs] : null;
      error = new double[outputs];
      mean = new double[outputs];
      deviation = new double[outputs];
      objective = loss.bind(outputs, arena);
      byOutput = Matrix.allocate(arena, outputs, Predicting.BATCH);
      targets = Matrix.allocate(arena, outputs, Predicting.BATCH);
    }

    @Override
    public void read(Batch batch, Matrix y) {
      BatchFit.require(batch, network, loss);
      Matrix columns = columnsOf(y, byOutput);
      Matrix t = loss.wantsLabels() ? null : columnsOf(batch.targets(), targets);
      double weight = objective.weight(columns, batch.labels());
      lossSum += weight * objective.mean(network.engine(), columns, batch.labels(), t, null);
      weightSum += weight;
      for (int i = 0; i < batch.size(); i++) {
        samples++;
        if (confusion != null) {
          confusion[batch.labels().getAtIndex(JAVA_INT, i)][largest(y, i)]++;
        } else {
          addTargets(batch.targets(), y, i);
        }
      }
    }

    /** Welford's update of the mean and of the squared deviations from it. */
    private void addTargets(Matrix rows, Matrix y, int row) {
      for (int k = 0; k < outputs; k++) {
        double t = rows.get(row, k);
        double e = y.get(row, k) - t;
        error[k] += e * e;
        double before = t - mean[k];
        mean[k] += before / samples;
        deviation[k] += before * (t - mean[k]);
      }
    }
  }
}
