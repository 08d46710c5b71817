package fathom.cli;

import fathom.data.Dataset;
import fathom.data.Scaling;
import fathom.data.Task;
import fathom.engine.Engine;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.train.Model;
import fathom.train.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A model that was read from a file, with what this command line noted in it. */
final class ModelFile implements AutoCloseable {
  /** What the model was trained on: {@link #DIGITS}, or the name of a file or directory. */
  static final String DATA = "data";

  static final String DIGITS = "digits";

  /** The name of the table's label column. */
  static final String LABEL = "label";

  static final String LOSS = "loss";

  /** What the rows held out depend on. */
  static final String SPLIT_SEED = "split_seed";

  /** The share of rows held out, 0 for none. */
  static final String TEST = "test";

  private final Path path;
  private final Model model;
  private boolean newHead;

  private ModelFile(Path path, Model model) {
    this.path = path;
    this.model = model;
  }

  /**
   * Reads a model.
   *
   * @throws fathom.data.DataException if the file is missing, damaged or no model of Fathom's
   */
  static ModelFile read(Path path, Engine engine) {
    requireRoom(path);
    return new ModelFile(path, Models.load(path, engine));
  }

  /** Refuses a file whose numbers do not fit into the memory that is free. */
  private static void requireRoom(Path path) {
    long bytes;
    try {
      bytes = Files.size(path);
    } catch (IOException e) {
      // Whoever reads it says what is wrong.
      return;
    }
    long available = MachineMemory.available();
    if (bytes > available) {
      throw new BadInput(
          String.format(
              "%s holds %s of numbers, and %s of this machine's %s are free; end what takes the"
                  + " others, or use a smaller model",
              path,
              MachineMemory.text((double) bytes),
              MachineMemory.text((double) available),
              MachineMemory.text((double) MachineMemory.total())));
    }
  }

  /** Lets data have other classes or targets than the model's, for which it gets a new head. */
  ModelFile withNewHead(boolean wanted) {
    newHead = wanted;
    return this;
  }

  boolean hasNewHead() {
    return newHead;
  }

  Model model() {
    return model;
  }

  Network network() {
    return model.network();
  }

  /** Returns the model's task; a file that does not tell it has classes if more than one output. */
  Task task() {
    if (model.task() != Task.UNLABELLED) {
      return model.task();
    }
    return network().outputs() > 1 ? Task.CLASSIFICATION : Task.REGRESSION;
  }

  /** Returns what the targets of a regression were brought to. */
  Scaling targetScaling() {
    Scaling scaling = model.targetScaling();
    return scaling == null ? Scaling.identity(network().outputs()) : scaling;
  }

  /** Returns the names of the classes, empty if they have none. */
  List<String> classNames() {
    return model.classNames();
  }

  /** Returns the names of the features, empty if they have none. */
  List<String> featureNames() {
    return model.featureNames();
  }

  /** Returns a note, or null. */
  String note(String key) {
    return model.provenance().get(key);
  }

  /** Returns the loss that the network was trained with, or what suits it. */
  Loss loss() {
    boolean classes = task() == Task.CLASSIFICATION;
    String name = note(LOSS);
    Loss loss = name == null ? null : Loss.named(name);
    if (loss != null && loss.wantsLabels() == classes) {
      return loss;
    }
    return classes ? Loss.SOFTMAX_CROSS_ENTROPY : Loss.MSE;
  }

  /**
   * Brings data to the scaling of this model.
   *
   * @param name what to call the data in messages
   * @throws BadInput if the two do not fit
   */
  void prepare(Dataset data, String name) {
    if (data.features() != network().inputs()) {
      throw misfit(
          "takes rows of " + network().inputs() + " numbers", name, "rows of " + data.features());
    }
    if (newHead) {
      data.scaleTo(model.scaling());
      return;
    }
    requireTask(data.task() == Task.UNLABELLED ? null : data.task(), name);
    if (data.task() == Task.CLASSIFICATION) {
      requireClasses(data, name);
    }
    data.scaleTo(model.scaling());
    if (data.task() == Task.REGRESSION) {
      data.scaleTargets(targetScaling());
    }
  }

  /**
   * Refuses another task than the model's.
   *
   * @param wanted the task, or null if any will do
   */
  void requireTask(Task wanted, String name) {
    if (wanted != null && wanted != task()) {
      throw misfit("was trained for " + word(task()), name, "labels for " + word(wanted));
    }
  }

  private void requireClasses(Dataset data, String name) {
    List<String> known = classNames();
    List<String> found = data.classNames();
    if (data.classes() > network().outputs()) {
      throw misfit("knows " + network().outputs() + " classes", name, data.classes() + " classes");
    }
    if (!known.isEmpty() && found != null && !known.subList(0, found.size()).equals(found)) {
      throw misfit("knows the classes " + brief(known), name, "the classes " + brief(found));
    }
  }

  BadInput misfit(String takes, String name, String has) {
    return new BadInput(
        String.format(
            "%s %s, but %s has %s; use the data that the model was made for, or train a new one",
            path, takes, name, has));
  }

  private static String word(Task task) {
    return task == Task.CLASSIFICATION ? "classification" : "regression";
  }

  private static String brief(List<String> names) {
    int shown = Math.min(5, names.size());
    return String.join(", ", names.subList(0, shown)) + (shown < names.size() ? ", ..." : "");
  }

  @Override
  public void close() {
    model.close();
  }
}
