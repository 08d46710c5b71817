package fathom.cli;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Rows;
import fathom.matrix.Matrix;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.train.Checkpoint;
import fathom.train.EarlyStopping;
import fathom.train.Evaluation;
import fathom.train.Trainer;
import fathom.train.TrainingDivergedException;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The epochs of a training and what they came to. */
final class TrainingRun {
  private static final String SUM = "epoch.loss_sum";
  private static final String SAMPLES = "epoch.samples";
  private static final String RIGHT = "epoch.right";
  private static final String NORM = "epoch.gradient_norm";
  private static final String ELAPSED = "epoch.seconds";
  private static final String WAITED = "waited";
  private static final String SECONDS = "seconds";
  private static final String TRAINED = "trained";
  private static final String STEPS = "steps";

  private final Network network;
  private final Loss loss;
  private final Rows train;
  private final Rows validation;
  private final LearningOptions how;
  private final ScheduleOptions.Course rates;
  private final RunHistory history = new RunHistory();
  private long steps;
  private long trained;
  private double seconds;
  private double waited;
  private double trainLoss;
  private double validationLoss = Double.NaN;
  private int kept;
  private Consumer<Trainer> setUp = trainer -> {};
  private Checkpoints checkpoints;
  private Progress progress;

  // Of the epoch under way.
  private double sum;
  private long samples;
  private long right;
  private double elapsed;

  /** The largest gradient norm before clipping; NaN without clipping. */
  private double norm;

  /**
   * @param validation rows to look at after each epoch, or null
   * @throws BadInput if there are too few steps for the schedule, or the rows or the loss are not
   *     what an option is for
   */
  TrainingRun(Network network, Loss loss, Rows train, Rows validation, LearningOptions how) {
    this.network = network;
    this.loss = loss;
    this.train = train;
    this.validation = validation;
    this.how = how;
    rates = how.rates(how.steps(train));
    Batches unused = how.batches(train, 1);
    Loss unusedLoss = how.regularization().smoothed(loss);
  }

  /** Sets what is done to the trainer before it starts. */
  void watch(Consumer<Trainer> newSetUp) {
    setUp = newSetUp;
  }

  /** Returns what came of each epoch, those before a checkpoint too. */
  RunHistory history() {
    return history;
  }

  /** Tells a line about the training under way. */
  void tell(String line) {
    progress.line(line);
  }

  /**
   * Trains, and shows it; returns whether it came to its end.
   *
   * @param keeper who keeps the training, may have kept it before, and says when to stop
   * @param shown where to show it; asked when a checkpoint fits and nothing is left to refuse
   */
  boolean run(Checkpoints keeper, Supplier<Progress> shown) {
    checkpoints = keeper;
    RegularizationOptions against = how.regularization();
    try (Trainer trainer = new Trainer(network, against.smoothed(loss), how.optimizer());
        EarlyStopping stopping = against.stopping(network)) {
      trainer.clipping(how.clipping());
      trainer.constraint(against.constraint());
      trainer.schedule(rates.schedule());
      setUp.accept(trainer);
      Checkpoint.Progress start = checkpoints.resume(trainer, stopping);
      if (start != null) {
        goOnFrom(start.notes());
      }
      try (Progress opened = shown.get()) {
        progress = opened;
        return epochs(trainer, stopping, start);
      } catch (TrainingDivergedException | BadInput e) {
        if (stopping != null && stopping.best() > 0) {
          stopping.restore();
          kept = stopping.best();
        }
        throw e;
      }
    }
  }

  /** Trains on from where a checkpoint was, if any; returns whether training came to its end. */
  private boolean epochs(Trainer trainer, EarlyStopping stopping, Checkpoint.Progress start) {
    int done = start == null ? 0 : start.batch();
    boolean over = stopping != null && stopping.isOver();
    for (int epoch = start == null ? 1 : start.epoch(); epoch <= how.epochs() && !over; epoch++) {
      if (!steps(trainer, stopping, epoch, done)) {
        return false;
      }
      done = 0;
      progress.line(endEpoch(trainer, epoch));
      requireJudgement(stopping, epoch);
      if (rates.plateau() != null) {
        rates.plateau().observe(validationLoss);
      }
      over = stopping != null && stopping.observe(validationLoss);
      if (over) {
        boolean unused = checkpoints.stepped(trainer, stopping, epoch + 1, 0, true, this::sums);
      }
    }
    if (stopping != null) {
      stopping.restore();
      validationLoss = stopping.bestLoss();
      progress.line("the network of epoch " + stopping.best() + " is kept");
    }
    return true;
  }

  /** Refuses to go by a validation loss that is no number, as of a network that is sound. */
  private void requireJudgement(EarlyStopping stopping, int epoch) {
    boolean wanted = stopping != null || rates.plateau() != null;
    if (wanted && !Double.isFinite(validationLoss)) {
      throw new BadInput(
          String.format(
              "after epoch %d the loss of the validation rows is %s, and that of the others %.4g: %s"
                  + " cannot go by it; correct rows whose numbers are too large, or leave them out",
              epoch,
              validationLoss,
              trainLoss,
              stopping != null ? "--early-stopping" : "--schedule plateau"));
    }
  }

