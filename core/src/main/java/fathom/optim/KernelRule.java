package fathom.optim;

import fathom.engine.Engine;
import fathom.kernel.Update;
import fathom.kernel.UpdateStep;
import java.lang.foreign.MemorySegment;

/** A rule whose pass is one kernel's. */
final class KernelRule implements Optimizer.Rule {
  /** Sets the numbers of a step. */
  @FunctionalInterface
  interface Numbers {
    void set(long step, float rate);
  }

  private final Update update;
  private final UpdateStep memory;
  private final Numbers numbers;

  KernelRule(Update update, UpdateStep memory, Numbers numbers) {
    this.update = update;
    this.memory = memory;
    this.numbers = numbers;
  }

  @Override
  public void begin(long step, float rate) {
    numbers.set(step, rate);
  }

  @Override
  public void update(
      Engine engine,
      MemorySegment gradients,
      long first,
      long from,
      long to,
      float factor,
      float bound) {
    engine.kernels().update().update(update, memory, gradients, first, from, to, factor, bound);
  }
}
