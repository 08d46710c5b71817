package fathom.cli;

import fathom.optim.Clipping;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What becomes of large gradients. */
final class ClippingOptions {
  private static final String NORM = "--clip-norm";
  private static final String VALUE = "--clip-value";
  private static final String LAYER_NORM = "--clip-layer-norm";

  @Option(
      names = NORM,
      paramLabel = "X",
      description =
          "Scale gradients down to this norm of them all together; train tells the largest norm of"
              + " each epoch, whichever way is clipped.")
  private Float norm;

  @Option(names = VALUE, paramLabel = "X", description = "Cut each gradient to this size.")
  private Float value;

  @Option(
      names = LAYER_NORM,
      paramLabel = "X",
      description = "Scale the gradient of each layer's weights, and of its biases, to this norm.")
  private Float layerNorm;

  /** Returns what was asked for, or none. */
  Clipping clipping() {
    List<String> given = new ArrayList<>();
    Clipping clipping = Clipping.none();
    if (norm != null) {
      given.add(NORM);
      clipping = Clipping.byNorm(checked(NORM, norm));
    }
    if (value != null) {
      given.add(VALUE);
      clipping = Clipping.byValue(checked(VALUE, value));
    }
    if (layerNorm != null) {
      given.add(LAYER_NORM);
      clipping = Clipping.perTensorByNorm(checked(LAYER_NORM, layerNorm));
    }
    if (given.size() > 1) {
      throw new BadInput(String.join(" and ", given) + " exclude each other; give one of them");
    }
    return clipping;
  }

  private static float checked(String option, float limit) {
    if (!(limit > 0 && limit < Float.POSITIVE_INFINITY)) {
      throw new BadInput(option + " must be finite and above 0, not " + limit);
    }
    return limit;
  }

  /** Returns what to add to a line about the learning; empty for none. */
  String describe() {
    Clipping clipping = clipping();
    return switch (clipping.scope()) {
      case NONE -> "";
      case NORM -> ", gradients clipped to norm " + clipping.limit();
      case VALUE -> ", gradients clipped to " + clipping.limit();
      case TENSOR_NORM -> ", each layer's gradients clipped to norm " + clipping.limit();
    };
  }
}
