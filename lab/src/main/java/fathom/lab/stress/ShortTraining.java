package fathom.lab.stress;

import fathom.data.Batches;
import fathom.data.Dataset;
import fathom.data.Rows;
import fathom.data.Task;
import fathom.matrix.Matrix;
import fathom.nn.Loss;
import fathom.train.Trainer;
import fathom.train.TrainingDivergedException;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * The training by which the lab tells whether a network learns: so many steps over rows, in an
 * order that is drawn anew for each epoch. Immutable; any number of threads may train with it, each
 * a network of its own.
 *
 * @param loss that is to fall: cross-entropy of classes, mean squared error of targets
 * @param baseline the loss of the best constant answer: the entropy of the classes, or the variance
 *     of the targets
 * @param batch rows of a step, no more than there are
 */
public record ShortTraining(Rows rows, Loss loss, double baseline, int steps, int batch) {
  /**
   * What came of a network.
   *
   * @param curve the losses of the steps that were done
   * @param diverged why no more were done, or null if all were
   */
  public record Result(LossCurve curve, TrainingDivergedException diverged) {}

  /**
   * Describes a training on rows.
   *
   * @throws IllegalArgumentException if they have neither labels nor targets
   */
  public static ShortTraining on(Rows rows, int steps, int batch) {
    Dataset data = rows.dataset();
    if (data.task() == Task.UNLABELLED) {
      throw new IllegalArgumentException("a training needs rows with labels or targets");
    }
    boolean classes = data.task() == Task.CLASSIFICATION;
    return new ShortTraining(
        rows,
        classes ? Loss.SOFTMAX_CROSS_ENTROPY : Loss.MSE,
        classes ? entropy(rows) : variance(rows),
        steps,
        Math.min(batch, rows.size()));
  }

  /** Returns the cross-entropy of who answers with the classes' shares to everything. */
  private static double entropy(Rows rows) {
    double entropy = 0;
    for (int count : rows.classCounts()) {
      double share = (double) count / rows.size();
      entropy -= share == 0 ? 0 : share * Math.log(share);
    }
    return entropy;
  }

  private static double variance(Rows rows) {
    Matrix targets = rows.dataset().targets();
    double variance = 0;
    for (int k = 0; k < targets.cols(); k++) {
      double sum = 0;
      double squares = 0;
      for (int i = 0; i < rows.size(); i++) {
        double t = targets.get(rows.row(i), k);
        sum += t;
        squares += t * t;
      }
      double mean = sum / rows.size();
      variance += squares / rows.size() - mean * mean;
    }
    return variance / targets.cols();
  }

  /**
   * Trains.
   *
   * @param trainer of a network and this {@link #loss}; stays open
   * @param seed of the rows' order
   * @param stopped asked before each step; the training is given up when it says so
   * @return what came of it, or null if it was given up
   * @throws TrainingDivergedException if the rows hold a number that is not finite, which is no
   *     fault of the network
   */
  public Result run(Trainer trainer, long seed, BooleanSupplier stopped) {
    double[] losses = new double[steps];
    int done = 0;
    TrainingDivergedException diverged = null;
    try {
      for (int epoch = 1; done < steps; epoch++) {
        try (Batches.Iteration batches = rows.batches(batch, seed, epoch).iterator()) {
          while (done < steps && batches.hasNext()) {
            if (stopped.getAsBoolean()) {
              return null;
            }
            losses[done] = trainer.step(batches.next());
            done++;
          }
        }
      }
    } catch (TrainingDivergedException e) {
      if (e.isBadData()) {
        throw e;
      }
      diverged = e;
    }
    return new Result(new LossCurve(baseline, Arrays.copyOf(losses, done)), diverged);
  }
}
