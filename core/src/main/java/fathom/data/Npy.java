package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Opens arrays of NumPy, {@code .npy} files of format 1.0 to 3.0 in C order of {@code '<f4'},
 * {@code '<f8'}, {@code '|u1'} or {@code '<i8'}. The first axis counts the rows, the others are the
 * inputs of a row; rows of two axes are images. Inputs stay in the file, which is mapped, so that
 * they may be larger than memory; batches copy from there. {@link Dataset#inputs} copies them all.
 * The file must not be changed while the dataset is open.
 *
 * <p>Inputs of {@code '|u1'} are pixels and become floats, times 1/255; others become floats as
 * they are. Labels are whole numbers from 0 on, one for each row; floating-point labels are targets
 * of a regression, one or more for each row.
 *
 * @see <a href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">The NumPy
 *     format</a>
 */
public final class Npy {
  private static final int MOST_CLASSES = 1 << 16;

  private Npy() {}

  /**
   * Opens inputs and their labels; there are as many classes as the largest label asks for.
   *
   * @throws DataException if a file is missing, damaged, not what its header promises, or the two
   *     do not belong together; if a number is not finite, or a label negative
   */
  public static Dataset read(Path inputs, Path labels) {
    return read(inputs, labels, 0);
  }

  /**
   * Opens inputs and their labels in {@code [0, classes)}; 0 takes as many as there are.
   *
   * @throws DataException as {@link #read(Path, Path)}, or if a label is out of range
   */
  public static Dataset read(Path inputs, Path labels, int classes) {
    try (Arena arena = Arena.ofShared()) {
      NpyFile y = NpyFile.open(labels, arena);
      if (y.isWhole()) {
        return classes(inputs, y, classes);
      }
      return targets(inputs, y);
    }
  }

  /**
   * Opens inputs without labels, as for prediction.
   *
   * @throws DataException as {@link #read(Path, Path)}
   */
  public static Dataset readInputs(Path inputs) {
    return dataset(inputs, null, Task.UNLABELLED, 0);
  }

  private static Dataset classes(Path inputs, NpyFile y, int wanted) {
    MappedRows values = y.rows();
    if (values.cols() != 1) {
      throw y.wrong("expected one label for each row, or floating-point targets");
    }
    int[] labels = new int[values.rows()];
    int largest = 0;
    for (int i = 0; i < labels.length; i++) {
      long label = values.whole(i);
      long end = wanted == 0 ? MOST_CLASSES : wanted;
      if (label < 0 || label >= end) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: label %d is %d, expected 0 to %d; check the file, or give targets as floats",
                y.file(),
                i,
                label,
                end - 1));
      }
      labels[i] = (int) label;
      largest = Math.max(largest, labels[i]);
    }
    int classes = wanted == 0 ? largest + 1 : wanted;
    Dataset data = dataset(inputs, y, Task.CLASSIFICATION, classes);
    MemorySegment.copy(labels, 0, data.labels(), JAVA_INT, 0, labels.length);
    data.classNames(IntStream.range(0, classes).mapToObj(Integer::toString).toList());
    return data.about(data.about() + " in " + classes + " classes");
  }

  private static Dataset targets(Path inputs, NpyFile y) {
    y.requireFinite();
    MappedRows values = y.rows();
    Dataset data = dataset(inputs, y, Task.REGRESSION, values.cols());
    for (int r = 0; r < values.rows(); r++) {
      for (int c = 0; c < values.cols(); c++) {
        data.targets().set(r, c, (float) values.value((long) r * values.cols() + c));
      }
    }
    return data;
  }

  private static Dataset dataset(Path inputs, NpyFile y, Task task, int outputs) {
    Mapping memory = new Mapping();
    try {
      NpyFile x = NpyFile.open(inputs, memory.arena());
      long[] shape = x.shape();
      if (shape.length < 2) {
        throw x.wrong("expected rows of inputs, two axes or more");
      }
      if (y != null && y.rows().rows() != x.rows().rows()) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s holds %d labels, but %s holds %d rows; name two files of one set",
                y.file(),
                y.rows().rows(),
                inputs,
                x.rows().rows()));
      }
      x.requireFinite();
      MappedRows rows = x.rows();
      Dataset data = new Dataset(memory, task, rows, outputs);
      if (rows.type() == MappedRows.Type.U1) {
        data.scaled(Scaling.pixels(rows.cols(), 255));
      }
      if (shape.length == 3) {
        data.imageSize((int) shape[2], (int) shape[1]);
      }
      return data.about(inputs + ": an array of " + Arrays.toString(shape));
    } catch (Throwable t) {
      memory.close();
      throw t;
    }
  }
}
