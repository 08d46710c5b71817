package fathom.kernel;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What an {@link Update} works on: flat memory, and the numbers of a step, which are the same for
 * all parameters. Whoever begins a step sets them, before any thread updates. {@link Update} says
 * what they mean, and which of them a rule reads.
 */
public final class UpdateStep {
  /** The addresses of the parameters and of what the rule keeps of them, 0 where it keeps none. */
  final long w;

  final long a;
  final long b;
  final long c;

  private final MemorySegment parameters;
  private final MemorySegment[] moments;

  /** The learning rate, or what remains of it beside the corrections of biases. */
  public float rate;

  /** Nadam's rate of the gradient itself. */
  public float ahead;

  /** The factor of the parameter in the gradient. */
  public float decay;

  /** What is left of a parameter before the step. */
  public float shrink = 1;

  /** What the first average keeps. */
  public float keep1;

  /** The share of what is new in the first average. */
  public float share1;

  /** What the second average keeps. */
  public float keep2;

  /** The share of what is new in the second average; above 0. */
  public float share2 = 1;

  /** The correction of the bias of the second average's root. */
  public float rootScale = 1;

  /** What keeps a divisor from zero. */
  public float epsilon;

  /** Whether momentum looks ahead. */
  public boolean nesterov;

  /** Whether the velocity starts at the gradient. */
  public boolean first;

  /**
   * Binds memory, all of one length.
   *
   * @param moments as many as the rule keeps
   */
  public UpdateStep(MemorySegment parameters, List<MemorySegment> moments) {
    this.parameters = parameters;
    this.moments = moments.toArray(MemorySegment[]::new);
    w = parameters.address();
    a = address(0);
    b = address(1);
    c = address(2);
  }

  private long address(int i) {
    return i < moments.length ? moments[i].address() : 0;
  }

  /** Checks that elements {@code [from, to)} of all memory may be accessed. */
  void check(Update update, long from, long to) {
    if (moments.length < update.moments()) {
      throw new IllegalArgumentException(
          update + " keeps " + update.moments() + " moments, not " + moments.length);
    }
    NativeMemory.output(parameters, from, to);
    for (MemorySegment moment : moments) {
      NativeMemory.output(moment, from, to);
    }
  }

  /** Sets the first average's memory, and the share that is left to what is new. */
  public UpdateStep mean(float memory) {
    keep1 = memory;
    share1 = 1 - memory;
    return this;
  }

  /** Sets the second average's memory, and the share that is left to what is new. */
  public UpdateStep squares(float memory) {
    keep2 = memory;
    share2 = 1 - memory;
    return this;
  }
}
