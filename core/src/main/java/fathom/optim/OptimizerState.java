package fathom.optim;

import fathom.kernel.UpdateKernels;
import fathom.matrix.Slab;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an optimizer remembers in one run: its step, its rate and its moments, which are slabs of
 * the parameters' layout and start at zero.
 *
 * <p>{@link #begin} is called once a step; then any number of threads may {@link #update} disjoint
 * ranges. Nothing is allocated.
 */
public final class OptimizerState {
  private final Optimizer optimizer;
  private final Slab parameters;
  private final Slab gradients;
  private final Map<String, Slab> moments = new LinkedHashMap<>();
  private final MemorySegment[] memory;
  private long steps;
  private float rate;

  /**
   * Allocates the moments.
   *
   * @param arena frees the moments
   * @throws IllegalArgumentException if parameters and gradients have different layouts
   */
  public OptimizerState(Optimizer optimizer, Slab parameters, Slab gradients, Arena arena) {
    if (parameters.layout() != gradients.layout()) {
      throw new IllegalArgumentException("parameters and gradients have different layouts");
    }
    this.optimizer = optimizer;
    this.parameters = parameters;
    this.gradients = gradients;
    rate = optimizer.rate();
    for (String name : optimizer.moments()) {
      moments.put(name, new Slab(parameters.layout(), arena));
    }
    memory = moments.values().stream().map(Slab::segment).toArray(MemorySegment[]::new);
  }

  /** Returns the settings. */
  public Optimizer optimizer() {
    return optimizer;
  }

  /** Returns the number of steps that have begun. */
  public long steps() {
    return steps;
  }

  /** Returns the learning rate of the next step. */
  public float rate() {
    return rate;
  }

  /**
   * Sets the learning rate from the next step on.
   *
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public void rate(float newRate) {
    rate =
        Optimizer.require(
            "rate", newRate, newRate >= 0 && Float.isFinite(newRate), "finite and at least 0");
  }

  /** Returns the moments by name. */
  public Map<String, Slab> moments() {
    return Collections.unmodifiableMap(moments);
  }

  /** Begins a step; what happened before it is seen by threads that are told of it. */
  public void begin() {
    steps++;
  }

  /** Updates elements {@code [from, to)} of the parameters from the gradients. */
  public void update(UpdateKernels kernels, long from, long to) {
    optimizer.update(
        kernels, steps, rate, parameters.segment(), gradients.segment(), memory, from, to);
  }
}
