package fathom.train;

import fathom.data.Batch;
import fathom.data.Rows;
import fathom.data.Task;
import fathom.matrix.Matrix;
import fathom.nn.Network;
import java.util.Arrays;

/**
 * How near predictions come to numeric targets, from one pass over N rows of K. Pass are in double
 * precision. Immutable; nothing is allocated per row.
 */
public final class RegressionMetrics {
  private final long samples;
  private final double rmse;
  private final double mae;
  private final double r2;

  RegressionMetrics(Pass sums) {
    samples = sums.rows;
    double numbers = (double) samples * sums.squared.length;
    rmse = Math.sqrt(Arrays.stream(sums.squared).sum() / numbers);
    mae = Arrays.stream(sums.absolute).sum() / numbers;
    r2 = sums.r2();
  }

  /**
   * Predicts all rows, in order, and compares, in the unit of the data's file: what {@link
   * fathom.data.Dataset#targetScaling} did to the targets is undone. Safe while others predict with
   * the network.
   *
   * @throws IllegalArgumentException if a prediction is NaN or infinite, or the network has another
   *     number of outputs than the rows have targets
   * @throws IllegalStateException if the rows have no targets
   */
  public static RegressionMetrics of(Network network, Rows rows) {
    Pass sums = Pass.over(network, rows);
    Predicting.forAll(network, rows, sums);
    return new RegressionMetrics(sums);
  }

  /**
   * Compares predictions with targets.
   *
   * @param predictions N rows of K finite numbers
   * @param targets N rows of K finite numbers
   * @throws IllegalArgumentException if there is no row, rows differ in length, or a number is NaN
   *     or infinite
   */
  public static RegressionMetrics of(double[][] predictions, double[][] targets) {
    if (predictions.length != targets.length || targets.length == 0) {
      throw new IllegalArgumentException(
          String.format(
              "%d rows of predictions and %d of targets: give one of each a row",
              predictions.length, targets.length));
    }
    int outputs = targets[0].length;
    Pass sums = new Pass(outputs);
    for (int i = 0; i < targets.length; i++, sums.rows++) {
      if (predictions[i].length != outputs || targets[i].length != outputs) {
        throw new IllegalArgumentException(
            String.format(
                "row %d has %d predictions and %d targets, row 0 has %d",
                i, predictions[i].length, targets[i].length, outputs));
      }
      for (int k = 0; k < outputs; k++) {
        sums.add(k, predictions[i][k], targets[i][k]);
      }
    }
    return new RegressionMetrics(sums);
  }

  /** Returns N. */
  public long samples() {
    return samples;
  }

  /** Returns the root of the mean squared error over rows and outputs. */
  public double rmse() {
    return rmse;
  }

  /** Returns the mean absolute error over rows and outputs. */
  public double mae() {
    return mae;
  }

  /**
   * Returns R², {@code 1 - sum (y - t)² / sum (t - mean t)²}, as the mean over outputs. An output
   * whose targets are all alike counts 1 if they were met, else 0.
   */
  public double r2() {
    return r2;
  }

  /** Sums over rows, row after row. */
  static final class Pass implements Predicting.Reader {
    private final double[] squared;
    private final double[] absolute;
    private final double[] mean;
    private final double[] deviation;
    private final float[] scale;
    private long rows;

    Pass(int outputs) {
      this(outputs, null);
    }

    private Pass(int outputs, float[] scale) {
      if (outputs < 1) {
        throw new IllegalArgumentException("a row needs at least one target, not " + outputs);
      }
      squared = new double[outputs];
      absolute = new double[outputs];
      mean = new double[outputs];
      deviation = new double[outputs];
      this.scale = scale;
    }

    /** Returns a pass over what a network predicts for rows; see {@link RegressionMetrics#of}. */
    static Pass over(Network network, Rows rows) {
      if (rows.dataset().task() != Task.REGRESSION) {
        throw new IllegalStateException("rows for " + rows.dataset().task() + " have no targets");
      }
      int outputs = network.outputs();
      if (outputs != rows.dataset().outputs()) {
        throw new IllegalArgumentException(
            String.format(
                "the rows have %d targets, the network has %d outputs",
                rows.dataset().outputs(), outputs));
      }
      return new Pass(outputs, rows.dataset().targetScaling().scale());
    }

    @Override
    public void read(Batch batch, Matrix outputs) {
      for (int i = 0; i < batch.size(); i++, rows++) {
        for (int k = 0; k < outputs.cols(); k++) {
          // Differences need no shift.
          double t = (double) batch.targets().get(i, k) / scale[k];
          add(k, (double) outputs.get(i, k) / scale[k], t);
        }
      }
    }

    /** Adds an error, and updates mean and squared deviations as Welford (1962) does. */
    void add(int k, double y, double t) {
      if (!Double.isFinite(y) || !Double.isFinite(t)) {
        throw new IllegalArgumentException(
            String.format(
                "output %d of row %d: the prediction is %s, the target %s; both must be finite",
                k, rows, y, t));
      }
      squared[k] += (y - t) * (y - t);
      absolute[k] += Math.abs(y - t);
      double before = t - mean[k];
      mean[k] += before / (rows + 1);
      deviation[k] += before * (t - mean[k]);
    }

    double r2() {
      double sum = 0;
      for (int k = 0; k < squared.length; k++) {
        boolean alike = deviation[k] == 0;
        sum += alike ? (squared[k] == 0 ? 1 : 0) : 1 - squared[k] / deviation[k];
      }
      return sum / squared.length;
    }
  }
}
