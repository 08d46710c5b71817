package fathom.lab;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Dataset;
import fathom.data.Rows;
import fathom.data.Task;
import fathom.kernel.Engine;
import fathom.matrix.Matrix;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.train.Trainer;
import fathom.train.TrainingDivergedException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * What is done to each cell: a probe of the network as it is drawn, a short training, and a probe
 * of what came out. Equal cells give equal findings but for the times, on any engine with any
 * number of threads.
 *
 * <p>Any number of threads may run trials on the same rows, each with an engine of its own.
 */
public final class Trial {
  /** Stands for a network that theory sets no limit to. */
  static final double NO_LIMIT = 1e9;

  private static final double SCALES = 6;

  private final Map<String, Double> trainableDepths = new ConcurrentHashMap<>();
  private final Rows rows;
  private final Loss loss;
  private final int steps;
  private final int batch;
  private final double baseline;

  /**
   * Describes the trial.
   *
   * @param rows labelled rows to train on
   * @param steps of the training, at least 1
   * @param batch samples of a step, and of the probe
   * @throws IllegalArgumentException if the rows have neither labels nor targets, or a number is
   *     not positive
   */
  public Trial(Rows rows, int steps, int batch) {
    if (steps < 1 || batch < 1) {
      throw new IllegalArgumentException(
          "a trial needs at least one step and one sample a step, not " + steps + " and " + batch);
    }
    Dataset data = rows.dataset();
    if (data.task() == Task.UNLABELLED) {
      throw new IllegalArgumentException("a trial needs rows with labels or targets");
    }
    this.rows = rows;
    this.steps = steps;
    this.batch = Math.min(batch, rows.size());
    boolean classes = data.task() == Task.CLASSIFICATION;
    loss = classes ? Loss.SOFTMAX_CROSS_ENTROPY : Loss.MSE;
    baseline = classes ? entropy(rows) : variance(rows);
  }

  /** Returns the cross-entropy of who answers with the classes' shares to everything. */
  static double entropy(Rows rows) {
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

  /** Returns the number of steps. */
  public int steps() {
    return steps;
  }

  /** Returns the number of samples of a step. */
  public int batch() {
    return batch;
  }

  int inputs() {
    return rows.dataset().features();
  }

  int outputs() {
    return rows.dataset().outputs();
  }

  /** Returns what the time of a cell is about proportional to. */
  double cost(Cell cell) {
    // A layer costs some microseconds however small it is: as much as some 10^5 operations.
    return steps * (cell.flops(inputs(), outputs(), batch) + 3e5 * cell.depth());
  }

  /**
   * Returns the depth up to which mean-field theory lets a cell's network be trained: six depth
   * scales, of correlations or of gradients, whichever is shorter (Schoenholz et al. 2017). NaN for
   * networks that the theory is not about: those with norms, skips or learnt slopes.
   */
  double trainableDepth(Cell cell) {
    boolean plain = cell.norm() == Cell.Norm.NONE && cell.skip() == Cell.Skip.NONE;
    if (!plain || cell.activation().isLearnt()) {
      return Double.NaN;
    }
    double biasVariance = cell.bias() * cell.bias();
    String key = cell.activation() + " " + cell.weightVariance() + " " + biasVariance;
    return trainableDepths.computeIfAbsent(
        key,
        unused -> {
          MeanField theory = MeanField.of(cell.activation(), cell.weightVariance(), biasVariance);
          double scale = Math.min(theory.correlationScale(), Math.abs(theory.gradientScale()));
          return Math.min(NO_LIMIT, SCALES * scale);
        });
  }

  /**
   * Runs one cell.
   *
   * @param stopped asked before each step; the cell is given up when it says so
   * @return what was found, or null if the cell was given up
   */
  public Finding run(Cell cell, Engine engine, BooleanSupplier stopped) {
    try (Network network = cell.network(engine, inputs(), outputs())) {
      Sounding before = sound(new Probe(network));
      double[] losses = new double[steps];
      Verdict diverged = null;
      int done = 0;
      long start = System.nanoTime();
      try (Trainer trainer = new Trainer(network, loss, cell.optimizer()).detectAnomalies(true)) {
        for (int epoch = 1; done < steps; epoch++) {
          try (Batches.Iteration batches = rows.batches(batch, cell.seed(), epoch).iterator()) {
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
        diverged = Judge.diverged(e);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      LossCurve curve = new LossCurve(baseline, Arrays.copyOf(losses, done));
      Sounding after = sound(new Probe(network).withoutJacobian());
      Verdict verdict =
          diverged == null ? Judge.of(cell.activation(), before, after, curve) : diverged;
      return Finding.of(this, cell, verdict, before, after, curve, done / seconds, network);
    }
  }

  /** The first rows, so that all cells see the same. */
  private Sounding sound(Probe probe) {
    try (Batches.Iteration batches = rows.batchesInOrder(batch).iterator()) {
      Batch first = batches.next();
      return probe.sound(first, loss);
    }
  }
}
