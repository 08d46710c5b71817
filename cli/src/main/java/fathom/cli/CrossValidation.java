package fathom.cli;

import fathom.data.Rows;
import fathom.data.Split;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.train.Evaluation;
import fathom.train.TrainingDivergedException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A training for each fold of the rows, tested with the rows that it did not see: networks with the
 * same first weights, on data that are scaled by what each one trains on.
 */
final class CrossValidation {
  private final TrainingData data;
  private final List<Split> folds;
  private final Function<Rows, Split> parts;
  private final LearningOptions how;
  private final MonitorOptions watch;
  private final Loss loss;
  private final double[] figures;
  private long parameters;
  private long steps;
  private long samples;
  private double seconds;
  private double waited;

  /**
   * @param folds how many
   * @param parts divides what a fold trains on into that and what it looks at after each epoch
   * @param watch what happens when a training goes wrong
   * @throws BadInput if a fold has too few steps for the schedule
   * @throws IllegalArgumentException if the folds are too few or too many for the rows
   */
  CrossValidation(
      TrainingData data,
      int folds,
      Function<Rows, Split> parts,
      LearningOptions how,
      MonitorOptions watch) {
    this.data = data;
    this.folds = data.data().rows().folds(folds, how.seed());
    this.parts = parts;
    this.how = how;
    this.watch = watch;
    loss = how.loss(data.hasClasses());
    figures = new double[folds];
    // The first fold holds the most rows out, so that it has the fewest steps.
    Rows fewest = parts.apply(this.folds.get(0).train()).train();
    ScheduleOptions.Course unused = how.rates(how.steps(fewest));
  }

  /** Returns how many rows there are for what. */
  String describe() {
    return String.format(
        Locale.ROOT,
        "%,d in %d folds, each tested by a network that trains on the others",
        data.data().size(),
        folds.size());
  }

  /**
   * Trains and tests fold after fold; returns whether all were.
   *
   * @param keeper who says when to stop
   * @param fresh builds an untrained network for the rows that it is to be trained on
   * @param shown where to show a training on some rows; first asked when nothing is left to refuse
   * @param report where to tell of each fold, or null
   */
  boolean run(
      Checkpoints keeper,
      Function<Rows, Network> fresh,
      Function<Rows, Progress> shown,
      Report report) {
    for (int i = 0; i < figures.length; i++) {
      Split rows = folds.get(i);
      data.fitTo(rows.train());
      Split split = parts.apply(rows.train());
      try (Network network = fresh.apply(split.train())) {
        TrainingRun run = new TrainingRun(network, loss, split.train(), split.held(), how);
        String fold = "fold " + (i + 1);
        if (!train(run, keeper, () -> shown.apply(split.train()), fold, how.steps(split.train()))) {
          return false;
        }
        Evaluation test = Evaluation.of(network, rows.held(), loss);
        if (!Double.isFinite(test.loss())) {
          throw new BadInput(
              String.format(
                  "%s: the loss of the rows that it is tested with is %s; correct rows whose numbers"
                      + " are too large, or leave them out",
                  fold, test.loss()));
        }
        figures[i] =
            data.hasClasses() ? test.accuracy() : Report.rmse(test, data.data().targetScaling());
        parameters = network.parameterCount();
        steps += run.steps();
        seconds += run.seconds();
        waited += run.secondsWaited();
        samples += run.trained();
        if (report != null) {
          report.test(fold, test, data.data().targetScaling());
        }
      }
    }
    return true;
  }

  private boolean train(
      TrainingRun run, Checkpoints keeper, Supplier<Progress> shown, String fold, long most) {
    Consumer<String> told = text -> run.tell(fold + ": " + text);
    run.watch(trainer -> watch.attach(trainer, most, null, told));
    try {
      return run.run(keeper, shown);
    } catch (TrainingDivergedException e) {
      throw new BadInput(fold + ": " + e.getMessage(), e);
    }
  }

  double mean() {
    double sum = 0;
    for (double figure : figures) {
      sum += figure;
    }
    return sum / figures.length;
  }

  /** Returns the standard deviation of the folds' figures, whose mean takes one freedom. */
  double deviation() {
    double mean = mean();
    double sum = 0;
    for (double figure : figures) {
      sum += (figure - mean) * (figure - mean);
    }
    return Math.sqrt(sum / (figures.length - 1));
  }

  /** Prints the figures of all folds together. */
  void print(Report report) {
    String format =
        data.hasClasses() ? "accuracy %.2f %%, deviation %.2f %%" : "RMSE %.5g, deviation %.2g";
    double unit = data.hasClasses() ? 100 : 1;
    report.entry(
        "folds",
        String.format(Locale.ROOT, format, unit * mean(), unit * deviation())
            + ": mean and standard deviation of "
            + figures.length);
  }

  /** Returns the figures, each of all folds together. */
  JsonObject json() {
    String figure = data.hasClasses() ? "fold_accuracy" : "fold_rmse";
    return new JsonObject()
        .put("parameters", parameters)
        .put("epochs", how.epochs())
        .put("steps", steps)
        .put("seconds", seconds)
        .put("seconds_waited", waited)
        .put("samples_per_second", samples / seconds)
        .put("folds", figures.length)
        .put(figure + "_mean", mean())
        .put(figure + "_std", deviation())
        .put("seed", how.seed());
  }

  /**
   * Refuses options that make no sense with folds.
   *
   * @param folds how many, or null for none
   */
  static void check(Integer folds, Double test, Integer perClass, Path save, Path load) {
    if (folds == null) {
      return;
    }
    if (folds < 2) {
      throw new BadInput("--folds must be at least 2, not " + folds);
    }
    if (test != null) {
      throw new BadInput("--folds tests with every row in turn; leave out --test");
    }
    if (perClass != null) {
      throw new BadInput(
          "--folds trains on all rows of the other folds; leave out --labels-per-class");
    }
    if (save != null) {
      throw new BadInput("--folds keeps none of its networks; leave out --save, or --folds");
    }
    if (load != null) {
      throw new BadInput(
          "--folds needs networks that have seen no row; leave out --load, or --folds");
    }
  }
}
