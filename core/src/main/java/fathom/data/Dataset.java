package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Rows in native memory: inputs N x n, row-major, and integer labels (classification) or targets N
 * x K (regression) or neither. All numbers are finite when a reader or a factory hands it over.
 *
 * <p>A dataset owns its memory and is closed once; what looks into it ({@link Rows}, {@link
 * Batches}, matrices) is worthless afterwards and throws {@link IllegalStateException}. Names,
 * image size and scaling are set-up, for one thread; after that, any number of threads may read and
 * iterate.
 */
public final class Dataset implements AutoCloseable {
  private static final long ALIGNMENT = 64;

  private final Arena arena;
  private final Task task;
  private final int outputs;
  private final Inputs inputs;
  private final Matrix targets;
  private final MemorySegment labels;
  private final GatherPool pool;
  private final Rows rows = new Rows(this, null);
  private List<String> classNames;
  private List<String> featureNames;
  private int imageWidth;
  private int imageHeight;
  private String about;
  private Scaling targetScaling;

  /** Allocates zeros, which the caller fills; outputs are classes, targets per row, or 0. */
  Dataset(Task task, int rows, int features, int outputs) {
    this(new Mapping(), task, rows, features, outputs, null);
  }

  /** Takes inputs that are mapped, and over their memory; closes it if that fails. */
  Dataset(Mapping memory, Task task, MappedRows mapped, int outputs) {
    this(memory, task, mapped.rows(), mapped.cols(), outputs, mapped);
  }

  private Dataset(
      Mapping memory, Task task, int rows, int features, int outputs, MappedRows mapped) {
    arena = memory.arena();
    if (rows < 1 || features < 1) {
      throw new IllegalArgumentException(
          "a dataset needs at least one row and one feature, not " + rows + "x" + features);
    }
    if (task != Task.UNLABELLED && outputs < 1) {
      throw new IllegalArgumentException(task + " needs at least one output, not " + outputs);
    }
    this.task = task;
    this.outputs = outputs;
    about = rows + " rows of " + features + " numbers";
    try {
      inputs = mapped == null ? new Inputs(arena, rows, features) : new Inputs(arena, mapped);
      targets = task == Task.REGRESSION ? Matrix.allocate(arena, rows, outputs) : null;
      labels =
          task == Task.CLASSIFICATION
              ? arena.allocate((long) rows * Integer.BYTES, ALIGNMENT)
              : null;
    } catch (Throwable t) {
      arena.close();
      throw t;
    }
    pool = new GatherPool(this, arena);
    targetScaling = task == Task.REGRESSION ? Scaling.identity(outputs) : null;
  }

  /**
   * Copies rows and their classes.
   *
   * @param x N rows of n finite numbers
   * @param y N labels in [0, classes)
   * @throws IllegalArgumentException if rows are ragged or none, counts differ, a number is not
   *     finite, or a label is out of range
   */
  public static Dataset ofLabels(float[][] x, int[] y, int classes) {
    RowArrays.require("x", x);
    requireLength("rows of x", x.length, "labels", y.length);
    for (int r = 0; r < y.length; r++) {
      if (y[r] < 0 || y[r] >= classes) {
        throw new IllegalArgumentException(
            "label " + y[r] + " of row " + r + " is not in [0, " + classes + ")");
      }
    }
    Dataset data = new Dataset(Task.CLASSIFICATION, x.length, x[0].length, classes);
    RowArrays.copy(x, data.inputs());
    MemorySegment.copy(y, 0, data.labels, JAVA_INT, 0, y.length);
    return data;
  }

  /**
   * Copies rows and their real targets.
   *
   * @param x N rows of n finite numbers
   * @param y N rows of K finite numbers
   * @throws IllegalArgumentException if rows are ragged or none, counts differ, or a number is not
   *     finite
   */
  public static Dataset ofTargets(float[][] x, float[][] y) {
    RowArrays.require("x", x);
    RowArrays.require("y", y);
    requireLength("rows of x", x.length, "of y", y.length);
    Dataset data = new Dataset(Task.REGRESSION, x.length, x[0].length, y[0].length);
    RowArrays.copy(x, data.inputs());
    RowArrays.copy(y, data.targets);
    return data;
  }

  /**
   * Copies rows that have neither labels nor targets.
   *
   * @param x N rows of n finite numbers
   * @throws IllegalArgumentException if rows are ragged or none, or a number is not finite
   */
  public static Dataset ofInputs(float[][] x) {
    RowArrays.require("x", x);
    Dataset data = new Dataset(Task.UNLABELLED, x.length, x[0].length, 0);
    RowArrays.copy(x, data.inputs());
    return data;
  }

  public Task task() {
    return task;
  }

  /** Returns N, the number of rows. */
  public int size() {
    return inputs.rows();
  }

  /** Returns n, the number of inputs of a row. */
  public int features() {
    return inputs.cols();
  }

  /** Returns the number of classes, or of targets per row, or 0 if there are neither. */
  public int outputs() {
    return outputs;
  }

  /** Returns the number of classes, or 0 if this is no classification. */
  public int classes() {
    return task == Task.CLASSIFICATION ? outputs : 0;
  }

