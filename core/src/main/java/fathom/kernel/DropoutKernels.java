package fathom.kernel;

import fathom.matrix.Matrix;

/**
 * Random masks on rows {@code [from, to)} of feature-major matrices. The draw for element (r, c) of
 * a matrix of B columns is number {@code r B + c} of a stream of {@link FillKernels}'s generator:
 * it does not depend on the range, the thread, the stride or the vector width. Nothing is
 * allocated; nothing outside the rows is written.
 */
public interface DropoutKernels {
  /**
   * Drops each element with probability p: {@code M <- 0} and {@code Y <- dropped} with probability
   * p, else {@code M <- scale} and {@code Y <- scale X + shift}.
   *
   * @param mask the derivative of Y by X, which backward multiplies by; n x B, written
   * @param y n x B, written; neither X nor the mask
   * @param p at least 0 and below 1, in steps of 2^-32
   */
  void dropout(
      Matrix x,
      Matrix mask,
      Matrix y,
      double p,
      float scale,
      float shift,
      float dropped,
      long seed,
      long stream,
      int from,
      int to);
}
