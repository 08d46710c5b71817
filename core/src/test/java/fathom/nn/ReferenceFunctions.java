package fathom.nn;

/** The activations and their derivatives in double precision, straight from their definitions. */
final class ReferenceFunctions {
  private static final double LAMBDA = 1.0507009873554805;
  private static final double ALPHA = 1.6732632423543772;

  private ReferenceFunctions() {}

  static double value(Activation f, double slope, double x) {
    if (f.isLearnt()) {
      return x > 0 ? x : slope * x;
    }
    return switch (f.function()) {
      case IDENTITY -> x;
      case LOGISTIC -> logistic(x);
      case TANH -> Math.tanh(x);
      case RELU -> Math.max(0, x);
      case LEAKY_RELU -> x > 0 ? x : f.parameter() * x;
      case ELU -> x > 0 ? x : f.parameter() * Math.expm1(x);
      case SELU -> LAMBDA * (x > 0 ? x : ALPHA * Math.expm1(x));
      case SOFTPLUS -> softplus(x);
      case SOFTSIGN -> x / (1 + Math.abs(x));
      case HARD_TANH -> Math.max(-1, Math.min(1, x));
      case HARD_SIGMOID -> hardSigmoid(x);
      case HARD_SWISH -> x * hardSigmoid(x);
      case GELU -> x * 0.5 * (1 + erf(x / Math.sqrt(2)));
      case GELU_TANH -> 0.5 * x * (1 + Math.tanh(geluInner(x)));
      case SILU -> x * logistic(x);
      case MISH -> x * Math.tanh(softplus(x));
    };
  }

  static double derivative(Activation f, double slope, double x) {
    if (f.isLearnt()) {
      return x > 0 ? 1 : slope;
    }
    return switch (f.function()) {
      case IDENTITY -> 1;
      case LOGISTIC -> logistic(x) * (1 - logistic(x));
      case TANH -> 1 - Math.tanh(x) * Math.tanh(x);
      case RELU -> x > 0 ? 1 : 0;
      case LEAKY_RELU -> x > 0 ? 1 : f.parameter();
      case ELU -> x > 0 ? 1 : f.parameter() * Math.exp(x);
      case SELU -> x > 0 ? LAMBDA : LAMBDA * ALPHA * Math.exp(x);
      case SOFTPLUS -> logistic(x);
      case SOFTSIGN -> 1 / ((1 + Math.abs(x)) * (1 + Math.abs(x)));
      case HARD_TANH -> x > -1 && x < 1 ? 1 : 0;
      case HARD_SIGMOID -> x > -3 && x < 3 ? 1 / 6.0 : 0;
      case HARD_SWISH -> x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5;
      case GELU ->
          0.5 * (1 + erf(x / Math.sqrt(2))) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
      case GELU_TANH -> geluTanhDerivative(x);
      case SILU -> logistic(x) * (1 + x * (1 - logistic(x)));
      case MISH -> {
        double t = Math.tanh(softplus(x));
        yield t + x * (1 - t * t) * logistic(x);
      }
    };
  }

  static double logistic(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  private static double hardSigmoid(double x) {
    return Math.max(0, Math.min(1, x / 6 + 0.5));
  }

  private static double geluInner(double x) {
    return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
  }

  private static double geluTanhDerivative(double x) {
    double t = Math.tanh(geluInner(x));
    double inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner;
  }

  /** The error function: its Taylor series near 0, Lentz's continued fraction beyond. */
  static double erf(double x) {
    double a = Math.abs(x);
    if (a > 6) {
      return Math.signum(x);
    }
    if (a < 2.5) {
      double term = a;
      double sum = a;
      for (int n = 1; Math.abs(term) > 1e-18 * sum; n++) {
        term *= -a * a / n;
        sum += term / (2 * n + 1);
      }
      return Math.signum(x) * 2 / Math.sqrt(Math.PI) * sum;
    }
    double fraction = 0;
    for (int k = 200; k >= 1; k--) {
      fraction = k / 2.0 / (a + fraction);
    }
    double erfc = Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction);
    return Math.signum(x) * (1 - erfc);
  }
}