  /**
   * Returns the inputs: N x n, contiguous rows. Inputs that are read from a mapped file are copied
   * to memory by the first call, all of them; batches do without.
   */
  public Matrix inputs() {
    requireOpen();
    return inputs.matrix();
  }

  /** Returns what reads rows of the inputs, wherever they are. */
  Inputs rowInputs() {
    requireOpen();
    return inputs;
  }

  /** Returns N 32-bit labels, or null if this is no classification. */
  public MemorySegment labels() {
    requireOpen();
    return labels;
  }

  /** Returns the targets: N x K, contiguous rows; or null if this is no regression. */
  public Matrix targets() {
    requireOpen();
    return targets;
  }

  /** Returns a name for each class, or null if they have none. */
  public List<String> classNames() {
    return classNames;
  }

  /** Names the classes; returns this dataset. */
  public Dataset classNames(List<String> names) {
    requireLength("class names", names.size(), "classes", classes());
    classNames = List.copyOf(names);
    return this;
  }

  /** Returns a name for each feature, or null if they have none. */
  public List<String> featureNames() {
    return featureNames;
  }

  /** Names the features; returns this dataset. */
  public Dataset featureNames(List<String> names) {
    requireLength("feature names", names.size(), "features", features());
    featureNames = List.copyOf(names);
    return this;
  }

  /** Returns the width of the image that each row is, in pixels, or 0 if rows are no images. */
  public int imageWidth() {
    return imageWidth;
  }

  /** Returns the height of the image that each row is, in pixels, or 0 if rows are no images. */
  public int imageHeight() {
    return imageHeight;
  }

  /** Says that each row is an image, pixel row after pixel row; returns this dataset. */
  public Dataset imageSize(int width, int height) {
    if (width < 1 || (long) width * height != features()) {
      throw new IllegalArgumentException(
          "an image of " + width + "x" + height + " does not have " + features() + " pixels");
    }
    imageWidth = width;
    imageHeight = height;
    return this;
  }

  /** Returns one sentence on where the rows come from and what a reader guessed, and why. */
  public String about() {
    return about;
  }

  Dataset about(String sentence) {
    about = sentence;
    return this;
  }

  /** Returns what has turned the values of the file (or of the arrays) into these inputs. */
  public Scaling scaling() {
    return inputs.scaling();
  }

  /**
   * Scales all inputs in place (those of a mapped file as they are read), on top of what was done
   * to them before. Fit the scaling on the training part alone, and keep {@link #scaling} with the
   * model.
   *
   * @return this dataset
   * @throws IllegalArgumentException if the scaling is for another number of features
   */
  public Dataset scale(Scaling step) {
    rowInputs().scale(step);
    return this;
  }

  /** Says what a reader did to the values of the file while it read them, or is yet to do. */
  Dataset scaled(Scaling done) {
    inputs.scaled(done);
    return this;
  }

  /**
   * Brings the inputs to the scaling of a model, whatever a reader did to them: nothing is touched
   * where the two are equal.
   *
   * @return this dataset
   * @throws IllegalArgumentException if the scaling is for another number of features
   */
  public Dataset scaleTo(Scaling total) {
    rowInputs().scaleTo(total);
    return this;
  }

  /** Returns what has turned the file's targets into these, or null if this is no regression. */
  public Scaling targetScaling() {
    return targetScaling;
  }

  /**
   * Scales all targets in place; {@code targetScaling().undo} gives predictions in the old unit.
   *
   * @return this dataset
   * @throws IllegalArgumentException if this is no regression or the scaling is for another number
   *     of targets
   */
  public Dataset scaleTargets(Scaling step) {
    if (task != Task.REGRESSION) {
      throw new IllegalArgumentException("a dataset for " + task + " has no targets to scale");
    }
    Scaling total = targetScaling.then(step);
    step.apply(targets());
    targetScaling = total;
    return this;
  }

  /** Returns all rows. */
  public Rows rows() {
    return rows;
  }

  /** As {@link Rows#split}, of all rows. */
  public Split split(double fraction, long seed) {
    return rows.split(fraction, seed);
  }

  /** As {@link Rows#folds}, of all rows. */
  public List<Split> folds(int k, long seed) {
    return rows.folds(k, seed);
  }

  /** As {@link Rows#batches}, of all rows. */
  public Batches batches(int size, long seed) {
    return rows.batches(size, seed);
  }

  /** As {@link Rows#batchesInOrder}, of all rows. */
  public Batches batchesInOrder(int size) {
    return rows.batchesInOrder(size);
  }

  /** Frees all memory, after a step on one of its batches; a second call does nothing. */
  @Override
  public void close() {
    synchronized (arena) {
      if (arena.scope().isAlive()) {
        pool.free();
      }
    }
  }

  GatherPool pool() {
    requireOpen();
    return pool;
  }

  void requireOpen() {
    if (!arena.scope().isAlive()) {
      throw new IllegalStateException("this dataset is closed");
    }
  }

  private static void requireLength(String what, int length, String other, int expected) {
    if (length != expected) {
      throw new IllegalArgumentException(length + " " + what + ", but " + expected + " " + other);
    }
  }
}
