package fathom.lab.probe;

/**
 * What a layer does to a batch at the network's present weights. Figures of its outputs are NaN
 * where the next layer wrote over them, as batch norm does over the sums that it normalizes.
 *
 * @param layer which, from 0
 * @param description the layer in a few words, as in {@code 256 relu}
 * @param units how many outputs a sample has
 * @param mean of its outputs, over units and samples
 * @param variance of its outputs: their mean squared distance from the mean
 * @param q the second moment of its outputs, the mean of their squares; times the variance of the
 *     next layer's weights and its fan-in, it is the variance of the next layer's weighted sums
 * @param saturated the share of outputs where the activation's derivative is below a hundredth of
 *     its largest value; NaN where that cannot be
 * @param dead the share of units whose output is 0 for the whole batch; NaN unless a ReLU
 * @param correlation the mean over pairs of samples of the cosine between their outputs; NaN for a
 *     batch of one
 * @param quantiles of its outputs, of about a thousand of them
 * @param gradient the second moment of the loss's gradient by the layer's weighted sums z, over
 *     units and samples: the variance that Glorot and Bengio follow down; NaN of layers without a
 *     product
 * @param weightGradientNorm the norm of the loss's gradient by the layer's weights; NaN without
 */
public record LayerSounding(
    int layer,
    String description,
    int units,
    double mean,
    double variance,
    double q,
    double saturated,
    double dead,
    double correlation,
    Quantiles quantiles,
    double gradient,
    double weightGradientNorm) {
  private static final Quantiles NO_OUTPUT = Quantiles.of(new float[0]);

  /** Returns whether the layer has outputs of its own that were there to be measured. */
  @SuppressWarnings("ReferenceEquality") // NO_OUTPUT is there once
  public boolean hasOutput() {
    return quantiles != NO_OUTPUT;
  }

  /** A layer whose outputs are not there: those figures are NaN. */
  static LayerSounding unknown(int layer, String description, int units) {
    double nan = Double.NaN;
    return new LayerSounding(
        layer, description, units, nan, nan, nan, nan, nan, nan, NO_OUTPUT, nan, nan);
  }

  /** The same layer with what came down to it. */
  LayerSounding with(double newGradient, double newWeightGradientNorm) {
    return new LayerSounding(
        layer,
        description,
        units,
        mean,
        variance,
        q,
        saturated,
        dead,
        correlation,
        quantiles,
        newGradient,
        newWeightGradientNorm);
  }
}
