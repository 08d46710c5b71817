package fathom.cli;

import fathom.data.Dataset;
import fathom.data.Idx;
import fathom.data.Rows;
import fathom.data.Scaling;
import fathom.data.Split;
import fathom.data.Task;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Rows to train on and rows to test with, scaled alike; closed together. */
final class TrainingData implements AutoCloseable {
  private final Runnable closer;
  private final Dataset data;
  private final String name;
  private final Rows test;
  private final Holdout holdout;
  private Rows train;
  private String label;
  private boolean standardized;

  private TrainingData(
      Runnable closer, Dataset data, String name, Rows train, Rows test, Holdout holdout) {
    this.closer = closer;
    this.data = data;
    this.name = name;
    this.train = train;
    this.test = test;
    this.holdout = holdout;
  }

  /** Holds rows of a dataset out, which is closed if that fails. */
  static TrainingData split(Dataset data, String name, Holdout holdout, ModelFile from) {
    try {
      if (from != null) {
        from.prepare(data, name);
      }
      Split split = holdout.split(data);
      return new TrainingData(data::close, data, name, split.train(), split.held(), holdout);
    } catch (Throwable t) {
      data.close();
      throw t;
    }
  }

  /** Takes the test set of a directory, or holds rows out where there is none. */
  static TrainingData of(Idx.Sets sets, String name, Holdout holdout, ModelFile from) {
    if (sets.test().isEmpty()) {
      return split(sets.train(), name, holdout, from);
    }
    try {
      if (holdout.fraction() != null) {
        throw new BadInput("--test is of no use here: " + name + " has a test set of its own");
      }
      Dataset test = sets.test().get();
      if (from != null) {
        from.prepare(sets.train(), name);
        from.prepare(test, name);
      }
      Holdout none = new Holdout(0.0, holdout.seed());
      return new TrainingData(
          sets::close, sets.train(), name, sets.train().rows(), test.rows(), none);
    } catch (Throwable t) {
      sets.close();
      throw t;
    }
  }

  /** Notes the name of the label column. */
  TrainingData labelled(String column) {
    label = column;
    return this;
  }

  /**
   * Brings features, and the targets of a regression, to mean 0 and variance 1 in the part to train
   * on.
   */
  TrainingData standardized() {
    standardized = true;
    fitTo(train);
    return this;
  }

  /** Brings the targets of a regression alone to mean 0 and variance 1. */
  TrainingData standardizedTargets() {
    if (data.task() == Task.REGRESSION) {
      data.scaleTargets(Scaling.standardTargets(train));
    }
    return this;
  }

  /** Standardizes anew, by other rows to train on, where that has been done. */
  void fitTo(Rows part) {
    if (standardized) {
      data.scale(Scaling.standard(part));
      if (data.task() == Task.REGRESSION) {
        data.scaleTargets(Scaling.standardTargets(part));
      }
    }
  }

  /**
   * Leaves some rows of each class to train on, by which inputs are standardized if they are.
   *
   * @param count how many of each, or null for all there are
   */
  void keepPerClass(Integer count, long seed) {
    if (count == null) {
      return;
    }
    if (!hasClasses()) {
      throw new BadInput(
          "--labels-per-class is for data with classes, and " + name + " has numbers to predict");
    }
    train = train.perClass(count, seed);
    fitTo(train);
  }

  /** Returns the dataset that is trained on. */
  Dataset data() {
    return data;
  }

  Rows train() {
    return train;
  }

  /** Returns the rows to test with, or null if there are none. */
  Rows test() {
    return test;
  }

  /** Returns how many rows there are for what. */
  String describe(Split parts) {
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "%,d to train on", parts.train().size()));
    if (parts.held() != null) {
      text.append(String.format(Locale.ROOT, ", %,d for validation", parts.held().size()));
    }
    if (test != null) {
      text.append(String.format(Locale.ROOT, ", %,d for the test", test.size()));
    }
    return text.toString();
  }

  /** Returns the names of the classes, empty if they have none. */
  List<String> classNames() {
    return data.classNames() == null ? List.of() : data.classNames();
  }

  /** Returns the names of the features, empty if they have none. */
  List<String> featureNames() {
    return data.featureNames() == null ? List.of() : data.featureNames();
  }

  boolean hasClasses() {
    return data.task() == Task.CLASSIFICATION;
  }

  /** Adds to a model's notes what a later command needs to know. */
  void note(Map<String, String> notes) {
    notes.put(ModelFile.DATA, name);
    notes.put(ModelFile.SPLIT_SEED, Long.toString(holdout.seed()));
    notes.put(ModelFile.TEST, Double.toString(holdout.share()));
    if (label != null) {
      notes.put(ModelFile.LABEL, label);
    }
  }

  @Override
  public void close() {
    closer.run();
  }
}
