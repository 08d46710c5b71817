package fathom.nn;

import java.lang.foreign.MemorySegment;

/**
 * Who changes parameters while a backward pass goes on: a layer's, as soon as its gradients are
 * whole and the pass needs the layer no more, so that both are still in cache.
 */
public interface Learner {
  /**
   * Takes gradients {@code [from, to)} of the slab to the parameters. Members call it at once, for
   * ranges that are disjoint.
   */
  void learn(long from, long to);

  /**
   * Takes gradients {@code [from, to)}, which lie elsewhere, to the parameters. Members call it at
   * once, for ranges that are disjoint.
   *
   * @param gradients of which the one of parameter i lies at {@code i - first}
   */
  void learn(MemorySegment gradients, long first, long from, long to);
}
