package fathom.kernel;

/** The activation functions in double precision, as their definitions tell them. */
public final class Reference {
  /** What exp and all that is made of it may lose at its lower end: 2^-126.5. */
  static final double FLUSHED = Math.pow(2, -126.5);

  private static final double SELU_LAMBDA = 1.0507009873554805;
  private static final double SELU_ALPHA = 1.6732632423543772;

  private Reference() {}

  /** Returns f(x). */
  static double value(Function f, double alpha, double x) {
    return switch (f) {
      case IDENTITY -> x;
      case LOGISTIC -> logistic(x);
      case TANH -> Math.tanh(x);
      case RELU -> Math.max(0, x);
      case LEAKY_RELU -> x > 0 ? x : alpha * x;
      case ELU -> x > 0 ? x : alpha * Math.expm1(x);
      case SELU -> SELU_LAMBDA * (x > 0 ? x : SELU_ALPHA * Math.expm1(x));
      case SOFTPLUS -> softplus(x);
      case SOFTSIGN -> Double.isInfinite(x) ? Math.signum(x) : x / (1 + Math.abs(x));
      case HARD_TANH -> Math.max(-1, Math.min(1, x));
      case HARD_SIGMOID -> hardSigmoid(x);
      case HARD_SWISH -> times(x, hardSigmoid(x));
      case GELU -> times(x, normal(x));
      case GELU_TANH -> times(x, logistic(geluArgument(x)));
      case SILU -> times(x, logistic(x));
      case MISH -> times(x, Math.tanh(softplus(x)));
    };
  }

  /** Returns f'(x) by central differences; their error is below 1e-9 away from kinks. */
  static double slope(Function f, double alpha, double x) {
    double h = 1e-5;
    return (value(f, alpha, x + h) - value(f, alpha, x - h)) / (2 * h);
  }

  /** Returns whether f has a kink within the reach of {@link #slope}. */
  static boolean nearKink(Function f, double x) {
    double kink =
        switch (f) {
          case RELU, LEAKY_RELU, ELU, SELU -> 0;
          case HARD_TANH -> 1;
          case HARD_SIGMOID, HARD_SWISH -> 3;
          default -> Double.NaN;
        };
    return Math.abs(Math.abs(x) - kink) < 2e-5;
  }

  /**
   * Returns how far a float result may be from f(x): the units in the last place that the Javadoc
   * of the function states, and what is flushed to zero at the lower end.
   */
  public static double tolerance(Function f, double alpha, double x) {
    double y = value(f, alpha, x);
    double ulps =
        switch (f) {
          case IDENTITY, RELU, HARD_TANH -> 0;
          case LEAKY_RELU -> 0.5;
          case LOGISTIC -> ScalarMathTest.LOGISTIC;
          case TANH -> ScalarMathTest.TANH;
          // One rounding more, after alpha has lifted the error into the next binade.
          case ELU -> 2 * ScalarMathTest.EXPM1_BELOW + 0.5;
          case SELU -> ScalarMathTest.SELU;
          case SOFTPLUS -> ScalarMathTest.SOFTPLUS;
          case SOFTSIGN -> ScalarMathTest.SOFTSIGN;
          case HARD_SIGMOID -> ScalarMathTest.HARD_SIGMOID;
          case HARD_SWISH -> ScalarMathTest.HARD_SWISH;
          case GELU -> ScalarMathTest.GELU;
          case GELU_TANH -> ScalarMathTest.geluTanhUlps(x);
          case SILU -> ScalarMathTest.SILU;
          case MISH -> ScalarMathTest.MISH;
        };
    double lost =
        switch (f) {
          case LOGISTIC, SOFTPLUS -> FLUSHED;
          case GELU, GELU_TANH, SILU, MISH -> x < -9 ? -Math.max(x, -200) * FLUSHED : 0;
          default -> 0;
        };
    return ulps * Math.ulp((float) y) + lost;
  }

  /** 2 sqrt(2 / pi) (x + 0.044715 x^3). */
  static double geluArgument(double x) {
    return 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
  }

  /** The normal distribution function, to about 1e-15 of its value. */
  static double normal(double x) {
    return x < 0 ? normalTail(-x) : 1 - normalTail(x);
  }

  /**
   * Phi(-t): by the series phi(t) (t + t³/3 + t⁵/15 + ...) of what is missing to 1/2 where t is
   * small, else by the continued fraction of Mills' ratio (Abramowitz and Stegun 26.2.11, 26.2.14).
   */
  private static double normalTail(double t) {
    double density = Math.exp(-t * t / 2) / Math.sqrt(2 * Math.PI);
    if (t < 3) {
      double term = t;
      double sum = t;
      for (int i = 3; term > sum * 1e-18; i += 2) {
        term *= t * t / i;
        sum += term;
      }
      return 0.5 - density * sum;
    }
    double fraction = t;
    for (int i = 100; i > 0; i--) {
      fraction = t + i / fraction;
    }
    return density / fraction;
  }

  static double logistic(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  private static double hardSigmoid(double x) {
    return Math.max(0, Math.min(6, x + 3)) / 6;
  }

  /** A product whose limit at -infinity is 0. */
  private static double times(double x, double y) {
    return y == 0 ? 0 : x * y;
  }
}
