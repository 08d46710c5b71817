package fathom.train;

/**
 * Training met a number that is not finite. The message is one line with the step, the learning
 * rate, the first place where such a number is and what usually puts it there. The parameters are
 * as they were before that step.
 */
public final class TrainingDivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long step;
  private final float rate;
  private final int layer;
  private final String tensor;
  private final boolean badData;

  TrainingDivergedException(
      String message, long step, float rate, int layer, String tensor, boolean badData) {
    super(message);
    this.step = step;
    this.rate = rate;
    this.layer = layer;
    this.tensor = tensor;
    this.badData = badData;
  }

  /** Returns the step that failed, counted from 1. */
  public long step() {
    return step;
  }

  /** Returns the learning rate of that step. */
  public float rate() {
    return rate;
  }

  /** Returns the layer that the first non-finite number is in, from 0; -1 if it is in none. */
  public int layer() {
    return layer;
  }

  /** Returns the parameters whose values or gradient are not finite, or null if all are. */
  public String tensor() {
    return tensor;
  }

  /** Returns whether the batch itself has such a number, so that no rate would have helped. */
  public boolean isBadData() {
    return badData;
  }
}
