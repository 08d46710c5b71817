package fathom.cli;

import fathom.data.Csv;
import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.data.Idx;
import fathom.data.Npy;
import fathom.data.Scaling;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What DATA names: nothing (the digits that ship with Fathom), a directory of IDX files, a CSV
 * table, one file of IDX images, or an array of NumPy's with another of labels.
 */
final class DataSource {
  private static final Pattern TABLE = Pattern.compile(".*\\.(csv|tsv|txt)(\\.gz)?");
  private static final Pattern IMAGES = Pattern.compile(".*[-.]idx3([-.].*)?");

  private enum Kind {
    DIGITS,
    DIRECTORY,
    TABLE,
    IMAGES,
    ARRAY
  }

  private final Path path;
  private final Path labels;
  private final ClassOptions classes;
  private final Kind kind;

  /**
   * Looks what kind of data there are.
   *
   * @param path what the user named, or null
   * @throws BadInput if it is missing or of no known kind
   */
  DataSource(Path path) {
    this(path, null, new ClassOptions());
  }

  /**
   * As {@link #DataSource(Path)}.
   *
   * @param labels the array of the labels of an array, or null
   * @param classes which of them are wanted, where rows are trained on or evaluated
   */
  DataSource(Path path, Path labels, ClassOptions classes) {
    this.path = path;
    this.labels = labels;
    this.classes = classes;
    if (path == null) {
      kind = Kind.DIGITS;
    } else if (!Files.exists(path)) {
      throw new BadInput(path + ": no such file or directory; check the path");
    } else if (Files.isDirectory(path)) {
      kind = Kind.DIRECTORY;
    } else {
      String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
      if (name.endsWith(".npy")) {
        kind = Kind.ARRAY;
      } else if (IMAGES.matcher(name).matches()) {
        kind = Kind.IMAGES;
      } else if (TABLE.matcher(name).matches() || !Files.isRegularFile(path)) {
        kind = Kind.TABLE;
      } else {
        throw new BadInput(
            path + ": is neither a directory of IDX files nor a .csv, .csv.gz or .npy file");
      }
    }
    if (labels != null && kind != Kind.ARRAY) {
      throw new BadInput("--labels is for .npy arrays, and DATA is " + describe());
    }
  }

  /** Returns the path as the user gave it, or null. */
  Path path() {
    return path;
  }

  /** Returns the name of the data for messages and provenance. */
  String name() {
    return path == null ? ModelFile.DIGITS : path.toString();
  }

  /**
   * Reads what to train on and what to test with.
   *
   * @param known what the user knows of a table
   * @param from the model that training goes on from, or null
   */
  TrainingData forTraining(Csv.Options known, Holdout holdout, ModelFile from) {
    requireTable("--label and --task are", known.label() != null || known.task() != null);
    return switch (kind) {
      case DIGITS -> TrainingData.split(classes.of(Digits.load()), name(), holdout, from);
      case DIRECTORY -> TrainingData.of(classes.of(Idx.readDirectory(path)), name(), holdout, from);
      case ARRAY -> array(holdout, from);
      case TABLE -> from == null ? table(known, holdout) : table(known, holdout, from);
      default ->
          throw new BadInput(path + ": holds images and no labels; name the directory of both");
    };
  }

  /** Pixels are scaled already; other numbers are standardized as those of a table are. */
  private TrainingData array(Holdout holdout, ModelFile from) {
    Dataset data = readArray(from);
    boolean asRead = from != null || !data.scaling().equals(Scaling.identity(data.features()));
    TrainingData rows = TrainingData.split(data, name(), holdout, from);
    return asRead ? rows : rows.standardized();
  }

  private Dataset readArray(ModelFile model) {
    if (labels == null) {
      throw new BadInput(path + ": holds no labels; name their array with --labels");
    }
    boolean known = model != null && !model.hasNewHead() && !classes.given();
    return classes.of(Npy.read(path, labels, known ? model.classNames().size() : 0));
  }

  private TrainingData table(Csv.Options known, Holdout holdout) {
    return TrainingData.split(classes.of(Csv.read(path, known)), name(), holdout, null)
        .labelled(labelColumn(known))
        .standardized();
  }

  private TrainingData table(Csv.Options known, Holdout holdout, ModelFile from) {
    if (from.hasNewHead()) {
      return TrainingData.split(classes.of(Csv.read(path, known)), name(), holdout, from)
          .labelled(labelColumn(known))
          .standardizedTargets();
    }
    from.requireTask(known.task(), name());
    requireAllClasses();
    ModelTable table = new ModelTable(path, from, known.label());
    return TrainingData.split(table.read(), name(), holdout, from).labelled(table.label());
  }

  private String labelColumn(Csv.Options known) {
    return known.label() != null ? known.label() : Csv.columns(path).getLast();
  }

  /** Reads rows with labels, and brings them to the scaling of a model. */
  Dataset forEvaluation(ModelFile model, String label) {
    requireTable("--label is", label != null);
    return switch (kind) {
      case DIGITS -> prepared(model, classes.of(Digits.load()));
      case DIRECTORY -> prepared(model, classes.of(Idx.readTest(path)));
      case ARRAY -> prepared(model, readArray(model));
      case TABLE -> {
        requireAllClasses();
        yield prepared(model, new ModelTable(path, model, label).read());
      }
      default ->
          throw new BadInput(path + ": holds images and no labels; name the directory of both");
    };
  }

  /** The classes of a table are found by the names that a model has for them. */
  private void requireAllClasses() {
    if (classes.given()) {
      throw new BadInput(
          "--classes: a table is read by the classes of the model; leave it out, or add --new-head");
    }
  }

  /** Reads rows with or without labels, and brings them to the scaling of a model. */
  Dataset forPrediction(ModelFile model, String label) {
    requireTable("--label is", label != null);
    return switch (kind) {
      case IMAGES -> prepared(model, Idx.readImages(path));
      case ARRAY -> prepared(model, labels == null ? Npy.readInputs(path) : readArray(model));
      case TABLE -> prepared(model, new ModelTable(path, model, label).readInputs());
      default -> forEvaluation(model, label);
    };
  }

  private Dataset prepared(ModelFile model, Dataset data) {
    try {
      model.prepare(data, name());
      return data;
    } catch (Throwable t) {
      data.close();
      throw t;
    }
  }

  /** Refuses what a user knows of a table where there is none. */
  private void requireTable(String options, boolean given) {
    if (given && kind != Kind.TABLE) {
      throw new BadInput(
          options + " for CSV tables, and DATA is " + describe() + "; leave out the option");
    }
  }

  private String describe() {
    return kind == Kind.DIGITS ? "the digits" : path.toString();
  }
}
