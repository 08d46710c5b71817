package fathom.nn;

import fathom.engine.Member;
import fathom.matrix.Matrix;

/**
 * Who sees the sums of dense layers that learn, one layer after the other on the way forward,
 * before bias and activation, and may change the layer's weights.
 */
@FunctionalInterface
public interface Calibrator {
  /**
   * Looks at a layer's sums {@code Z = W X}. All members call it together, when the sums are whole,
   * and meet again after it.
   *
   * @param layer which of the network's layers, from 0
   * @param weight W: out x in, which may be changed
   * @param sums Z: out x B, one column a sample
   * @return whether W has changed, so that Z is to be computed and shown again; the same for all
   *     members
   */
  boolean look(Member member, int layer, Matrix weight, Matrix sums);
}
