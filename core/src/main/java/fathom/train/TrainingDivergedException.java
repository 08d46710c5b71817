package fathom.train;

/**
 * Training met a loss that is no number. The message is one line with the step, the learning rate
 * and the first layer whose output is not finite. The parameters are as they were before that step.
 */
public final class TrainingDivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long step;

  TrainingDivergedException(long step, String message) {
    super(message);
    this.step = step;
  }

  /** Returns the step that failed, counted from 1. */
  public long step() {
    return step;
  }
}
