package fathom.lab.stress;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Rows;
import fathom.engine.Engine;
import fathom.lab.probe.Probe;
import fathom.lab.probe.Sounding;
import fathom.lab.theory.MeanField;
import fathom.nn.HiddenLayers;
import fathom.nn.Network;
import fathom.train.Trainer;
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
  private final ShortTraining training;

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
    training = ShortTraining.on(rows, steps, batch);
  }

  /** Returns the number of steps. */
  public int steps() {
    return training.steps();
  }

  /** Returns the number of samples of a step. */
  public int batch() {
    return training.batch();
  }

  int inputs() {
    return training.rows().dataset().features();
  }

  int outputs() {
    return training.rows().dataset().outputs();
  }

  /** Returns what the time of a cell is about proportional to. */
  double cost(GridCell cell) {
    // A layer costs some microseconds however small it is: as much as some 10^5 operations.
    return steps() * (cell.flops(inputs(), outputs(), batch()) + 3e5 * cell.depth());
  }

  /**
   * Returns the depth up to which mean-field theory lets a cell's network be trained: six depth
   * scales, of correlations or of gradients, whichever is shorter (Schoenholz et al. 2017). NaN for
   * networks that the theory is not about: those with norms, skips or learnt slopes.
   */
  double trainableDepth(GridCell cell) {
    boolean plain = cell.norm() == HiddenLayers.Norm.NONE && cell.skip() == GridCell.Skip.NONE;
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
  public Finding run(GridCell cell, Engine engine, BooleanSupplier stopped) {
    try (Network network = cell.network(engine, inputs(), outputs())) {
      Sounding before = sound(new Probe(network));
      ShortTraining.Result trained;
      long start = System.nanoTime();
      try (Trainer trainer =
          new Trainer(network, training.loss(), cell.optimizer()).detectAnomalies(true)) {
        trained = training.run(trainer, cell.seed(), stopped);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      if (trained == null) {
        return null;
      }
      LossCurve curve = trained.curve();
      Sounding after = sound(new Probe(network).withoutJacobian());
      Verdict verdict =
          trained.diverged() == null
              ? Judge.of(cell.activation(), before, after, curve)
              : Judge.diverged(trained.diverged());
      return Finding.of(
          this, cell, verdict, before, after, curve, curve.steps() / seconds, network);
    }
  }

  /** The first rows, so that all cells see the same. */
  private Sounding sound(Probe probe) {
    try (Batches.Iteration batches = training.rows().batchesInOrder(batch()).iterator()) {
      Batch first = batches.next();
      return probe.sound(first, training.loss());
    }
  }
}
