package fathom.cli;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Rows;
import fathom.matrix.Matrix;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.train.EarlyStopping;
import fathom.train.Evaluation;
import fathom.train.Trainer;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.SplittableRandom;

/** The epochs of a training and what they came to. */
final class TrainingRun {
  private final Network network;
  private final Loss loss;
  private final Rows train;
  private final Rows validation;
  private final LearningOptions how;
  private final ScheduleOptions.Course rates;
  private long steps;
  private long trained;
  private double seconds;
  private double trainLoss;
  private double validationLoss = Double.NaN;

  /**
   * @param validation rows to look at after each epoch, or null
   * @throws BadInput if there are too few steps for the schedule
   */
  TrainingRun(Network network, Loss loss, Rows train, Rows validation, LearningOptions how) {
    this.network = network;
    this.loss = loss;
    this.train = train;
    this.validation = validation;
    this.how = how;
    rates = how.rates(how.steps(train));
  }

  /** Trains, and shows it. */
  void run(Progress progress) {
    SplittableRandom orders = new SplittableRandom(how.seed());
    RegularizationOptions against = how.regularization();
    try (Trainer trainer = new Trainer(network, against.smoothed(loss), how.optimizer());
        EarlyStopping stopping = against.stopping(network)) {
      trainer.clipping(how.clipping());
      trainer.constraint(against.constraint());
      trainer.schedule(rates.schedule());
      for (int epoch = 1; epoch <= how.epochs(); epoch++) {
        progress.line(epoch(trainer, epoch, how.batches(train, orders.nextLong()), progress));
        if (rates.plateau() != null) {
          rates.plateau().observe(validationLoss);
        }
        if (stopping != null && stopping.observe(validationLoss)) {
          break;
        }
      }
      if (stopping != null) {
        stopping.restore();
        validationLoss = stopping.bestLoss();
        progress.line("the network of epoch " + stopping.best() + " is kept");
      }
    }
  }

  private String epoch(Trainer trainer, int epoch, Batches batches, Progress progress) {
    long start = System.nanoTime();
    double sum = 0;
    long samples = 0;
    long right = 0;
    int batch = 0;
    try (Batches.Iteration iteration = batches.iterator()) {
      while (iteration.hasNext()) {
        Batch rows = iteration.next();
        sum += trainer.step(rows) * rows.size();
        samples += rows.size();
        right += loss.wantsLabels() ? right(rows) : 0;
        progress.step(epoch, ++batch, batches.count(), sum / samples);
      }
    }
    double elapsed = (System.nanoTime() - start) / 1e9;
    steps += batch;
    trained += samples;
    seconds += elapsed;
    trainLoss = sum / samples;
    StringBuilder line = new StringBuilder();
    int digits = Integer.toString(how.epochs()).length();
    line.append(String.format("epoch %" + digits + "d/%d", epoch, how.epochs()));
    line.append(figures("", trainLoss, (double) right / samples));
    if (validation != null) {
      Evaluation held = Evaluation.of(network, validation, loss);
      validationLoss = held.loss();
      double accuracy = loss.wantsLabels() ? held.accuracy() : Double.NaN;
      line.append(figures("validation ", validationLoss, accuracy));
    }
    return line.append(String.format(Locale.ROOT, "  %,.0f samples/s", samples / elapsed))
        .toString();
  }

  private String figures(String which, double lossValue, double accuracy) {
    String text = String.format(Locale.ROOT, "  %sloss %.4f", which, lossValue);
    return loss.wantsLabels()
        ? text + String.format(Locale.ROOT, "  %saccuracy %6.2f %%", which, 100 * accuracy)
        : text;
  }

  /** Counts the rows whose class the step's own forward pass had found. */
  private long right(Batch batch) {
    long stamp = network.beginStep();
    try {
      Matrix outputs = network.pass(batch.size()).output();
      long right = 0;
      for (int i = 0; i < batch.size(); i++) {
        int best = 0;
        for (int k = 1; k < outputs.rows(); k++) {
          if (outputs.get(k, i) > outputs.get(best, i)) {
            best = k;
          }
        }
        right += best == batch.labels().getAtIndex(ValueLayout.JAVA_INT, i) ? 1 : 0;
      }
      return right;
    } finally {
      network.endStep(stamp);
    }
  }

  long steps() {
    return steps;
  }

  /** Returns the time of the steps, without that of looking at other rows. */
  double seconds() {
    return seconds;
  }

  double samplesPerSecond() {
    return trained / seconds;
  }

  /** Returns the last epoch's mean loss. */
  double trainLoss() {
    return trainLoss;
  }

  /** Returns the loss of the rows looked at, after the last epoch; NaN if there are none. */
  double validationLoss() {
    return validationLoss;
  }
}
