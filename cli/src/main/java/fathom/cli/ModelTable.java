package fathom.cli;

import fathom.data.Csv;
import fathom.data.Dataset;
import fathom.data.Task;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A CSV table read to fit a model. Where both have names, features are found by name, in any order
 * and among others; otherwise the table has as many columns as the model has inputs, and perhaps
 * one more with labels.
 */
final class ModelTable {
  private final Path file;
  private final ModelFile model;
  private final List<String> columns;
  private final boolean hasHeader;
  private final boolean byName;
  private final String label;

  /**
   * @param label the column of labels as the user named it, or null
   */
  ModelTable(Path file, ModelFile model, String label) {
    this.file = file;
    this.model = model;
    columns = Csv.columns(file);
    hasHeader = !columns.get(0).equals("1");
    byName = hasHeader && !model.featureNames().isEmpty();
    this.label = label == null ? labelColumn() : label;
  }

  private String labelColumn() {
    String noted = model.note(ModelFile.LABEL);
    boolean there = noted != null && columns.contains(noted);
    if (byName) {
      return there ? noted : noted == null ? onlyOther() : null;
    }
    if (columns.size() == model.network().inputs() + 1) {
      return there ? noted : columns.get(columns.size() - 1);
    }
    return null;
  }

  private String onlyOther() {
    List<String> others = new ArrayList<>(columns);
    others.removeAll(model.featureNames());
    return others.size() == 1 ? others.get(0) : null;
  }

  /** Returns the name of the column of labels, or null if there is none. */
  String label() {
    return label;
  }

  /**
   * Reads features and labels.
   *
   * @throws BadInput if there are no labels or the features are not the model's
   */
  Dataset read() {
    if (label == null && byName) {
      String noted = model.note(ModelFile.LABEL);
      throw new BadInput(
          String.format(
              "%s: has no label column%s; add it, or name the column by --label",
              file, noted == null ? "" : " '" + noted + "'"));
    }
    if (label == null) {
      throw model.misfit(
          "takes rows of " + model.network().inputs() + " numbers and a label",
          file.toString(),
          columns.size() + " columns");
    }
    Csv.Options options = Csv.Options.guess().header(hasHeader).label(label).task(model.task());
    if (!model.classNames().isEmpty()) {
      options = options.classNames(model.classNames());
    }
    return choose(Csv.read(file, options));
  }

  /**
   * Reads features, and labels if there are any.
   *
   * @throws BadInput if the features are not the model's
   */
  Dataset readInputs() {
    if (label != null) {
      return read();
    }
    return choose(Csv.read(file, Csv.Options.guess().header(hasHeader).task(Task.UNLABELLED)));
  }

  /** Returns the dataset with the model's features in their order. */
  private Dataset choose(Dataset data) {
    if (!byName || model.featureNames().equals(data.featureNames())) {
      return data;
    }
    try (data) {
      return copy(data, places(data.featureNames()));
    }
  }

  private int[] places(List<String> names) {
    List<String> wanted = model.featureNames();
    int[] places = new int[wanted.size()];
    for (int i = 0; i < places.length; i++) {
      places[i] = names.indexOf(wanted.get(i));
      if (places[i] < 0) {
        throw model.misfit(
            "takes the feature '" + wanted.get(i) + "'",
            file.toString(),
            "only " + String.join(", ", names));
      }
    }
    return places;
  }

  private static Dataset copy(Dataset data, int[] places) {
    float[][] x = new float[data.size()][places.length];
    for (int r = 0; r < x.length; r++) {
      for (int c = 0; c < places.length; c++) {
        x[r][c] = data.inputs().get(r, places[c]);
      }
    }
    return switch (data.task()) {
      case CLASSIFICATION -> {
        int[] y = data.labels().toArray(ValueLayout.JAVA_INT);
        yield Dataset.ofLabels(x, y, data.classes()).classNames(data.classNames());
      }
      case REGRESSION -> Dataset.ofTargets(x, data.targets().toArray());
      case UNLABELLED -> Dataset.ofInputs(x);
    };
  }
}
