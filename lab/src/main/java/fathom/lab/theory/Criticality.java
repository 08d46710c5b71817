package fathom.lab.theory;

import fathom.nn.Activation;
import fathom.nn.Initializer;
import java.util.Objects;

/**
 * The gain at which gradients neither vanish nor explode: chi(q*) = 1, found by bisection on
 * sigma_w with q* found anew for each.
 *
 * <p>Some activations have no such point without biases. Signals through GELU, SiLU, mish or hard
 * swish either vanish or grow without end, and chi jumps where the one becomes the other. The gain
 * is then the one at the jump: signals of variance 1 stay so as long as nothing disturbs them, and
 * chi there tells at what rate gradients grow.
 *
 * @param activation its name
 * @param weightVariance sigma_w²
 * @param biasVariance sigma_b²
 * @param variance q*, from a layer of variance 1; infinite if sums grow without end, slower than
 *     any power
 * @param chi what gradients grow by per layer; 1 unless chi jumps
 */
public record Criticality(
    String activation, double weightVariance, double biasVariance, double variance, double chi) {
  private static final double WIDEST = 1e4;
  private static final double ROUNDING = 1e-11;

  /** Returns an activation's critical point without biases. */
  public static Criticality of(Activation activation) {
    return of(Expectations.of(activation), 0);
  }

  /**
   * Returns the critical point; over sigma_b², these are the critical line.
   *
   * @throws IllegalArgumentException if gradients vanish at any gain, as with a constant function
   */
  public static Criticality of(Expectations f, double biasVariance) {
    double low = 0;
    double high = 1;
    while (chi(f, high, biasVariance) <= 1) {
      low = high;
      high *= 2;
      if (high > WIDEST) {
        throw new IllegalArgumentException(
            "gradients vanish through '" + f + "' at every gain up to " + low);
      }
    }
    while (high - low > ROUNDING * high) {
      double middle = (low + high) / 2;
      if (middle <= low || middle >= high) {
        break;
      }
      if (chi(f, middle, biasVariance) <= 1) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return at(f, (low + high) / 2, biasVariance);
  }

  private static double chi(Expectations f, double gain, double biasVariance) {
    MeanField theory = MeanField.of(f, gain * gain, biasVariance);
    return theory.chi(theory.fixedPoint());
  }

  private static Criticality at(Expectations f, double gain, double biasVariance) {
    MeanField theory = MeanField.of(f, gain * gain, biasVariance);
    // At a jump q* is 0 on the one side and infinite on the other, and 1 in between.
    boolean jumps = Math.abs(theory.variance(1) - 1) < 1e-9;
    double q = jumps ? 1 : theory.fixedPoint();
    return new Criticality(f.toString(), gain * gain, biasVariance, q, theory.chi(q));
  }

  /** Returns sigma_w. */
  public double gain() {
    return Math.sqrt(weightVariance);
  }

  /**
   * Returns an activation's critical initializer, without biases: normal of variance sigma_w² over
   * the fan-in.
   */
  public static Initializer initializer(Activation activation) {
    return initializer(activation, Initializer.LECUN_NORMAL);
  }

  /**
   * Returns an initializer with an activation's critical gain.
   *
   * @param scheme whose weights have variance 1 over the fan-in: LeCun's or orthogonal
   * @throws IllegalArgumentException if it is another
   */
  public static Initializer initializer(Activation activation, Initializer scheme) {
    Objects.requireNonNull(scheme, "a scheme");
    if (Math.abs(scheme.variance(64, 64) * 64 - 1) > 1e-9
        || scheme.toString().startsWith("identity")) {
      throw new IllegalArgumentException(
          "a critical gain is for weights of variance 1 / fan-in, such as lecun_normal or"
              + " orthogonal, not for "
              + scheme);
    }
    return scheme.gain(of(activation).gain());
  }
}
