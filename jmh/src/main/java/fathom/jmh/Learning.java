package fathom.jmh;

import fathom.data.Batch;
import fathom.train.Trainer;

/** The proof that what is timed learns. */
record Learning(double first, double last) {
  /**
   * Trains some steps on one batch.
   *
   * @throws IllegalStateException if the loss does not fall
   */
  static Learning prove(Object what, Trainer trainer, Batch batch, int steps) {
    double first = trainer.step(batch);
    double last = first;
    for (int i = 0; i < steps; i++) {
      last = trainer.step(batch);
    }
    if (!(last < first)) {
      throw new IllegalStateException(
          what + ": the loss went from " + first + " to " + last + "; nothing to time");
    }
    return new Learning(first, last);
  }
}