  /** Takes the steps of an epoch that are not done; returns whether it came to its end. */
  private boolean steps(Trainer trainer, EarlyStopping stopping, int epoch, int done) {
    Batches batches = how.batches(train, epoch);
    double before = elapsed;
    double waitedBefore = waited;
    long start = System.nanoTime();
    int batch = done;
    try (Batches.Iteration iteration = batches.from(done).iterator()) {
      while (iteration.hasNext()) {
        Batch rows = iteration.next();
        sum += trainer.step(rows) * rows.size();
        norm = Math.max(norm, trainer.gradientNorm());
        samples += rows.size();
        right += loss.wantsLabels() ? right(rows) : 0;
        steps++;
        progress.step(epoch, ++batch, batches.count(), sum / samples);
        elapsed = before + (System.nanoTime() - start) / 1e9;
        waited = waitedBefore + iteration.waitedNanos() / 1e9;
        if (batch == batches.count()) {
          trainer.verify(rows);
        }
        boolean atEnd = epoch == how.epochs() && batch == batches.count();
        if (checkpoints.stepped(trainer, stopping, epoch, batch, atEnd, this::sums)) {
          return false;
        }
      }
    }
    return true;
  }

  private String endEpoch(Trainer trainer, int epoch) {
    seconds += elapsed;
    trained += samples;
    trainLoss = sum / samples;
    String speed = String.format(Locale.ROOT, "  %,.0f samples/s", samples / elapsed);
    StringBuilder line = new StringBuilder();
    int digits = Integer.toString(how.epochs()).length();
    line.append(String.format("epoch %" + digits + "d/%d", epoch, how.epochs()));
    line.append(figures("", trainLoss, (double) right / samples));
    double accuracy = Double.NaN;
    if (norm > 0) {
      line.append(String.format(Locale.ROOT, "  gradient norm up to %.3g", norm));
    }
    if (validation != null) {
      Evaluation held = Evaluation.of(network, validation, loss);
      validationLoss = held.loss();
      accuracy = loss.wantsLabels() ? held.accuracy() : Double.NaN;
      line.append(figures("validation ", validationLoss, accuracy));
    }
    double found = loss.wantsLabels() ? (double) right / samples : Double.NaN;
    double rate = trainer.state().rate();
    history.add(new RunHistory.Epoch(epoch, rate, trainLoss, found, validationLoss, accuracy));
    sum = 0;
    samples = 0;
    right = 0;
    norm = 0;
    elapsed = 0;
    return line.append(speed).toString();
  }

  /** Returns what the figures of the epoch under way have come to, for a checkpoint. */
  private Map<String, String> sums() {
    Map<String, String> notes = new HashMap<>(HistoryText.of(history));
    notes.putAll(
        Map.of(
            SUM, Double.toString(sum),
            SAMPLES, Long.toString(samples),
            RIGHT, Long.toString(right),
            NORM, Double.toString(norm),
            ELAPSED, Double.toString(elapsed),
            SECONDS, Double.toString(seconds),
            WAITED, Double.toString(waited),
            TRAINED, Long.toString(trained),
            STEPS, Long.toString(steps)));
    return notes;
  }

  private void goOnFrom(Map<String, String> notes) {
    try {
      sum = Double.parseDouble(note(notes, SUM));
      samples = Long.parseLong(note(notes, SAMPLES));
      right = Long.parseLong(note(notes, RIGHT));
      norm = Double.parseDouble(note(notes, NORM));
      elapsed = Double.parseDouble(note(notes, ELAPSED));
      seconds = Double.parseDouble(note(notes, SECONDS));
      waited = Double.parseDouble(note(notes, WAITED));
      trained = Long.parseLong(note(notes, TRAINED));
      steps = Long.parseLong(note(notes, STEPS));
      HistoryText.restore(notes, history);
      trainLoss = history.epochs().isEmpty() ? 0 : history.epochs().getLast().trainLoss();
    } catch (IllegalArgumentException e) {
      throw checkpoints.damaged(e);
    }
  }

  private static String note(Map<String, String> notes, String key) {
    String note = notes.get(key);
    if (note == null) {
      throw new IllegalArgumentException("'" + key + "' lacks");
    }
    return note;
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

  /** Returns the epoch whose network early stopping has brought back after a failure, or 0. */
  int kept() {
    return kept;
  }

  /** Returns the time of the steps, without that of looking at other rows. */
  double seconds() {
    return seconds;
  }

  /** Returns how much of that time the engine had no batch to work on. */
  double secondsWaited() {
    return waited;
  }

  /** Returns how many samples were trained on, each as often as it was. */
  long trained() {
    return trained;
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
