package fathom.nn;

/**
 * Who changes parameters while a backward pass goes on: a layer's, as soon as its gradients are
 * whole and the pass needs the layer no more, so that both are still in cache.
 */
@FunctionalInterface
public interface Learner {
  /**
   * Takes gradients {@code [from, to)} of the slab to the parameters. Members call it at once, for
   * ranges that are disjoint.
   */
  void learn(long from, long to);
}
