package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Slab;

/**
 * The memory that a network takes beside the heap, in bytes. An optimizer's moments, and copies
 * that somebody keeps, are as large as the parameters each.
 *
 * @param parameters of the parameters, and as many again of the gradients
 * @param statistics of what is kept and not learnt
 * @param training of a training pass: outputs, what backward needs, gradients on their way
 * @param inference of a caller's answers, which one call at a time takes
 */
public record Memory(long parameters, long statistics, long training, long inference) {
  /**
   * Returns what a network would take; nothing of it is allocated.
   *
   * @param batch the rows of a training step
   * @param every which dense layers keep their outputs: every k-th, see {@link Network#recompute}
   * @param frozen how many of the first layers do not learn, see {@link Network#freeze}
   * @throws IllegalArgumentException if a number is out of range
   */
  public static Memory of(
      Engine engine, Architecture architecture, int batch, int every, int frozen) {
    Slab.Layout parameters = new Slab.Layout();
    Slab.Layout statistics = new Slab.Layout();
    long[] unused = Architecture.place(architecture.placed(), parameters, statistics);
    return new Memory(
        parameters.size() * Float.BYTES,
        statistics.size() * Float.BYTES,
        Plan.training(engine, architecture, batch, every, frozen).bytes(),
        Plan.inference(engine, architecture, Prediction.ROWS).bytes());
  }
}
