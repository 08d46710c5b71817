package fathom.lab.theory;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Expectations over normal numbers by a composite Gauss-Legendre rule.
 *
 * <p>Panels end at every whole deviation, at the integrand's kinks, and at x = 0, 1/2, ..., 4, 5, 6
 * and from there on by factors of at most 3/2: an activation bends near 0 whatever the deviation,
 * and more slowly the farther out. Within a panel the rule is exact for polynomials of degree 2 n -
 * 1. A function whose nearest pole is d from a panel of half width h has an error of order (d/h +
 * sqrt(1 + (d/h)²))^(-2n): tanh, with poles pi/2 from the real line, 3e-16 at worst with n = 10.
 */
final class NormalQuadrature {
  /** What one-dimensional expectations take. */
  static final NormalQuadrature FINE = new NormalQuadrature(10, 12);

  /** For expectations within expectations: about 1e-9, at a hundredth of the cost. */
  static final NormalQuadrature COARSE = new NormalQuadrature(6, 8);

  private static final double[] BENDS = bends();
  private static final double NARROWEST = 1e-9;

  private final double[] nodes;
  private final double[] weights;
  private final int reach;

  /**
   * Makes a rule.
   *
   * @param points of a panel
   * @param reach deviations on either side of the mean that count
   */
  private NormalQuadrature(int points, int reach) {
    this.reach = reach;
    nodes = new double[points];
    weights = new double[points];
    for (int i = 0; i < points; i++) {
      double x = Math.cos(Math.PI * (i + 0.75) / (points + 0.5));
      for (int k = 0; k < 8; k++) {
        x -= legendre(points, x)[0] / legendre(points, x)[1];
      }
      double slope = legendre(points, x)[1];
      nodes[i] = x;
      weights[i] = 2 / ((1 - x * x) * slope * slope);
    }
  }

  /** Returns the Legendre polynomial of degree n and its derivative. */
  private static double[] legendre(int n, double x) {
    double before = 1;
    double p = x;
    for (int k = 2; k <= n; k++) {
      double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
      before = p;
      p = next;
    }
    return new double[] {p, n * (x * p - before) / (x * x - 1)};
  }

  private static double[] bends() {
    double[] ends = new double[140];
    double x = 0;
    int n = 0;
    for (; n < ends.length; n++) {
      ends[n] = x;
      x += x < 4 ? 0.5 : x < 6 ? 1 : x / 2;
    }
    return ends;
  }

  /** Returns E g(deviation Z), Z being standard normal. */
  double mean(DoubleUnaryOperator g, double deviation, double... kinks) {
    return mean(g, 0, deviation, kinks);
  }

  /**
   * Returns E g(center + deviation Z).
   *
   * @param kinks where g or a derivative of it jumps
   */
  double mean(DoubleUnaryOperator g, double center, double deviation, double... kinks) {
    if (deviation == 0) {
      return g.applyAsDouble(center);
    }
    double[] ends = ends(center, deviation, kinks);
    double sum = 0;
    for (int i = 1; i < ends.length; i++) {
      double half = (ends[i] - ends[i - 1]) / 2;
      if (half < NARROWEST) {
        continue;
      }
      double middle = (ends[i] + ends[i - 1]) / 2;
      double panel = 0;
      for (int k = 0; k < nodes.length; k++) {
        double z = middle + half * nodes[k];
        panel += weights[k] * Math.exp(-z * z / 2) * g.applyAsDouble(center + deviation * z);
      }
      sum += half * panel;
    }
    return sum / Math.sqrt(2 * Math.PI);
  }

  /** Returns the panels' ends, in deviations. */
  private double[] ends(double center, double deviation, double[] kinks) {
    double[] ends = new double[2 * reach + 1 + 2 * BENDS.length + kinks.length];
    int n = 0;
    for (int z = -reach; z <= reach; z++) {
      ends[n++] = z;
    }
    for (double bend : BENDS) {
      n = add(ends, n, (bend - center) / deviation);
      n = add(ends, n, (-bend - center) / deviation);
      if (bend > Math.abs(center) + reach * deviation) {
        break;
      }
    }
    for (double kink : kinks) {
      n = add(ends, n, (kink - center) / deviation);
    }
    double[] sorted = Arrays.copyOf(ends, n);
    Arrays.sort(sorted);
    return sorted;
  }

  private int add(double[] ends, int n, double z) {
    if (Math.abs(z) < reach) {
      ends[n] = z;
      return n + 1;
    }
    return n;
  }

  /** Returns the normal probability of less than x; absolute error about 1e-16. */
  static double probability(double x) {
    double a = Math.abs(x);
    double density = Math.exp(-a * a / 2) / Math.sqrt(2 * Math.PI);
    double tail;
    if (a < 5) {
      double term = a;
      double sum = a;
      for (int k = 3; term > 1e-17 * sum; k += 2) {
        term *= a * a / k;
        sum += term;
      }
      tail = 0.5 - density * sum;
    } else {
      double fraction = a;
      for (int k = 40; k >= 1; k--) {
        fraction = a + k / fraction;
      }
      tail = density / fraction;
    }
    return x > 0 ? 1 - tail : tail;
  }
}
