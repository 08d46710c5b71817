package fathom.lab.theory;

import fathom.nn.Activation;
import java.util.function.DoubleUnaryOperator;

/**
 * What an activation f makes of normal sums: expectations over U = sqrt(q) Z, and over pairs (U, V)
 * of variance q and correlation c, by quadrature. One-dimensional ones are good to about 1e-12,
 * pairs to about 1e-8, if kinks are known.
 *
 * <p>Immutable; safe for many threads as long as a function that was handed in is.
 */
public final class Expectations {
  private final Curve f;

  private Expectations(Curve f) {
    this.f = f;
  }

  /** Returns those of an activation; of PReLU, with the slope that it starts from. */
  public static Expectations of(Activation activation) {
    return new Expectations(Curve.of(activation));
  }

  /**
   * Returns those of any function, with its derivative by central differences.
   *
   * @param kinks where f or a derivative of it jumps
   */
  public static Expectations of(DoubleUnaryOperator f, double... kinks) {
    return new Expectations(Curve.of(f, kinks));
  }

  /**
   * Returns those of any function.
   *
   * @param kinks where f or a derivative of it jumps
   */
  public static Expectations of(
      DoubleUnaryOperator f, DoubleUnaryOperator derivative, double... kinks) {
    return new Expectations(new Curve("function", f, derivative, kinks));
  }

  /** Returns f(x). */
  public double value(double x) {
    return f.value(x);
  }

  /** Returns f'(x). */
  public double slope(double x) {
    return f.derivative(x);
  }

  /** Returns E f(U). */
  public double mean(double q) {
    return mean(this::value, q);
  }

  /** Returns E f(U)². */
  public double square(double q) {
    return mean(x -> value(x) * value(x), q);
  }

  /** Returns E f(U)⁴, which tells how far E f² of finitely many units scatters. */
  double fourthPower(double q) {
    return mean(x -> Math.pow(value(x), 4), q);
  }

  /** Returns E f'(U)². */
  double slopeSquare(double q) {
    return mean(x -> slope(x) * slope(x), q);
  }

  /** Returns E f'(U)⁴. */
  double slopeFourthPower(double q) {
    return mean(x -> Math.pow(slope(x), 4), q);
  }

  /** Returns the derivative of {@link #square} by q: E f(U) f'(U) U / q. */
  double squareSlope(double q) {
    return mean(x -> value(x) * slope(x) * x, q) / q;
  }

  /** Returns E f(U) f(V). */
  public double product(double q, double c) {
    return pair(this::value, q, c);
  }

  /** Returns E f'(U) f'(V). */
  double slopeProduct(double q, double c) {
    return pair(this::slope, q, c);
  }

  /** Returns E g(U). */
  public double mean(DoubleUnaryOperator g, double q) {
    return NormalQuadrature.FINE.mean(g, Math.sqrt(notNegative("q", q)), f.kinks());
  }

  /** Returns E g(U) g(V): given U, V is normal around c U with variance q (1 - c²). */
  double pair(DoubleUnaryOperator g, double q, double c) {
    if (!(c >= -1 && c <= 1)) {
      throw new IllegalArgumentException("a correlation is from -1 to 1, not " + c);
    }
    double sigma = Math.sqrt(notNegative("q", q));
    double rest = sigma * Math.sqrt((1 - c) * (1 + c));
    double[] kinks = f.kinks();
    return NormalQuadrature.COARSE.mean(
        u -> g.applyAsDouble(u) * NormalQuadrature.COARSE.mean(g, c * u, rest, kinks),
        sigma,
        smoothed(kinks, c, rest));
  }

  /** The inner expectation bends where c u passes a kink, over a width of its deviation. */
  private static double[] smoothed(double[] kinks, double c, double rest) {
    int[] steps = {-8, -4, -2, -1, 1, 2, 4, 8};
    double[] all = new double[kinks.length * (1 + steps.length)];
    int n = 0;
    for (double kink : kinks) {
      all[n++] = kink;
      for (int step : steps) {
        all[n++] = c == 0 ? kink : (kink + step * rest) / c;
      }
    }
    return all;
  }

  static double notNegative(String what, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(what + " must be at least 0 and finite, not " + value);
    }
    return value;
  }

  /** Returns the activation's name, or {@code function}. */
  @Override
  public String toString() {
    return f.toString();
  }
}
