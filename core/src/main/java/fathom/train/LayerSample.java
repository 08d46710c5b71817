package fathom.train;

/**
 * What a layer was like in a step.
 *
 * <p>Its weights are all matrices that it multiplies by, taken together: of a recurrent layer those
 * from inputs and those from state to state, by which gradients explode; of a norm its gains.
 * Biases are left out. Outputs of a recurrent layer are its states, those of all steps where a
 * recurrent layer follows; how saturated its gates are is not told.
 *
 * @param layer which, from 0
 * @param description the layer in a few words, as in {@code 256 relu}
 * @param output its outputs for the batch; null where the next layer wrote over them, as batch norm
 *     does over the sums that it normalizes
 * @param saturated the share of outputs where the activation's derivative is below a hundredth of
 *     its largest value; NaN where that cannot be told or cannot be
 * @param dead the share of units whose output is 0 for the whole batch; NaN unless a ReLU
 * @param tensor the name of its weights, those of several with a + between them; null if it has
 *     none that learn
 * @param gradient the gradient by the weights, before clipping; null without weights
 * @param weightNorm the weights' norm before the update; NaN without
 * @param updateNorm the norm of what the update added to them; NaN without
 */
public record LayerSample(
    int layer,
    String description,
    Distribution output,
    double saturated,
    double dead,
    String tensor,
    Distribution gradient,
    double weightNorm,
    double updateNorm) {
  /** Returns ||dW|| / ||W||, which in a sound training is about a thousandth. */
  public double updateRatio() {
    return updateNorm / weightNorm;
  }
}
