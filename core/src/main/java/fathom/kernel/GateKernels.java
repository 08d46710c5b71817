package fathom.kernel;

import fathom.matrix.Matrix;

/**
 * What recurrent cells compute of their gates at one step, on units {@code [from, to)}. Matrices
 * are feature-major, n x B for n units (any stride), or hold several gates one below the other: row
 * {@code g n + r} is unit r of gate g. All of a call have the same number of columns and overlap
 * only where they are the same. Nothing is allocated; nothing outside these units and columns is
 * written.
 *
 * <p>An element depends on the elements at its place alone, bit for bit: not on the range, the
 * shape or the vector width. NaN gives NaN.
 */
public interface GateKernels {
  /**
   * {@code C <- F * C' + I * G} and {@code T <- C}, for the tanh that follows.
   *
   * @param gates I, F, G, O: 4n x B
   * @param before C'
   * @param cell C, written; may be C'
   * @param t T, written
   */
  void lstmCell(Matrix gates, Matrix before, Matrix cell, Matrix t, int from, int to);

  /** {@code H <- O * T}, with the gates of {@link #lstmCell} and T = tanh(C). */
  void lstmState(Matrix gates, Matrix t, Matrix h, int from, int to);

  /**
   * Backward of a step: {@code dC <- dC + dH * O * (1 - T²)}; dZ is {@code dC * G * I (1 - I)},
   * {@code dC * C' * F (1 - F)}, {@code dC * I * (1 - G²)} and {@code dH * T * O (1 - O)}; at last
   * {@code dC <- dC * F}, the gradient by C'.
   *
   * @param before C'
   * @param dh the gradient by H
   * @param dc the gradient by C that came from the step after; becomes the one by C'
   * @param dz gradients by the gates' sums, 4n x B, written
   */
  void lstmBackward(
      Matrix gates, Matrix before, Matrix t, Matrix dh, Matrix dc, Matrix dz, int from, int to);

  /**
   * {@code N <- N + R * S}, the candidate's sums.
   *
   * @param gates R, Z, N: 3n x B; N is written
   * @param s the state's part of the candidate's sums, its bias included
   */
  void gruCandidate(Matrix gates, Matrix s, int from, int to);

  /**
   * {@code H <- N + Z * (H' - N)}, which is (1 - Z) * N + Z * H'.
   *
   * @param gates of {@link #gruCandidate}, all after their activations
   * @param before H'
   * @param h H, written
   */
  void gruState(Matrix gates, Matrix before, Matrix h, int from, int to);

  /**
   * Backward of a step: with {@code dN = dH * (1 - Z) * (1 - N²)}, dZ is {@code dN * S * R (1 -
   * R)}, {@code dH * (H' - N) * Z (1 - Z)} and dN; dU is the same but for {@code dN * R} at last;
   * then {@code dH <- dH * Z}, which is the part of the gradient by H' that passes no weights.
   *
   * @param before H'
   * @param s of {@link #gruCandidate}
   * @param dh the gradient by H
   * @param dz gradients by the input's sums, 3n x B, written
   * @param du gradients by the state's sums, 3n x B, written
   */
  void gruBackward(
      Matrix gates, Matrix before, Matrix s, Matrix dh, Matrix dz, Matrix du, int from, int to);
}
