package fathom.kernel;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * Loss and gradient in one visit, on feature-major outputs (K x B: one row an output, one column a
 * sample). Each method returns the sum of the losses in double precision, in one fixed order, and
 * writes {@code D = scale dL/dY} for that sum L, so that {@code scale = 1/B} gives the gradient of
 * the mean. D may be null, when only the loss is wanted, and may be Y itself. Nothing is allocated.
 *
 * <p>Finite outputs give finite losses and gradients, however extreme they are. NaN and infinite
 * outputs give NaN or infinite losses, never a number that looks sound.
 */
public interface LossKernels {
  /**
   * Cross-entropy of softmax(Y) with integer labels. With smoothing e, the target is 1 - e at the
   * label plus e/K on every one of the K classes. With class weights w, the loss of class c's share
   * of the target counts w_c times (PyTorch's definition), and so does its gradient.
   *
   * @param labels B 32-bit labels in native memory, each in [0, K); not checked here
   * @param weights K x 1, or null for all ones
   */
  double softmaxCrossEntropy(
      Matrix y, MemorySegment labels, Matrix weights, float smoothing, float scale, Matrix d);

  /**
   * Cross-entropy of logistic(Y) with targets T in [0, 1], for several labels at once: sum of
   * {@code max(y, 0) - y t + ln(1 + exp(-|y|))}.
   */
  double sigmoidCrossEntropy(Matrix y, Matrix t, float scale, Matrix d);

  /** Squared error: sum of (y - t)², without a factor 1/2. */
  double squaredError(Matrix y, Matrix t, float scale, Matrix d);

  /** Absolute error: sum of |y - t|; the gradient at 0 is 0. */
  double absoluteError(Matrix y, Matrix t, float scale, Matrix d);

  /** Huber: with e = y - t, sum of e²/2 where |e| <= delta, else delta (|e| - delta/2). */
  double huber(Matrix y, Matrix t, float delta, float scale, Matrix d);
}
