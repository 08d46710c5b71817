package fathom.nn;

import fathom.matrix.Matrix;

/**
 * A {@link Head} before it has memory.
 *
 * @param back what turns the group's gradient into that of the group below; none at the bottom
 * @param learn what makes the gradients of parameters; none if they do not learn
 * @param output the head's own output
 * @param barriers how often threads meet in a forward pass
 * @param inPlace whether the gradient below takes the place of the group's
 */
record HeadPlan(
    Work forward,
    Work back,
    Work learn,
    Buffer output,
    int barriers,
    boolean inPlace,
    Binder binder) {
  /** Binds a head to memory. */
  @FunctionalInterface
  interface Binder {
    /**
     * Binds.
     *
     * @param d the gradient by the head's output; null in inference
     * @param below the gradient by the output of the group below; null if there is none
     */
    Head bind(Binding bound, Matrix d, Matrix below);
  }
}
