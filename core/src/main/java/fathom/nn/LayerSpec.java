package fathom.nn;

/**
 * A layer as it is described: everything that tells it from others, and nothing that is bound to
 * memory or depends on the layers around it. Immutable; equal descriptions are equal.
 *
 * <p>Whatever needs to know what a layer is asks {@link #match}, which has one case for each kind:
 * a new kind is a compile error wherever it matters.
 */
public sealed interface LayerSpec
    permits Dense, BatchNorm, LayerNorm, Activate, Noise, Residual, Recurrent {
  /** Returns what the layer's own case gives. */
  <R> R match(LayerCases<R> cases);

  /** Returns the number of units that the layer gives for so many below. */
  int units(int below);

  /** Returns the number of {@code nn.Sequential} modules that the layer stands for. */
  int modules();

  /** Returns the word that {@link Architecture#parse} reads; a residual block has several. */
  @Override
  String toString();

  /** Returns the number of modules of an activation behind a layer, where it may be none. */
  static int modules(Activation activation) {
    return activation.equals(Activation.IDENTITY) ? 0 : 1;
  }
}
