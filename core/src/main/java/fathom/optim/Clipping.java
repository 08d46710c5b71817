package fathom.optim;

/**
 * What becomes of gradients that are too large. Nothing is written back: the gradients stay as they
 * are, and the update reads them clipped. Before weight decay, which is not clipped.
 *
 * @param scope what is measured against the limit
 * @param limit above 0; infinity where nothing is clipped
 * @see <a href="https://proceedings.mlr.press/v28/pascanu13.html">Pascanu et al., On the difficulty
 *     of training recurrent neural networks, 2013</a>
 */
public record Clipping(Scope scope, float limit) {
  private static final Clipping NONE = new Clipping(Scope.NONE, Float.POSITIVE_INFINITY);

  /** What is measured against the limit. */
  public enum Scope {
    /** Nothing. */
    NONE,
    /** The norm of all gradients together. */
    NORM,
    /** The size of each number. */
    VALUE,
    /** The norm of each matrix's gradient. */
    TENSOR_NORM
  }

  /**
   * Checks the limit.
   *
   * @throws IllegalArgumentException if it is not above 0, or not finite where something is clipped
   */
  public Clipping {
    if (!(limit > 0) || (scope != Scope.NONE && limit == Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "a limit of gradients must be finite and above 0, not " + limit);
    }
  }

  /** Gradients as they are. They are not measured either. */
  public static Clipping none() {
    return NONE;
  }

  /**
   * Multiplies all gradients by {@code min(1, limit / (norm + 1e-6))}, as PyTorch's {@code
   * clip_grad_norm_} does; their direction stays.
   */
  public static Clipping byNorm(float limit) {
    return new Clipping(Scope.NORM, limit);
  }

  /** Cuts each number to {@code [-limit, limit]}, as PyTorch's {@code clip_grad_value_} does. */
  public static Clipping byValue(float limit) {
    return new Clipping(Scope.VALUE, limit);
  }

  /**
   * Does what {@link #byNorm} does for each matrix, by its own norm: a layer's weights, or biases.
   */
  public static Clipping perTensorByNorm(float limit) {
    return new Clipping(Scope.TENSOR_NORM, limit);
  }
}
