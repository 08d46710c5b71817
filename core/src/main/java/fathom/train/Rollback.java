package fathom.train;

/**
 * What to do instead of losing a run that diverges: go back to the last good state, lower the
 * learning rate, and go on. A state is good if its loss is finite and at most twice that of the
 * first step; a run that has begun to explode would only explode again.
 *
 * @param everySteps how often a good state is kept
 * @param factor what the learning rate is multiplied by, also that of a schedule; within (0, 1)
 * @param most how many times; after that, divergence ends the training as it does without
 */
public record Rollback(int everySteps, float factor, int most) {
  /**
   * Checks the figures.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Rollback {
    if (everySteps < 1 || most < 1) {
      throw new IllegalArgumentException(
          "a rollback keeps a state every n steps and is done m times, n and m at least 1, not "
              + everySteps
              + " and "
              + most);
    }
    if (!(factor > 0 && factor < 1)) {
      throw new IllegalArgumentException(
          "a rollback's factor of the learning rate must be within (0, 1), not " + factor);
    }
  }

  /** Every 100 steps, with a rate halved, 5 times at most. */
  public static Rollback standard() {
    return new Rollback(100, 0.5f, 5);
  }

  /** Who is told of each. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Learns of a rollback that was done.
     *
     * @param cause what happened
     * @param steps how many steps the state had that training goes on from
     * @param rateFactor what all learning rates are multiplied by from now on
     */
    void rolledBack(TrainingDivergedException cause, long steps, float rateFactor);
  }
}
