package fathom.cli;

import fathom.data.Dataset;
import fathom.data.Rows;
import fathom.engine.Engine;
import fathom.lab.stress.SyntheticData;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the networks of a sweep are to learn. */
final class StressData {
  private static final int FEATURES = 64;
  private static final int CLASSES = 10;
  private static final int ROWS = 2000;

  private enum Source {
    TEACHER,
    NOISE
  }

  @Parameters(
      arity = "0..1",
      paramLabel = "DATA",
      description =
          "A directory of IDX files such as MNIST's, a .csv or .csv.gz table, or a .npy array;"
              + " without it, the handwritten digits that ship with Fathom.")
  private Path path;

  @Mixin private TableOptions table;
  @Mixin private LabelFileOptions labelFile;

  @Option(
      names = "--synthetic",
      paramLabel = "KIND",
      description =
          "Draw the data: teacher, normal inputs with the classes that a random network gives them;"
              + " or noise, with classes at random.")
  private String synthetic;

  @Option(
      names = "--features",
      paramLabel = "N",
      description = "Of synthetic data: inputs; " + FEATURES + " unless given.")
  private Integer features;

  @Option(
      names = "--classes",
      paramLabel = "N",
      description = "Of synthetic data: classes; " + CLASSES + " unless given.")
  private Integer classes;

  @Option(
      names = "--rows",
      paramLabel = "N",
      description = "Of synthetic data: rows; " + ROWS + " unless given.")
  private Integer rows;

  /**
   * Rows with labels or targets.
   *
   * @param name of the data, as provenance has it
   * @param about them in a sentence
   * @param closer frees them
   */
  record Loaded(Rows rows, String name, String about, Runnable closer) implements AutoCloseable {
    @Override
    public void close() {
      closer.run();
    }
  }

  /** Returns the path that was given, or null. */
  Path path() {
    return path;
  }

  /** Checks what can be checked before there are data. */
  void check() {
    if (synthetic == null) {
      if (features != null || classes != null || rows != null) {
        throw new BadInput(
            "--features, --classes and --rows are for synthetic data; give --synthetic teacher or"
                + " noise");
      }
      return;
    }
    if (path != null) {
      throw new BadInput("--synthetic draws the data, and DATA is " + path + "; give one of them");
    }
    if (table.given() || labelFile.given()) {
      throw new BadInput(
          "--label, --task and --labels are for data in files, and --synthetic draws them; leave"
              + " them out");
    }
    Source unused = Choice.of("--synthetic", synthetic, List.of(Source.values()));
    requireAtLeast("--features", 1, features);
    requireAtLeast("--classes", 2, classes);
    requireAtLeast("--rows", 2, rows);
  }

  private static void requireAtLeast(String option, int least, Integer value) {
    if (value != null && value < least) {
      throw new BadInput(option + " must be at least " + least + ", not " + value);
    }
  }

  /** Reads the part to train on of data that have one to test with, or draws the rows. */
  Loaded load(Engine engine) {
    if (synthetic == null) {
      DataSource source = labelFile.source(path, new ClassOptions());
      TrainingData data = source.forTraining(table.known(), new Holdout(null, 0), null);
      return new Loaded(data.train(), source.name(), data.data().about(), data::close);
    }
    int n = features == null ? FEATURES : features;
    int k = classes == null ? CLASSES : classes;
    int count = rows == null ? ROWS : rows;
    Source source = Choice.of("--synthetic", synthetic, List.of(Source.values()));
    Dataset data =
        source == Source.TEACHER
            ? SyntheticData.teacher(engine, count, n, k, 0)
            : SyntheticData.noise(count, n, k, 0);
    String about =
        String.format(
            Locale.ROOT,
            "%s: %,d normal rows of %d in %d classes",
            source == Source.TEACHER ? "teacher network" : "noise",
            count,
            n,
            k);
    return new Loaded(data.rows(), about, about, data::close);
  }
}
