package fathom.lab.theory;

import fathom.nn.Activation;
import java.util.Objects;
import java.util.function.DoubleUnaryOperator;

/**
 * A function of one number with its derivative, in double precision, and the places where it or a
 * derivative of it jumps.
 */
final class Curve {
  private static final double LAMBDA = 1.0507009873554805;
  private static final double ALPHA = 1.6732632423543772;
  private static final double STEP = 1e-5;

  private final String name;
  private final DoubleUnaryOperator value;
  private final DoubleUnaryOperator derivative;
  private final double[] kinks;

  Curve(String name, DoubleUnaryOperator value, DoubleUnaryOperator derivative, double... kinks) {
    this.name = name;
    this.value = Objects.requireNonNull(value, "a curve needs a function");
    this.derivative = Objects.requireNonNull(derivative, "a curve needs a derivative");
    this.kinks = kinks.clone();
  }

  /** Returns a function with its derivative by central differences: relative error about 1e-9. */
  static Curve of(DoubleUnaryOperator f, double... kinks) {
    Objects.requireNonNull(f, "a curve needs a function");
    return new Curve("function", f, x -> difference(f, x, kinks), kinks);
  }

  /** Never reaches across a kink. */
  private static double difference(DoubleUnaryOperator f, double x, double[] kinks) {
    double h = STEP * Math.max(1e-3, Math.abs(x));
    for (double kink : kinks) {
      h = x == kink ? h : Math.min(h, Math.abs(x - kink));
    }
    return (f.applyAsDouble(x + h) - f.applyAsDouble(x - h)) / (2 * h);
  }

  /** Returns an activation; of PReLU, as it starts. */
  static Curve of(Activation f) {
    double p = f.parameter();
    String name = f.toString();
    if (f.isLearnt()) {
      return new Curve(name, x -> x > 0 ? x : p * x, x -> x > 0 ? 1 : p, 0);
    }
    return switch (f.function()) {
      case IDENTITY -> new Curve(name, x -> x, x -> 1);
      case LOGISTIC -> new Curve(name, Curve::logistic, x -> logistic(x) * logistic(-x));
      case TANH -> new Curve(name, Math::tanh, Curve::tanhSlope);
      case RELU -> new Curve(name, x -> Math.max(0, x), x -> x > 0 ? 1 : 0, 0);
      case LEAKY_RELU -> new Curve(name, x -> x > 0 ? x : p * x, x -> x > 0 ? 1 : p, 0);
      case ELU ->
          new Curve(name, x -> x > 0 ? x : p * Math.expm1(x), x -> x > 0 ? 1 : p * Math.exp(x), 0);
      case SELU ->
          new Curve(
              name,
              x -> LAMBDA * (x > 0 ? x : ALPHA * Math.expm1(x)),
              x -> LAMBDA * (x > 0 ? 1 : ALPHA * Math.exp(x)),
              0);
      case SOFTPLUS -> new Curve(name, Curve::softplus, Curve::logistic);
      case SOFTSIGN ->
          new Curve(name, x -> x / (1 + Math.abs(x)), x -> square(1 / (1 + Math.abs(x))), 0);
      case HARD_TANH ->
          new Curve(name, x -> Math.max(-1, Math.min(1, x)), x -> Math.abs(x) < 1 ? 1 : 0, -1, 1);
      case HARD_SIGMOID ->
          new Curve(name, Curve::hardSigmoid, x -> Math.abs(x) < 3 ? 1 / 6.0 : 0, -3, 3);
      case HARD_SWISH ->
          new Curve(
              name, x -> x * hardSigmoid(x), x -> x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5, -3, 3);
      case GELU ->
          new Curve(
              name,
              x -> x * NormalQuadrature.probability(x),
              x ->
                  NormalQuadrature.probability(x)
                      + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI));
      case GELU_TANH -> new Curve(name, Curve::geluTanh, Curve::geluTanhSlope);
      case SILU -> new Curve(name, x -> x * logistic(x), x -> logistic(x) * (1 + x * logistic(-x)));
      case MISH ->
          new Curve(
              name,
              x -> x * Math.tanh(softplus(x)),
              x -> Math.tanh(softplus(x)) + x * tanhSlope(softplus(x)) * logistic(x));
    };
  }

  double value(double x) {
    return value.applyAsDouble(x);
  }

  double derivative(double x) {
    return derivative.applyAsDouble(x);
  }

  /** Returns the places of the jumps; not to be written. */
  double[] kinks() {
    return kinks;
  }

  @Override
  public String toString() {
    return name;
  }

  private static double square(double x) {
    return x * x;
  }

  /** 1 - tanh², without its cancellation. */
  private static double tanhSlope(double x) {
    double e = Math.exp(-2 * Math.abs(x));
    return 4 * e / square(1 + e);
  }

  private static double logistic(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  private static double hardSigmoid(double x) {
    return Math.max(0, Math.min(1, x / 6 + 0.5));
  }

  private static double inner(double x) {
    return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
  }

  private static double geluTanh(double x) {
    return x * logistic(2 * inner(x));
  }

  private static double geluTanhSlope(double x) {
    double s = logistic(2 * inner(x));
    double slope = 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
    return s + x * s * logistic(-2 * inner(x)) * slope;
  }
}
