package fathom.lab.theory;

import fathom.nn.Activation;
import java.util.Locale;

/**
 * Fully connected layers of infinite width, Poole et al. 2016 and Schoenholz et al. 2017: weights
 * of variance {@code sigma_w² / fan-in} and biases of variance {@code sigma_b²} are drawn anew in
 * each layer, so that a layer's sums are normal, of variance q, and those of two inputs have
 * correlation c. A share of each layer's outputs may be dropped, and the rest divided by what is
 * kept, p.
 *
 * <pre>
 *   V(q)   = sigma_w² / p E f(U)² + sigma_b²                      q of the next layer
 *   C(c)   = (sigma_w² E f(U) f(V) + sigma_b²) / V(q)             c of the next layer
 *   chi(q) = sigma_w² / p E f'(U)²                                gradients: mean square below over above
 *   xi_q   = 1 / |ln |V'(q*)||    xi_c = 1 / |ln C'(c*)|          layers in which q - q*, c - c* fall by e
 *   xi     = -1 / ln chi(q*)                                      layers in which gradients fall by e
 * </pre>
 *
 * <p>Networks are trainable up to a few xi_c (about 6 in the paper). Where chi = 1, at the critical
 * gain, xi and xi_c are infinite. Dropout keeps c* below 1 and xi_c finite at any gain.
 *
 * <p>Immutable; safe for many threads. By quadrature: see {@link Expectations}.
 */
public final class MeanField {
  /** A variance below this is none. */
  private static final double NOTHING = 1e-12;

  /** A variance beyond this is without bounds. */
  private static final double ENDLESS = 1e12;

  /** Where q* is 0, what happens on the way there is looked at here. */
  private static final double NEAR_NOTHING = 1e-16;

  /** A quotient as near to 1 as this is 1. */
  private static final double ROUNDING = 1e-11;

  /** Fixed points of known activations lie farther apart, and not beyond a thousand. */
  private static final double STRIDE = 1.2;

  private static final double LONG_STRIDE = 4;
  private static final int MOST_STEPS = 200;

  private final Expectations f;
  private final double weightVariance;
  private final double biasVariance;
  private final double kept;

  private MeanField(Expectations f, double weightVariance, double biasVariance, double kept) {
    this.f = f;
    this.weightVariance = Expectations.notNegative("sigma_w²", weightVariance);
    this.biasVariance = Expectations.notNegative("sigma_b²", biasVariance);
    if (!(kept > 0 && kept <= 1)) {
      throw new IllegalArgumentException("the share that is kept is of (0, 1], not " + kept);
    }
    this.kept = kept;
  }

  /**
   * Returns the theory of an activation.
   *
   * @param weightVariance sigma_w², the variance of weights times the fan-in
   * @param biasVariance sigma_b²
   * @throws IllegalArgumentException if one is negative or not finite
   */
  public static MeanField of(Activation f, double weightVariance, double biasVariance) {
    return of(Expectations.of(f), weightVariance, biasVariance);
  }

  /** Returns the theory of any function. */
  public static MeanField of(Expectations f, double weightVariance, double biasVariance) {
    return new MeanField(f, weightVariance, biasVariance, 1);
  }

  /**
   * Returns the same with dropout.
   *
   * @param share of outputs that is kept, 1 less the probability of dropping
   * @throws IllegalArgumentException if it is not of (0, 1]
   */
  public MeanField keeping(double share) {
    return new MeanField(f, weightVariance, biasVariance, share);
  }

  /** Returns the activation's expectations. */
  public Expectations activation() {
    return f;
  }

  /** Returns sigma_w². */
  public double weightVariance() {
    return weightVariance;
  }

  /** Returns sigma_b². */
  public double biasVariance() {
    return biasVariance;
  }

  /** Returns V(q). */
  public double variance(double q) {
    return weightVariance / kept * f.square(q) + biasVariance;
  }

  /** Returns V'(q); if q is 0 or infinite, the limit. */
  public double varianceSlope(double q) {
    return weightVariance / kept * f.squareSlope(finite(q));
  }

  /** Returns chi(q); if q is 0 or infinite, the limit. */
  public double chi(double q) {
    return weightVariance / kept * f.slopeSquare(finite(q));
  }

