package fathom.kernel;

/** The elementwise functions that kernels know, named as the field names them. */
public enum Function {
  /** x. */
  IDENTITY(false),
  /** 1 / (1 + exp(-x)). */
  LOGISTIC(false),
  /** tanh(x). */
  TANH(false),
  /** max(0, x). */
  RELU(false),
  /** x where x > 0, else alpha x. */
  LEAKY_RELU(false),
  /** x where x > 0, else alpha (exp(x) - 1). */
  ELU(false),
  /** lambda x where x > 0, else lambda alpha (exp(x) - 1), with the constants of the paper. */
  SELU(false),
  /** ln(1 + exp(x)). */
  SOFTPLUS(true),
  /** x / (1 + |x|). */
  SOFTSIGN(false),
  /** x clipped to -1 and 1. */
  HARD_TANH(false),
  /** x / 6 + 1 / 2 clipped to 0 and 1. */
  HARD_SIGMOID(false),
  /** x times its hard sigmoid. */
  HARD_SWISH(true),
  /** x / 2 (1 + erf(x / sqrt 2)). */
  GELU(true),
  /** x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). */
  GELU_TANH(true),
  /** x times its logistic. */
  SILU(true),
  /** x tanh(ln(1 + exp(x))). */
  MISH(true);

  private final boolean keepsSlope;

  Function(boolean keepsSlope) {
    this.keepsSlope = keepsSlope;
  }

  /**
   * Returns whether the derivative cannot be had from the output, so that a forward pass in
   * training writes it beside the output.
   */
  public boolean keepsSlope() {
    return keepsSlope;
  }
}
