package fathom.data;

import fathom.matrix.Matrix;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads tables of numbers: CSV text in UTF-8, plain or compressed by gzip (told by content). Every
 * column is a feature, except the one that holds the labels. Cells are decimal numbers with a
 * point; labels may be text. The separator is a comma, or a semicolon or a tab if the first line
 * has no comma.
 *
 * <p>What is not said in {@link Options} is guessed, and {@link Dataset#about} says what and why. A
 * first line that holds names above numbers is a header.
 */
public final class Csv {
  private Csv() {}

  /**
   * What is known of a table; null stands for what is to be guessed. Immutable.
   *
   * @param label the name of the label column, or its number from 1 where there is no header; by
   *     default the last
   * @param task what the labels are; {@link Task#UNLABELLED} makes every column a feature; by
   *     default text, and at most 20 different whole numbers that fill twice as many rows, are
   *     classes
   * @param classNames the classes in order, such as those of a model; by default those that occur,
   *     sorted
   * @param header whether the first line is a header
   */
  public record Options(String label, Task task, List<String> classNames, Boolean header) {
    private static final Options GUESS = new Options(null, null, null, null);

    /** Copies the names. */
    public Options {
      classNames = classNames == null ? null : List.copyOf(classNames);
      if (classNames != null && task != null && task != Task.CLASSIFICATION) {
        throw new IllegalArgumentException("class names are of no use for " + task);
      }
    }

    /** Returns options that leave everything to be guessed. */
    public static Options guess() {
      return GUESS;
    }

    /** Returns these options with a label column. */
    public Options label(String name) {
      return new Options(name, task, classNames, header);
    }

    /** Returns these options with a task. */
    public Options task(Task known) {
      return new Options(label, known, classNames, header);
    }

    /** Returns these options with the classes, in order. */
    public Options classNames(List<String> names) {
      return new Options(label, task, names, header);
    }

    /** Returns these options with a word on whether the first line is a header. */
    public Options header(boolean present) {
      return new Options(label, task, classNames, present);
    }
  }

  /**
   * Reads a table and guesses what it holds.
   *
   * @throws DataException as {@link #read(Path, Options)}
   */
  public static Dataset read(Path file) {
    return read(file, Options.guess());
  }

  /**
   * Reads a table.
   *
   * @throws DataException if the file is missing, damaged or no table: ragged rows, an empty cell,
   *     text among numbers, NaN or infinity, a name that the header repeats or lacks, a class that
   *     is not among those given; with file, line and column
   */
  public static Dataset read(Path file, Options options) {
    try (InputStream in = DataFile.open(file)) {
      return read(file.toString(), in, options);
    } catch (IOException e) {
      throw DataFile.unreadable(file.toString(), e);
    }
  }

  /**
   * Returns the names of a table's columns: its header's, or numbers from 1.
   *
   * @throws DataException if the file is missing, damaged or empty
   */
  public static List<String> columns(Path file) {
    try (InputStream in = DataFile.open(file);
        CsvTable table = new CsvTable(file.toString(), in, null, null)) {
      return List.copyOf(table.names());
    } catch (IOException e) {
      throw DataFile.unreadable(file.toString(), e);
    }
  }

  static Dataset read(String file, InputStream in, Options options) {
    try (CsvTable table = new CsvTable(file, in, options.header, options.label);
        Blocks cells = new Blocks()) {
      if (options.task == Task.UNLABELLED) {
        int rows = readRows(file, table, -1, null, cells);
        int features = table.names().size();
        Dataset data = new Dataset(Task.UNLABELLED, rows, features, 0);
        copy(cells, data.inputs());
        return describe(data, table, -1, file + ": " + size(rows, features, table));
      }
      int label = options.label == null ? table.names().size() - 1 : table.column(options.label);
      if (table.names().size() < 2) {
        throw new DataException(
            file
                + ": has one column, expected at least one feature and a label; check the"
                + " separator, which is a comma, a semicolon or a tab");
      }
      try (LabelColumn labels = new LabelColumn(table, label)) {
        int rows = readRows(file, table, label, labels, cells);
        labels.decide(options.task, options.classNames);
        return dataset(file, table, rows, label, labels, cells);
      }
    }
  }

  private static int readRows(
      String file, CsvTable table, int label, LabelColumn labels, Blocks cells) {
    float[] row = new float[table.names().size() - (label < 0 ? 0 : 1)];
    MemorySegment source = MemorySegment.ofArray(row);
    int rows = 0;
    while (table.next()) {
      for (int c = 0, f = 0; c < table.names().size(); c++) {
        if (c != label) {
          row[f++] = table.number(c);
        }
      }
      if (labels != null) {
        labels.accept();
      }
      cells.append(source, source.byteSize());
      if (++rows == Integer.MAX_VALUE) {
        throw new DataException(file + ": has more than 2^31 - 2 rows; divide it");
      }
    }
    if (rows == 0) {
      throw new DataException(file + ": holds a header and no rows; add rows of numbers");
    }
    return rows;
  }

  private static Dataset dataset(
      String file, CsvTable table, int rows, int label, LabelColumn labels, Blocks cells) {
    int features = table.names().size() - 1;
    boolean classes = labels.task() == Task.CLASSIFICATION;
    int outputs = classes ? labels.classNames().size() : 1;
    Dataset data = new Dataset(labels.task(), rows, features, outputs);
    try {
      copy(cells, data.inputs());
      if (classes) {
        labels.copyLabels(data.labels());
        data.classNames(labels.classNames());
      } else {
        labels.copyTargets(data.targets().segment());
      }
    } catch (Throwable t) {
      data.close();
      throw t;
    }
    String about =
        String.format(
            Locale.ROOT,
            "%s: %s; %s of column %s%s, %s",
            file,
            size(rows, features, table),
            classes ? "classification into the " + outputs + " classes" : "regression",
            Spelling.quote(table.names().get(label)),
            label == features ? ", the last" : "",
            labels.reason());
    return describe(data, table, label, about);
  }

  private static String size(int rows, int features, CsvTable table) {
    return rows
        + " rows of "
        + features
        + " numbers, "
        + (table.hasHeader() ? "a" : "no")
        + " header";
  }

  private static Dataset describe(Dataset data, CsvTable table, int label, String about) {
    if (table.hasHeader()) {
      List<String> names = new ArrayList<>(table.names());
      if (label >= 0) {
        names.remove(label);
      }
      data.featureNames(names);
    }
    return data.about(about);
  }

  private static void copy(Blocks cells, Matrix inputs) {
    long at = 0;
    for (MemorySegment part : cells.parts()) {
      MemorySegment.copy(part, 0, inputs.segment(), at, part.byteSize());
      at += part.byteSize();
    }
  }
}
