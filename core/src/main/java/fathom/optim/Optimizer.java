package fathom.optim;

import fathom.engine.Engine;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * How parameters follow their gradients: the hyperparameters of a rule, and the rule. Optimizers
 * are immutable; {@link OptimizerState} holds what changes. All definitions are PyTorch's.
 */
public interface Optimizer {
  /** Returns the learning rate of the first step. */
  float rate();

  /**
   * Returns the names of the numbers that the rule keeps for each parameter, all zero at first;
   * none is fine.
   */
  List<String> moments();

  /**
   * Binds the rule to memory.
   *
   * @param parameters what {@link Rule#update} changes
   * @param moments of the same length, in the order of {@link #moments()}
   */
  Rule rule(MemorySegment parameters, List<MemorySegment> moments);

  /** A rule at work on one set of parameters. It allocates nothing. */
  interface Rule {
    /**
     * Computes what is the same for all parameters of a step.
     *
     * @param step the number of the step, from 1
     * @param rate the learning rate of the step
     */
    void begin(long step, float rate);

    /**
     * Does the step for parameters {@code [from, to)}. The result does not depend on how a range is
     * cut; several threads may work on disjoint ranges.
     *
     * @param engine whose kernels compute
     * @param gradients of which the one of parameter i lies at {@code i - first}
     * @param factor what the gradients are multiplied by; 1 changes nothing
     * @param bound what the size of gradients is cut to after that; infinity changes nothing
     */
    void update(
        Engine engine,
        MemorySegment gradients,
        long first,
        long from,
        long to,
        float factor,
        float bound);
  }
}
