package fathom.lab.probe;

import java.util.Arrays;

/**
 * All singular values of a small matrix, by one-sided Jacobi rotations (Hestenes 1958): pairs of
 * columns are turned until all are orthogonal; then the values are their lengths. Small values come
 * out as precisely as large ones, which is what products of many matrices need.
 */
final class SingularValues {
  private static final int MOST_SWEEPS = 60;
  private static final double ORTHOGONAL = 1e-14;

  private SingularValues() {}

  /**
   * Returns the singular values of a matrix, the largest first.
   *
   * @param matrix rows of equal length; left as they are
   * @return as many as the smaller side has
   */
  static double[] of(double[][] matrix) {
    double[][] columns = columns(matrix);
    int n = columns.length;
    boolean turned = true;
    for (int sweep = 0; sweep < MOST_SWEEPS && turned; sweep++) {
      turned = false;
      for (int p = 0; p < n - 1; p++) {
        for (int q = p + 1; q < n; q++) {
          turned |= turn(columns[p], columns[q]);
        }
      }
    }
    double[] values = new double[n];
    for (int c = 0; c < n; c++) {
      values[c] = Math.sqrt(dot(columns[c], columns[c]));
    }
    Arrays.sort(values);
    for (int i = 0; i < n / 2; i++) {
      double swap = values[i];
      values[i] = values[n - 1 - i];
      values[n - 1 - i] = swap;
    }
    return values;
  }

  /** Returns copies of the columns, or of the rows if those are fewer: the values are the same. */
  private static double[][] columns(double[][] matrix) {
    int width = matrix[0].length;
    if (matrix.length < width) {
      return Arrays.stream(matrix).map(double[]::clone).toArray(double[][]::new);
    }
    double[][] columns = new double[width][matrix.length];
    for (int r = 0; r < matrix.length; r++) {
      for (int c = 0; c < width; c++) {
        columns[c][r] = matrix[r][c];
      }
    }
    return columns;
  }

  /** Makes two columns orthogonal; returns whether they were not. */
  private static boolean turn(double[] a, double[] b) {
    double aa = dot(a, a);
    double bb = dot(b, b);
    double ab = dot(a, b);
    if (!(Math.abs(ab) > ORTHOGONAL * Math.sqrt(aa) * Math.sqrt(bb))) {
      return false;
    }
    double zeta = (bb - aa) / (2 * ab);
    double t = Math.copySign(1, zeta) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
    double cosine = 1 / Math.sqrt(1 + t * t);
    double sine = cosine * t;
    for (int i = 0; i < a.length; i++) {
      double x = a[i];
      a[i] = cosine * x - sine * b[i];
      b[i] = sine * x + cosine * b[i];
    }
    return true;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
