package fathom.nn;

import fathom.kernel.Reference;

/**
 * What a number of the engine's must be near: the value in double precision, and how far float32
 * may be from it, by the standard model of rounding (Higham 2002, 2.2): each operation on what the
 * engine has is off by at most u = 2^-24 of its result. Whether the engine fuses a product with a
 * sum does not matter, since that saves a rounding.
 *
 * @param value as double precision has it, whose own roundings are 2^-29 of those bounded here
 * @param error 0 where float32 has the very value
 */
public record Near(double value, double error) {
  static final Near ZERO = new Near(0, 0);

  /** Half an ulp of 1, and a little more for the roundings of double precision. */
  private static final double U = 0x1.0001p-24;

  /** Below, roundings are of one size whatever the number's. */
  private static final double TINY = Float.MIN_NORMAL;

  static Near exactly(double value) {
    return new Near(value, 0);
  }

  /** n u / (1 - n u): what n roundings one after the other come to at most. */
  static double gamma(int n) {
    return n * U / (1 - n * U);
  }

  /** Returns the most that the engine's number may be away from 0. */
  double size() {
    return Math.abs(value) + error;
  }

  /** Returns this with n more roundings of a number of a size. */
  Near rounded(int n, double size) {
    return new Near(value, error + gamma(n) * size + TINY);
  }

  Near plus(Near other) {
    return result(value + other.value, error + other.error);
  }

  Near minus(Near other) {
    return result(value - other.value, error + other.error);
  }

  Near times(Near other) {
    double mine = error * other.size();
    return result(value * other.value, mine + Math.abs(value) * other.error);
  }

  private static Near result(double value, double error) {
    Near exact = new Near(value, error);
    return error == 0 && (float) value == value ? exact : exact.rounded(1, exact.size());
  }

  /** Returns 1 / sqrt(v + epsilon) of a variance: a sum, a root and a quotient. */
  Near inverseRoot(double epsilon) {
    double middle = 1 / Math.sqrt(value + epsilon);
    double most = 1 / Math.sqrt(Math.max(0, value - error) + epsilon);
    return new Near(middle, most - middle).rounded(4, most);
  }

  /**
   * Returns an activation of this. Its argument's error grows by the greatest slope of the function
   * at most, and the kernels' own is in the tests of kernels; of the two ends the greater one,
   * twice, since between them the result may lie in the next binade.
   */
  Near activated(Activation f, double slope) {
    if (f.isLearnt()) {
      Near y = new Near(value > 0 ? value : slope * value, error * Math.max(1, Math.abs(slope)));
      return y.error == 0 && (float) y.value == y.value ? y : y.rounded(1, y.size());
    }
    double kernel =
        Math.max(
            Reference.tolerance(f.function(), f.parameter(), value - error),
            Reference.tolerance(f.function(), f.parameter(), value + error));
    double y = ReferenceFunctions.value(f, 0, value);
    return new Near(y, steepest(f) * error + 2 * kernel);
  }

  /** The greatest |f'|, rounded up. */
  private static double steepest(Activation f) {
    return switch (f.function()) {
      case LOGISTIC -> 0.25;
      case HARD_SIGMOID -> 0.17;
      case LEAKY_RELU, ELU -> Math.max(1, f.parameter());
      case SELU -> 1.7582;
      case HARD_SWISH -> 1.5;
      case GELU, GELU_TANH -> 1.13;
      case SILU -> 1.1;
      case MISH -> 1.09;
      default -> 1;
    };
  }
}
