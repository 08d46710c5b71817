package fathom.optim;

import fathom.kernel.UpdateKernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * How gradients change parameters. An optimizer is a record of its settings and may be shared;
 * everything that changes in a run is in {@link OptimizerState}. Definitions are PyTorch's.
 *
 * <p>A new optimizer is a record that names its moments and calls one fused kernel.
 */
public interface Optimizer {
  /** Returns the learning rate at the start. */
  float rate();

  /** Returns the names of the moments that a run keeps, each as large as the parameters. */
  List<String> moments();

  /**
   * Updates elements {@code [from, to)} of the parameters. Elementwise: how a step is cut does not
   * matter.
   *
   * @param step the number of this step, from 1
   * @param rate this step's learning rate
   * @param moments the moments, in the order of their names
   */
  void update(
      UpdateKernels kernels,
      long step,
      float rate,
      MemorySegment parameters,
      MemorySegment gradients,
      MemorySegment[] moments,
      long from,
      long to);

  /**
   * Returns a setting that was found to be in its range.
   *
   * @throws IllegalArgumentException with one line that names the setting, its value and its range
   */
  static float require(String name, float value, boolean inRange, String range) {
    if (!inRange) {
      throw new IllegalArgumentException(name + " must be " + range + ", not " + value);
    }
    return value;
  }
}
