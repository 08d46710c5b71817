package fathom.lab.theory;

import fathom.matrix.Matrix;

/**
 * What theory has to know of a network's inputs.
 *
 * @param square the mean of x² over rows and features
 * @param mean the mean of x
 * @param product the mean of x y over the features of two different rows
 */
public record InputMoments(double square, double mean, double product) {
  /** Independent features of mean 0 and variance 1, as of noise. */
  public static final InputMoments UNIT = new InputMoments(1, 0, 0);

  /**
   * Measures rows.
   *
   * @param x B x n
   * @throws IllegalArgumentException if there are fewer than two
   */
  public static InputMoments of(Matrix x) {
    int rows = x.rows();
    if (rows < 2) {
      throw new IllegalArgumentException("moments of inputs need two rows or more, not " + rows);
    }
    double squares = 0;
    double sum = 0;
    double sumSquares = 0;
    for (int j = 0; j < x.cols(); j++) {
      double column = 0;
      for (int i = 0; i < rows; i++) {
        double v = x.get(i, j);
        column += v;
        squares += v * v;
      }
      sum += column;
      sumSquares += column * column;
    }
    double n = (double) rows * x.cols();
    return new InputMoments(squares / n, sum / n, (sumSquares - squares) / (n * (rows - 1)));
  }
}
