package fathom.train;

import fathom.nn.Activation;

/**
 * Where an activation lets hardly any gradient through: where |f'| is below a hundredth of its
 * largest value (of 1, for those whose largest is a little more). Told by the output, or by the
 * derivative where a pass keeps that.
 *
 * @param low outputs up to this are saturated
 * @param high outputs from this on are saturated
 * @param bySlope whether low and high are limits of the derivative, strictly between which it is
 *     flat
 */
public record Saturation(float low, float high, boolean bySlope) {
  private static final double SHARE = 0.01;

  /** Lambda alpha of SELU: how far it goes below zero. */
  private static final double SELU_DEPTH = 1.0507009873554805 * 1.6732632423543772;

  /** Returns an activation's, or null if it never saturates. */
  public static Saturation of(Activation activation) {
    if (activation.isLearnt()) {
      return null;
    }
    return switch (activation.function()) {
      // a (1 - a) = 0.01 / 4, 1 - a² = 0.01, (1 - |a|)² = 0.01.
      case LOGISTIC -> between((1 - Math.sqrt(1 - SHARE)) / 2, (1 + Math.sqrt(1 - SHARE)) / 2);
      case TANH -> between(-Math.sqrt(1 - SHARE), Math.sqrt(1 - SHARE));
      case SOFTSIGN -> between(Math.sqrt(SHARE) - 1, 1 - Math.sqrt(SHARE));
      case RELU -> between(0, Double.POSITIVE_INFINITY);
      case HARD_TANH -> between(-1, 1);
      case HARD_SIGMOID -> between(0, 1);
      case SELU -> between((SHARE - 1) * SELU_DEPTH, Double.POSITIVE_INFINITY);
      case ELU -> elu(activation.parameter());
      case IDENTITY, LEAKY_RELU -> null;
      case SOFTPLUS, HARD_SWISH, GELU, GELU_TANH, SILU, MISH ->
          new Saturation((float) -SHARE, (float) SHARE, true);
    };
  }

  /** Below zero f' is a + alpha. */
  private static Saturation elu(double alpha) {
    return between(SHARE * Math.max(1, alpha) - alpha, Double.POSITIVE_INFINITY);
  }

  private static Saturation between(double low, double high) {
    return new Saturation((float) low, (float) high, false);
  }

  public boolean holds(float x) {
    return bySlope ? x > low && x < high : x <= low || x >= high;
  }
}
