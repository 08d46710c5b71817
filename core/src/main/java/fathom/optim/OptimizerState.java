package fathom.optim;

import fathom.engine.Engine;
import fathom.matrix.Slab;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an optimizer keeps between steps: its moments, in slabs of the parameters' layout, the
 * number of steps and the learning rate. A step is one {@link #begin} by one thread and then {@link
 * #update} for every element once, by as many threads as there are, in any cut: the numbers are the
 * same. The caller sees to it that {@code begin} happens before {@code update}, and {@code update}
 * before the next {@code begin}. Steps allocate nothing.
 *
 * <p>With {@link #clipping}, gradients are measured first: {@link #measure} for every block once,
 * by as many threads as there are, and then {@link #sumUp} by the thread that calls {@code begin}.
 */
public final class OptimizerState {
  private final Optimizer optimizer;
  private final Map<String, Slab> moments = new LinkedHashMap<>();
  private final Slab parameters;
  private final Slab gradients;
  private final long size;

  /** Where each range with a rate of its own starts, its factor, and its rule. */
  private long[] starts = {0};

  private float[] factors = {1};
  private Optimizer.Rule[] rules;
  private GradientNorms norms;
  private Clipping clipping = Clipping.none();
  private long steps;
  private boolean begun;
  private float rate;

  /**
   * Allocates moments of zeros that live as long as the arena.
   *
   * @param parameters what the steps change
   * @param gradients what the steps read, in the parameters' layout
   * @throws IllegalArgumentException if the two slabs differ in layout
   */
  public OptimizerState(Optimizer optimizer, Slab parameters, Slab gradients, Arena arena) {
    if (parameters.layout() != gradients.layout()) {
      throw new IllegalArgumentException(
          String.format(
              "parameters (%d numbers) and gradients (%d numbers) must be slabs of one layout",
              parameters.layout().numbers(), gradients.layout().numbers()));
    }
    this.optimizer = optimizer;
    this.parameters = parameters;
    this.gradients = gradients;
    size = parameters.size();
    rate = optimizer.rate();
    optimizer.moments().forEach(name -> moments.put(name, new Slab(parameters.layout(), arena)));
    rules = new Optimizer.Rule[] {rule()};
  }

  private Optimizer.Rule rule() {
    List<MemorySegment> segments = moments.values().stream().map(Slab::segment).toList();
    return optimizer.rule(parameters.segment(), segments);
  }

  /**
   * Gives ranges of the parameters rates of their own: the rate of each step times a factor.
   * Moments and steps are those of all. Takes effect with the next {@link #begin}; one range with
   * factor 1 is how it starts.
   *
   * @param newStarts where each range starts, rising from 0
   * @param newFactors finite and at least 0; 0 lets parameters stand, while their moments follow
   * @throws IllegalArgumentException if the arrays do not fit, or a factor is out of range
   */
  public void rates(long[] newStarts, float[] newFactors) {
    boolean sound = newStarts.length == newFactors.length && newStarts.length > 0;
    for (int i = 0; sound && i < newStarts.length; i++) {
      long least = i == 0 ? 0 : newStarts[i - 1];
      sound = newStarts[i] >= least && newStarts[i] <= size && (i > 0 || newStarts[0] == 0);
    }
    if (!sound) {
      throw new IllegalArgumentException(
          String.format(
              "ranges must rise from 0 within %d elements, one for each of %d factors, not %s",
              size, newFactors.length, Arrays.toString(newStarts)));
    }
    for (float factor : newFactors) {
      float unused = Hyperparameter.notNegative("a factor of the learning rate", factor);
    }
    Optimizer.Rule[] newRules = new Optimizer.Rule[newStarts.length];
    Arrays.setAll(newRules, i -> rule());
    starts = newStarts.clone();
    factors = newFactors.clone();
    rules = newRules;
    begun = false;
  }

  /** Returns the factor of the rate of each range. */
  public float[] factors() {
    return factors.clone();
  }

  /** Returns the hyperparameters. */
  public Optimizer optimizer() {
    return optimizer;
  }

  /** Sets what becomes of large gradients from the next step on; {@link Clipping#none} at first. */
  public void clipping(Clipping newClipping) {
    clipping = newClipping;
    norms =
        newClipping.scope() == Clipping.Scope.NONE
            ? null
            : new GradientNorms(newClipping, gradients);
    begun = false;
  }

  /** Returns what becomes of large gradients. */
  public Clipping clipping() {
    return clipping;
  }

  /** Returns the number of blocks to {@link #measure} before a step; 0 without clipping. */
  public int blocks() {
    return norms == null ? 0 : norms.blocks();
  }

  /**
   * Reads the gradients of blocks {@code [from, to)}, of {@link #blocks()}.
   *
   * @throws IndexOutOfBoundsException if there are no such blocks
   */
  public void measure(Engine engine, int from, int to) {
    if (from < 0 || to < from || to > blocks()) {
      throw new IndexOutOfBoundsException("blocks " + from + " to " + to + " of " + blocks());
    }
    if (norms != null) {
      norms.measure(engine, from, to);
    }
  }

  /**
   * Sums up what {@link #measure} found. A norm that is not finite should not be stepped by: it
   * would leave no parameter as a number.
   *
   * @return {@link #gradientNorm()}
   */
  public double sumUp() {
    return norms == null ? Double.NaN : norms.sumUp();
  }

  /** Returns the norm of all gradients before clipping, as last summed up; NaN without clipping. */
  public double gradientNorm() {
    return norms == null ? Double.NaN : norms.norm();
  }

  /** Starts the next step. */
  public void begin() {
    steps++;
    for (int i = 0; i < rules.length; i++) {
      rules[i].begin(steps, rate * factors[i]);
    }
    begun = true;
  }

  /**
   * Does the step that has begun for elements {@code [from, to)} of the parameters' slab.
   *
   * @throws IllegalStateException if no step has begun
   * @throws IndexOutOfBoundsException if there are no such elements
   */
  public void update(Engine engine, long from, long to) {
    update(engine, gradients.segment(), 0, from, to);
  }

  /**
   * Does the step that has begun for elements {@code [from, to)} of the parameters' slab, with
   * gradients that lie elsewhere than in their slab.
   *
   * @param where gradients lie, the one of element i at {@code i - first}
   * @throws IllegalStateException if no step has begun
   * @throws IndexOutOfBoundsException if there are no such elements
   */
  public void update(Engine engine, MemorySegment where, long first, long from, long to) {
    if (!begun) {
      throw new IllegalStateException("no step has begun: call begin() before update()");
    }
    if (from < 0 || to < from || to > size) {
      throw new IndexOutOfBoundsException(
          "elements " + from + " to " + to + " of a slab of " + size);
    }
    // Each layer may have a range and comes by itself: a search, not a look at all of them.
    int found = Arrays.binarySearch(starts, from);
    for (int i = found < 0 ? -found - 2 : found; i < rules.length && starts[i] < to; i++) {
      long start = Math.max(from, starts[i]);
      long end = i + 1 == rules.length ? to : Math.min(to, starts[i + 1]);
      if (start >= end) {
        continue;
      }
      if (norms == null) {
        rules[i].update(engine, where, first, start, end, 1, Float.POSITIVE_INFINITY);
      } else {
        norms.update(rules[i], engine, where, first, start, end);
      }
    }
  }

  /** Returns the number of steps that have begun. */
  public long steps() {
    return steps;
  }

  /**
   * Goes on as after the given number of steps, with moments that the caller has copied in from a
   * checkpoint.
   *
   * @throws IllegalArgumentException if the number is negative
   */
  public void resume(long steps) {
    if (steps < 0) {
      throw new IllegalArgumentException("cannot go on after " + steps + " steps");
    }
    this.steps = steps;
    begun = false;
  }

  /** Returns the learning rate of the next step. */
  public float rate() {
    return rate;
  }

  /**
   * Sets the learning rate of the next step and those after it.
   *
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public void rate(float rate) {
    this.rate = Hyperparameter.notNegative("the learning rate", rate);
  }

  /** Returns the moments by name, in the optimizer's order. */
  public Map<String, Slab> moments() {
    return Collections.unmodifiableMap(moments);
  }
}
