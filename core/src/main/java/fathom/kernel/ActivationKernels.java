package fathom.kernel;

import fathom.matrix.Matrix;

/**
 * Bias, activation and derivative in one pass each, on rows {@code [from, to)} of feature-major
 * matrices (one row a unit, one column a sample; any stride). Biases and their gradients are
 * columns: n x 1. All matrices of a call have the same number of rows, and those that are not n x 1
 * the same number of columns. Nothing is allocated; nothing outside the rows and columns is
 * written.
 *
 * <p>The result for an element depends on that element and its row's bias alone, bit for bit: not
 * on its place, its neighbours, the shape or the vector width. NaN gives NaN.
 *
 * <p>{@code alpha} is the slope of {@link Function#LEAKY_RELU} and the scale of {@link
 * Function#ELU}; other functions ignore it. At a kink the derivative is the one of the left side,
 * as in PyTorch: relu'(0) = 0.
 */
public interface ActivationKernels {
  /** {@code Z <- f(Z + b 1ᵀ)}, in place: inference, and training where f'(z) follows from f(z). */
  void activate(Function f, float alpha, Matrix z, Matrix bias, int from, int to);

  /**
   * {@code A <- f(Z + b 1ᵀ)} and {@code Z <- f'(Z + b 1ᵀ)}: training where {@link
   * Function#keepsSlope}.
   */
  void activateAndSlope(Function f, float alpha, Matrix z, Matrix bias, Matrix a, int from, int to);

  /**
   * {@code D <- D * f'}, with f' written in terms of the output A, and {@code db <- D 1}, the sums
   * of the rows of the new D: backward where not {@link Function#keepsSlope}.
   */
  void derive(Function f, float alpha, Matrix a, Matrix d, Matrix db, int from, int to);

  /** {@code D <- D * S} and {@code db <- D 1}: backward where {@link Function#keepsSlope}. */
  void multiplySlope(Matrix slope, Matrix d, Matrix db, int from, int to);

  /**
   * Parametric ReLU with one learnt slope for the layer: {@code Z <- Z + b 1ᵀ}, which backward
   * needs, and {@code A <- Z} where Z > 0, else {@code slope Z}.
   */
  void prelu(float slope, Matrix z, Matrix bias, Matrix a, int from, int to);

  /**
   * Backward of {@link #prelu}: {@code D <- D} where Z > 0, else {@code slope D}, and {@code db <-
   * D 1}.
   *
   * @return these rows' share of the slope's gradient: the sum of old D times min(Z, 0), summed row
   *     by row in one fixed order
   */
  double preluDerive(float slope, Matrix z, Matrix d, Matrix db, int from, int to);
}