  /** Returns the variances of layers 0 to depth, layer 0 having q0. */
  public double[] variances(double q0, int depth) {
    double[] q = new double[depth + 1];
    q[0] = Expectations.notNegative("q", q0);
    for (int l = 1; l <= depth; l++) {
      q[l] = Math.min(variance(q[l - 1]), Double.MAX_VALUE);
    }
    return q;
  }

  /** Returns {@code q*}, which layers after one of variance 1 tend to. */
  public double fixedPoint() {
    return fixedPoint(1);
  }

  /**
   * Returns the variance that layers after one of variance q0 tend to: the first fixed point of V
   * in the direction in which V(q0) lies; 0 if signals vanish, and infinity if they grow without
   * end, as those of ReLU do for any sigma_w² but 2.
   */
  public double fixedPoint(double q0) {
    double q = Math.max(q0, NOTHING);
    double growth = variance(q) / q;
    if (Math.abs(growth - 1) < ROUNDING) {
      return q;
    }
    boolean up = growth > 1;
    double before = q;
    while (variance(q) > q == up) {
      before = q;
      double stride = q > 1e-3 && q < 1e3 ? STRIDE : LONG_STRIDE;
      q = up ? q * stride : q / stride;
      if (q < NOTHING) {
        return 0;
      }
      if (q > ENDLESS) {
        return Double.POSITIVE_INFINITY;
      }
    }
    return bisected(before, q, up);
  }

  private double bisected(double from, double to, boolean up) {
    double near = from;
    double far = to;
    for (int i = 0; i < 60 && Math.abs(far - near) > ROUNDING * near; i++) {
      double middle = (near + far) / 2;
      if (variance(middle) > middle == up) {
        near = middle;
      } else {
        far = middle;
      }
    }
    return (near + far) / 2;
  }

  /** Returns C(c) between layers of variance q; if q is 0 or infinite, the limit. */
  public double correlation(double c, double q) {
    double v = finite(q);
    return (weightVariance * f.product(v, c) + biasVariance) / variance(v);
  }

  /** Returns C'(c) = sigma_w² E f'(U) f'(V) q / V(q). */
  public double correlationSlope(double c, double q) {
    double v = finite(q);
    return weightVariance * f.slopeProduct(v, c) * v / variance(v);
  }

  /** Curves are straight beyond all bounds, and near nothing. */
  private static double finite(double q) {
    return Math.max(NEAR_NOTHING, Math.min(q, ENDLESS));
  }

  /**
   * Returns {@code c*}, which the correlation of any two inputs tends to, at variance q. It is 1
   * without dropout where chi is at most 1: all inputs end alike. C is convex, so that Newton's
   * steps from 0 come up to it from below.
   */
  public double correlationFixedPoint(double q) {
    if (kept == 1 && chi(q) <= 1 + ROUNDING && isSteady(q)) {
      return 1;
    }
    double c = 0;
    for (int i = 0; i < MOST_STEPS; i++) {
      double excess = correlation(c, q) - c;
      double slope = correlationSlope(c, q) - 1;
      if (!(excess > 1e-10 && slope < 0)) {
        return c;
      }
      c = Math.min(1, c - excess / slope);
    }
    return c;
  }

  private boolean isSteady(double q) {
    double v = finite(q);
    return Math.abs(variance(v) / v - 1) < 1e-6;
  }

  /** Returns xi_q: infinite where V'(q*) is 1. */
  public double varianceScale() {
    return scale(Math.abs(varianceSlope(fixedPoint())));
  }

  /** Returns xi_c: infinite where C'(c*) is 1. */
  public double correlationScale() {
    double q = fixedPoint();
    double c = correlationFixedPoint(q);
    return scale(c == 1 ? correlationSlope(1, q) : correlationSlope(c, q));
  }

  /** Returns xi: positive where gradients vanish, negative where they explode. */
  public double gradientScale() {
    double chi = chi(fixedPoint());
    return Math.abs(chi - 1) < ROUNDING ? Double.POSITIVE_INFINITY : -1 / Math.log(chi);
  }

  private static double scale(double factor) {
    double rate = Math.abs(Math.log(factor));
    return rate < ROUNDING ? Double.POSITIVE_INFINITY : 1 / rate;
  }

  /** Returns the activation and the variances. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "%s, sigma_w² %.4g, sigma_b² %.4g", f, weightVariance, biasVariance);
  }
}
