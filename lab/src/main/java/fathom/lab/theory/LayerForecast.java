package fathom.lab.theory;

/**
 * What theory says of a layer before training, in squares: of signals per unit, of gradients in
 * all.
 *
 * @param layer which, from 0
 * @param description the layer in a few words, as in {@code 256 relu}
 * @param variance q, the variance of what the layer's activation sees: a dense layer's sums, what a
 *     norm makes; elsewhere the mean square of the outputs
 * @param square the mean square of its outputs
 * @param correlation the cosine between its outputs for two inputs
 * @param gradient the squared norm of the loss's gradient by what the activation sees, over that by
 *     the network's outputs
 */
public record LayerForecast(
    int layer,
    String description,
    double variance,
    double square,
    double correlation,
    double gradient) {}
