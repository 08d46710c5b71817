package fathom.nn;

/**
 * One answer for each kind of layer, the exhaustive switch over {@link LayerSpec}.
 *
 * @param <R> what each case gives
 */
public interface LayerCases<R> {
  R dense(Dense layer);

  R batchNorm(BatchNorm layer);

  R layerNorm(LayerNorm layer);

  R activate(Activate layer);

  R noise(Noise layer);

  /** Takes a residual block, which has two places among layers: one at each end. */
  R residual(Residual layer);

  R recurrent(Recurrent layer);
}
