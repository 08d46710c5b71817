package fathom.cli;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Rows;
import fathom.matrix.Matrix;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.train.Evaluation;
import fathom.train.Trainer;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** The epochs of a training and what they came to. */
final class TrainingRun {
  private final Network network;
  private final Loss loss;
  private final Rows train;
  private final Rows validation;
  private final LearningOptions how;
  private final ScheduleOptions.Course rates;
  private long steps;
  private double seconds;
  private double trainLoss;
  private double validationLoss = Double.NaN;
  private Consumer<Trainer> setUp = trainer -> {};
  private RunHistory history;

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

  /**
   * Lets others have a hand in the training.
   *
   * @param newSetUp what is done to the trainer before it starts
   * @param newHistory who wants to know what came of each epoch, or null
   */
  void watch(Consumer<Trainer> newSetUp, RunHistory newHistory) {
    setUp = newSetUp;
    history = newHistory;
  }

  /** Trains, and shows it. */
  void run(Progress progress) {
    SplittableRandom orders = new SplittableRandom(how.seed());
    try (Trainer trainer = new Trainer(network, loss, how.optimizer())) {
      trainer.clipping(how.clipping());
      trainer.schedule(rates.schedule());
      setUp.accept(trainer);
      for (int epoch = 1; epoch <= how.epochs(); epoch++) {
        Batches batches =
            how.inOrder()
                ? train.batchesInOrder(how.batch())
                : train.batches(how.batch(), orders.nextLong());
        progress.line(epoch(trainer, epoch, batches, progress));
        if (rates.plateau() != null) {
          rates.plateau().observe(validationLoss);
        }
      }
    }
  }

  private String epoch(Trainer trainer, int epoch, Batches batches, Progress progress) {
    long start = System.nanoTime();
    double sum = 0;
    long samples = 0;
    long right = 0;
    int batch = 0;
    for (Batch rows : batches) {
      sum += trainer.step(rows) * rows.size();
      samples += rows.size();
      right += loss.wantsLabels() ? right(rows) : 0;
      progress.step(epoch, ++batch, batches.count(), sum / samples);
    }
    double elapsed = (System.nanoTime() - start) / 1e9;
    steps += batch;
    seconds += elapsed;
    trainLoss = sum / samples;
    StringBuilder line = new StringBuilder();
    int digits = Integer.toString(how.epochs()).length();
    line.append(String.format("epoch %" + digits + "d/%d", epoch, how.epochs()));
    line.append(figures("", trainLoss, (double) right / samples));
    double accuracy = Double.NaN;
    if (validation != null) {
      Evaluation held = Evaluation.of(network, validation, loss);
      validationLoss = held.loss();
      accuracy = loss.wantsLabels() ? held.accuracy() : Double.NaN;
      line.append(figures("validation ", validationLoss, accuracy));
    }
    if (history != null) {
      double found = loss.wantsLabels() ? (double) right / samples : Double.NaN;
      double rate = trainer.state().rate();
      history.add(new RunHistory.Epoch(epoch, rate, trainLoss, found, validationLoss, accuracy));
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
    return (double) how.epochs() * train.size() / seconds;
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
