package fathom.optim;

/** What hyperparameters may be. */
final class Hyperparameter {
  private Hyperparameter() {}

  /** Returns a value that is finite and not negative. */
  static float notNegative(String name, float value) {
    if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be finite and at least 0, not " + value);
    }
    return value;
  }

  /** Returns a value of [0, 1), the memory of a moving average. */
  static float memory(String name, float value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + " must be at least 0 and below 1, not " + value);
    }
    return value;
  }

  /** Returns a divisor's guard: see {@link Adam}. */
  static float epsilon(float value) {
    if (!(value >= Adam.SMALLEST_EPSILON && value < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "epsilon must be finite and at least " + Adam.SMALLEST_EPSILON + ", not " + value);
    }
    return value;
  }
}
