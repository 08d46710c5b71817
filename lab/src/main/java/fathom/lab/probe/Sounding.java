package fathom.lab.probe;

import java.util.List;

/**
 * What a network does to a batch at its present weights, layer by layer.
 *
 * @param batch the number of samples
 * @param loss the mean loss of the batch, NaN if gradients started from noise
 * @param inputQ the mean square of the batch's inputs
 * @param inputCorrelation the mean over pairs of samples of the cosine between their inputs
 * @param layers what each layer does, those but for those that give no numbers of their own, as the
 *     start of a residual block
 * @param jacobian of the hidden layers, or null if it was not asked for
 */
public record Sounding(
    int batch,
    double loss,
    double inputQ,
    double inputCorrelation,
    List<LayerSounding> layers,
    Jacobian jacobian) {
  /**
   * Returns how gradients fare on their way down: the norm of the loss's gradient by the weighted
   * sums of the first layer, over the same of the last layer below the output layer. Far below 1
   * they vanish, far above they explode. NaN for fewer than two such layers, or for 0 / 0.
   */
  public double gradientRatio() {
    return Math.sqrt(gradientNorms(0) / gradientNorms(lastHidden()));
  }

  /**
   * Returns the factor by which the mean square of the gradient grows from a layer to the one
   * below, as a geometric mean over all hidden layers: mean-field theory's chi. NaN as {@link
   * #gradientRatio}.
   */
  public double chi() {
    List<LayerSounding> products = products();
    int top = lastHidden();
    if (top < 1) {
      return Double.NaN;
    }
    return Math.pow(products.get(0).gradient() / products.get(top).gradient(), 1.0 / top);
  }

  private double gradientNorms(int product) {
    List<LayerSounding> products = products();
    if (product < 0 || lastHidden() < 1) {
      return Double.NaN;
    }
    LayerSounding at = products.get(product);
    return at.gradient() * at.units();
  }

  private int lastHidden() {
    return products().size() - 2;
  }

  /** Returns the layers with a product, from the first; the last of them is the output layer's. */
  public List<LayerSounding> products() {
    return layers.stream().filter(l -> !Double.isNaN(l.weightGradientNorm())).toList();
  }

  /** Returns the layers below the output layer whose outputs are known. */
  public List<LayerSounding> hidden() {
    return layers.subList(0, layers.size() - 1).stream()
        .filter(layer -> !Double.isNaN(layer.q()))
        .toList();
  }

  /** Returns the growth of the mean square from the first hidden layer that has one to the last. */
  public double signalGrowth() {
    List<LayerSounding> hidden = hidden();
    return hidden.isEmpty() ? Double.NaN : hidden.get(hidden.size() - 1).q() / hidden.get(0).q();
  }

  /** Returns the mean over hidden layers of their saturated share; 0 if none can be. */
  public double saturated() {
    return hidden().stream()
        .mapToDouble(LayerSounding::saturated)
        .filter(share -> !Double.isNaN(share))
        .average()
        .orElse(0);
  }
}
