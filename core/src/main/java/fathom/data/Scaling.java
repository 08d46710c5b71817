package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Locale;

/**
 * A shift and a scale for each column: {@code x' = (x - shift) * scale}, computed in double
 * precision and rounded once. Immutable; a model keeps it as two float arrays, so that what was
 * done to the training rows is done to every row it predicts.
 */
public final class Scaling {
  private final float[] shift;
  private final float[] scale;

  /**
   * Copies one shift and one scale for each column.
   *
   * @throws IllegalArgumentException if lengths differ or are 0, a shift is not finite, or a scale
   *     is 0 or not finite
   */
  public Scaling(float[] shift, float[] scale) {
    if (shift.length != scale.length || shift.length == 0) {
      throw new IllegalArgumentException(
          shift.length + " shifts and " + scale.length + " scales: one of each is needed a column");
    }
    for (int c = 0; c < shift.length; c++) {
      if (!Float.isFinite(shift[c]) || !Float.isFinite(scale[c]) || scale[c] == 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT, "column %d: a shift of %s, a scale of %s", c, shift[c], scale[c]));
      }
    }
    this.shift = shift.clone();
    this.scale = scale.clone();
  }

  /** Returns the scaling that changes nothing. */
  public static Scaling identity(int columns) {
    return uniform(columns, 1);
  }

  /** Returns the scaling of pixels of {@code [0, max]} to {@code [0, 1]}. */
  public static Scaling pixels(int columns, float max) {
    return uniform(columns, 1 / max);
  }

  /**
   * Fits inputs to mean 0 and variance 1 (of the population, divided by the number of rows). A
   * constant feature is only centred. Give it the rows to train on, not those to test with.
   */
  public static Scaling standard(Rows rows) {
    Inputs inputs = rows.dataset().rowInputs();
    return standard(rows, inputs.cols(), inputs::read);
  }

  /**
   * Fits inputs to {@code [0, 1]}. A constant feature is only shifted, to 0. Give it the rows to
   * train on, not those to test with.
   */
  public static Scaling range(Rows rows) {
    Inputs inputs = rows.dataset().rowInputs();
    int cols = inputs.cols();
    float[] least = new float[cols];
    float[] most = new float[cols];
    float[] row = new float[cols];
    Arrays.fill(least, Float.POSITIVE_INFINITY);
    Arrays.fill(most, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < rows.size(); i++) {
      inputs.read(rows.row(i), row);
      for (int c = 0; c < cols; c++) {
        least[c] = Math.min(least[c], row[c]);
        most[c] = Math.max(most[c], row[c]);
      }
    }
    float[] scale = new float[cols];
    for (int c = 0; c < cols; c++) {
      scale[c] = inverse((double) most[c] - least[c]);
    }
    return new Scaling(least, scale);
  }

  /**
   * Fits targets to mean 0 and variance 1; a constant target is only centred.
   *
   * @throws IllegalArgumentException if the rows have no targets
   */
  public static Scaling standardTargets(Rows rows) {
    if (rows.dataset().task() != Task.REGRESSION) {
      throw new IllegalArgumentException("rows for " + rows.dataset().task() + " have no targets");
    }
    Matrix m = rows.dataset().targets();
    return standard(
        rows,
        m.cols(),
        (row, to) ->
            MemorySegment.copy(m.segment(), JAVA_FLOAT, m.byteOffset(row, 0), to, 0, m.cols()));
  }

  /** Returns the number of columns. */
  public int length() {
    return shift.length;
  }

  /** Returns a copy of the shifts. */
  public float[] shift() {
    return shift.clone();
  }

  /** Returns a copy of the scales. */
  public float[] scale() {
    return scale.clone();
  }

  /**
   * Returns the scaling that does this and then the next: {@code ((x - a) s - b) t = (x - (a + b /
   * s)) (s t)}.
   *
   * @throws IllegalArgumentException if the next is for another number of columns
   */
  public Scaling then(Scaling next) {
    next.requireLength(length());
    float[] shifts = new float[length()];
    float[] scales = new float[length()];
    for (int c = 0; c < length(); c++) {
      shifts[c] = (float) (shift[c] + (double) next.shift[c] / scale[c]);
      scales[c] = (float) ((double) scale[c] * next.scale[c]);
    }
    return new Scaling(shifts, scales);
  }

  /**
   * Scales rows in place.
   *
   * @param rows any number of rows of {@link #length} columns
   * @throws IllegalArgumentException if the number of columns differs
   */
  public void apply(Matrix rows) {
    requireLength(rows.cols());
    if (isIdentity()) {
      return;
    }
    MemorySegment segment = rows.segment();
    for (int r = 0; r < rows.rows(); r++) {
      for (int c = 0; c < shift.length; c++) {
        segment.set(JAVA_FLOAT, rows.byteOffset(r, c), forward(at(rows, r, c), c));
      }
    }
  }

  /**
   * Scales one row in place.
   *
   * @throws IllegalArgumentException if the length differs
   */
  public void apply(float[] row) {
    requireLength(row.length);
    for (int c = 0; c < row.length; c++) {
      row[c] = forward(row[c], c);
    }
  }

  /**
   * Takes rows back, in place: {@code x = x' / scale + shift}, up to rounding.
   *
   * @throws IllegalArgumentException if the number of columns differs
   */
  public void undo(Matrix rows) {
    requireLength(rows.cols());
    if (isIdentity()) {
      return;
    }
    MemorySegment segment = rows.segment();
    for (int r = 0; r < rows.rows(); r++) {
      for (int c = 0; c < shift.length; c++) {
        segment.set(JAVA_FLOAT, rows.byteOffset(r, c), back(at(rows, r, c), c));
      }
    }
  }

  /**
   * Takes one row back, in place.
   *
   * @throws IllegalArgumentException if the length differs
   */
  public void undo(float[] row) {
    requireLength(row.length);
    for (int c = 0; c < row.length; c++) {
      row[c] = back(row[c], c);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Scaling that
        && Arrays.equals(shift, that.shift)
        && Arrays.equals(scale, that.scale);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(shift) + Arrays.hashCode(scale);
  }

  void requireLength(int columns) {
    if (columns != length()) {
      throw new IllegalArgumentException(
          "a scaling of " + length() + " columns does not fit rows of " + columns);
    }
  }

  float forward(float x, int c) {
    return (float) (((double) x - shift[c]) * scale[c]);
  }

  private float back(float x, int c) {
    return (float) ((double) x / scale[c] + shift[c]);
  }

  boolean isIdentity() {
    for (int c = 0; c < shift.length; c++) {
      if (shift[c] != 0 || scale[c] != 1) {
        return false;
      }
    }
    return true;
  }

  private static Scaling uniform(int columns, float factor) {
    float[] scale = new float[columns];
    Arrays.fill(scale, factor);
    return new Scaling(new float[columns], scale);
  }

  /** Reads one row. */
  private interface Reader {
    void read(int row, float[] to);
  }

  private static Scaling standard(Rows rows, int cols, Reader reader) {
    float[] first = new float[cols];
    float[] row = new float[cols];
    reader.read(rows.row(0), first);
    double[] means = new double[cols];
    double[] squares = new double[cols];
    // Sums of differences to the first row: a constant column then has exactly no variance.
    for (int i = 0; i < rows.size(); i++) {
      reader.read(rows.row(i), row);
      for (int c = 0; c < cols; c++) {
        means[c] += (double) row[c] - first[c];
      }
    }
    for (int c = 0; c < cols; c++) {
      means[c] = means[c] / rows.size() + first[c];
    }
    for (int i = 0; i < rows.size(); i++) {
      reader.read(rows.row(i), row);
      for (int c = 0; c < cols; c++) {
        double d = row[c] - means[c];
        squares[c] += d * d;
      }
    }
    float[] shift = new float[cols];
    float[] scale = new float[cols];
    for (int c = 0; c < cols; c++) {
      shift[c] = (float) means[c];
      scale[c] = inverse(Math.sqrt(squares[c] / rows.size()));
    }
    return new Scaling(shift, scale);
  }

  private static float at(Matrix m, int row, int col) {
    return m.segment().get(JAVA_FLOAT, m.byteOffset(row, col));
  }

  /** Returns 1 / spread, or 1 where there is no spread to speak of. */
  private static float inverse(double spread) {
    float inverse = (float) (1 / spread);
    return Float.isFinite(inverse) && inverse != 0 ? inverse : 1;
  }
}
