package fathom.kernel;

import fathom.matrix.Matrix;

/**
 * Normalization and weighted sums on feature-major matrices (one row a unit, one column a sample;
 * any stride). A batch norm works along rows, on rows {@code [from, to)}; a layer norm down
 * columns, on columns {@code [from, to)}. Per-unit numbers are columns, n x 1; per-sample numbers
 * are a row, 1 x B. All matrices of a call that are neither have the same shape. Nothing is
 * allocated; nothing outside the rows or columns is written.
 *
 * <p>A NaN or an infinity makes all of its row or column NaN where that is standardized. Backward,
 * where one lies in D or X, or in gamma, dBeta or the inverse, no number of that row or column of D
 * is finite afterwards: NaN, or an infinity of either sign. What is scaled, added or multiplied
 * element by element follows IEEE 754: an infinity stays one, and its neighbours are untouched.
 *
 * <p>A row's or a column's result depends on its own elements alone, bit for bit: not on how a
 * range is cut. The order of its sums may depend on the vector width.
 */
public interface NormKernels {
  /**
   * {@code mean <- Z 1 / B; variance <- (Z - mean)² 1 / B; X <- (Z - mean) / sqrt(variance +
   * epsilon)} along rows, in two passes: no cancellation when the mean is far from zero.
   *
   * @param x what is written; may be Z
   * @param mean of the rows, n x 1, written
   * @param variance of the rows, biased as in training, n x 1, written
   */
  void standardizeRows(
      Matrix z, Matrix x, Matrix mean, Matrix variance, float epsilon, int from, int to);

  /** {@code Y <- diag(scale) X}; Y may be X. */
  void scaleRows(Matrix x, Matrix scale, Matrix y, int from, int to);

  /**
   * Backward of a batch norm: {@code dGamma <- (D * X) 1} and then {@code D <- diag(gamma /
   * sqrt(variance + epsilon)) (D - dBeta / B - X * dGamma / B)}.
   *
   * @param x what {@link #standardizeRows} wrote
   * @param d the gradient by {@code gamma X + beta}; becomes the one by Z
   * @param dBeta {@code D 1}, as it came with D
   */
  void batchNormBackward(
      Matrix x,
      Matrix d,
      Matrix gamma,
      Matrix variance,
      float epsilon,
      Matrix dGamma,
      Matrix dBeta,
      int from,
      int to);

  /** {@code dGamma <- (D * X) 1} and then {@code D <- diag(gamma) D}. */
  void scaleBackward(Matrix x, Matrix d, Matrix gamma, Matrix dGamma, int from, int to);

  /**
   * As {@link #standardizeRows} down columns.
   *
   * @param inverse {@code 1 / sqrt(variance + epsilon)}, 1 x B, written
   */
  void standardizeColumns(Matrix z, Matrix x, Matrix inverse, float epsilon, int from, int to);

  /** {@code D <- (D - mean(D) - X * mean(D * X)) diag(inverse)}, with means down columns. */
  void layerNormBackward(Matrix x, Matrix d, Matrix inverse, int from, int to);

  /** {@code C <- A + s B} on rows; C may be A or B. */
  void addScaled(Matrix a, float s, Matrix b, Matrix c, int from, int to);

  /** {@code D <- D * M} on rows. */
  void multiply(Matrix m, Matrix d, int from, int to);
}
