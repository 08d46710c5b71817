package fathom.kernel;

/**
 * Elementary and activation functions of one float, in the same IEEE operations as {@link
 * VectorMath}, hence with the same bits.
 *
 * <p>Errors are the largest over all floats of the domain, in units in the last place of the exact
 * result (ulp). Of floats below 2^-60 or 2^-20 in size, and of those beyond 2^10, where every
 * function here is a straight line, one in 64 was tried. What is made of exp loses results below
 * 2^-126.5, which become 0: subnormal numbers slow most processors down. NaN gives NaN, and at the
 * infinities stands the limit.
 */
final class ScalarMath {
  static final float LOG2_E = 0x1.715476p0f;
  static final float LN2 = 0x1.62e43p-1f;

  /** What {@link #LN2} is too large by. */
  static final float LN2_EXCESS = 0x1.05c61p-29f;

  /** Adding it rounds a small number to an integer n and leaves n + 127 in the low bits. */
  static final float ROUNDER = 0x1.8p23f + 127;

  /**
   * Minimax fit of (exp(r) - 1 - r) / r² on ±ln(2)/2, weighted for the relative error of expm1(r),
   * which is 0.23 * 2^-24. All fits here are by reweighted least squares (Lawson), rounding one
   * coefficient after the other and fitting the rest again, or the rounded ones searched.
   */
  static final float E2 = 0x1.fffffep-2f;

  static final float E3 = 0x1.5554b4p-3f;
  static final float E4 = 0x1.5556f2p-5f;
  static final float E5 = 0x1.12256ap-7f;
  static final float E6 = 0x1.6b9cc4p-10f;

  /** Minimax fit of (log1p(x) - x) / x² on [0, 1]: relative error of log1p 0.56 * 2^-24. */
  static final float L2 = -0x1.ffff14p-2f;

  static final float L3 = 0x1.5535dep-2f;
  static final float L4 = -0x1.fd1368p-3f;
  static final float L5 = 0x1.884554p-3f;
  static final float L6 = -0x1.19af8ep-3f;
  static final float L7 = 0x1.44707ap-4f;
  static final float L8 = -0x1.eca398p-6f;
  static final float L9 = 0x1.5fa0dap-8f;

  /** A head of ln 2 whose products with exponents are exact, and the rest. */
  static final float LN2_HIGH = 0x1.62e4p-1f;

  static final float LN2_LOW = 0x1.7f7d1cp-20f;

  /** Minimax fit of Phi(-t) exp(t²/2) on [0, 14.6] by P / Q: relative error 0.18 * 2^-24. */
  static final float NP0 = 0.5f;

  static final float NP1 = 0x1.c04d9ep-2f;
  static final float NP2 = 0x1.767444p-3f;
  static final float NP3 = 0x1.4bb5bcp-5f;
  static final float NP4 = 0x1.0c3d9p-8f;
  static final float NQ1 = 0x1.ac68fep0f;
  static final float NQ2 = 0x1.336f3p0f;
  static final float NQ3 = 0x1.dfa8eap-2f;
  static final float NQ4 = 0x1.9fc36ap-4f;
  static final float NQ5 = 0x1.502f86p-7f;

  /** Here and below exp is 0. */
  static final float EXP_START = -88;

  /** Beyond it the logistic is 1. */
  static final float LOGISTIC_END = 40;

  /** Beyond it tanh(softplus) is 1, and the square of its denominator has not passed the range. */
  static final float MISH_END = 20;

  /** Beyond it, on either side, tanh is -1 or 1. */
  static final float TANH_END = 10;

  /** Below it expm1 is -1. */
  static final float EXPM1_START = -26;

  /** Beyond it, on either side, GELU is 0 or x. */
  static final float GELU_END = 13.27f;

  /** Where the exponential of GELU's tanh form becomes 0, and where its logistic is 1. */
  static final float GELU_TANH_START = -10.03f;

  static final float GELU_TANH_END = 7;

  /** 2 sqrt(2 / pi) and that times 0.044715. */
  static final float GELU_LINEAR = 0x1.988454p0f;

  static final float GELU_CUBIC = 0x1.2444f2p-4f;

  /** The standard normal density at 0. */
  static final float DENSITY = 0x1.988454p-2f;

  static final float SELU_LAMBDA = (float) 1.0507009873554805;
  static final float SELU_LAMBDA_ALPHA = (float) (1.0507009873554805 * 1.6732632423543772);
  static final float SIXTH = 1 / 6f;
  static final float THIRD = 1 / 3f;

  private ScalarMath() {}

  /** e^x for x of [-88, 88]; what is less than 2^-126.5 is 0. Error 1.05 ulp. */
  static float exp(float x) {
    float k = Math.fma(x, LOG2_E, ROUNDER);
    float n = k - ROUNDER;
    return expOfSum(Math.fma(n, LN2_EXCESS, Math.fma(n, -LN2, x)), k);
  }

  /** exp(r) 2^n. */
  private static float expOfSum(float r, float k) {
    float s = power(k);
    return Math.fma(shortExpm1(r), s, s);
  }

  /** e^x - 1 for x of [-26, 20]; -0 gives 0. Error 0.99 ulp below 0, else 1.61. */
  static float expm1(float x) {
    float k = Math.fma(x, LOG2_E, ROUNDER);
    // Below 0 the excess of LN2 has no weight beside -1; above, it costs at most n 2^-29.
    float r = Math.fma(k - ROUNDER, -LN2, x);
    float s = power(k);
    return Math.fma(shortExpm1(r), s, s - 1);
  }

  /** e^r - 1 on ±ln(2)/2. */
  private static float shortExpm1(float r) {
    float u = r * r;
    float p = Math.fma(u, E6, Math.fma(r, E5, E4));
    p = Math.fma(u, p, Math.fma(r, E3, E2));
    return Math.fma(u, p, r);
  }

  /** ln(1 + x) for x of [0, 1]. Error 1.72 ulp. */
  static float log1p(float x) {
    float u = x * x;
    float p = Math.fma(u, Math.fma(x, L9, L8), Math.fma(x, L7, L6));
    float q = Math.fma(u, Math.fma(x, L5, L4), Math.fma(x, L3, L2));
    return Math.fma(u, Math.fma(u * u, p, q), x);
  }

  /** 1 / (1 + e^-x); what is less than 2^-126.5 is 0. Error 2.41 ulp. */
  static float logistic(float x) {
    float e = exp(between(x, EXP_START, LOGISTIC_END));
    return e / (e + 1);
  }

  /** tanh(x), which keeps -0 and subnormal numbers. Error 2.61 ulp. */
  static float tanh(float x) {
    float t = between(x, -TANH_END, TANH_END);
    float m = expm1(t + t);
    return x == 0 ? x : m / (m + 2);
  }

  /**
   * exp(-t²/2) for t of [0, 13.27], where the rounding of t² plays no part; what is less than
   * 2^-126.5 is 0. Error 1.20 ulp.
   */
  static float gauss(float t) {
    float h = t * -0.5f;
    float k = Math.fma(h * t, LOG2_E, ROUNDER);
    float n = k - ROUNDER;
    return expOfSum(Math.fma(n, -LN2_LOW, Math.fma(h, t, n * -LN2_HIGH)), k);
  }

  /** The normal probability Phi(-t) for t of [0, 13.27], given exp(-t²/2). Error 6.25 ulp. */
  static float normalTail(float t, float gauss) {
    float p = Math.fma(t, NP4, NP3);
    p = Math.fma(p, t, NP2);
    p = Math.fma(p, t, NP1);
    p = Math.fma(p, t, NP0);
    float q = Math.fma(t, NQ5, NQ4);
    q = Math.fma(q, t, NQ3);
    q = Math.fma(q, t, NQ2);
    q = Math.fma(q, t, NQ1);
    q = Math.fma(q, t, 1);
    return gauss * p / q;
  }

  /** Error 0.99 ulp where alpha is 1; else one rounding more. */
  static float elu(float x, float alpha) {
    return x > 0 ? x : alpha * expm1(x < EXPM1_START ? EXPM1_START : x);
  }

  /** Error 1.87 ulp. */
  static float selu(float x) {
    return x > 0 ? x * SELU_LAMBDA : SELU_LAMBDA_ALPHA * expm1(x < EXPM1_START ? EXPM1_START : x);
  }

  /** Error 2.31 ulp. */
  static float softplus(float x) {
    return log1p(exp(negative(x))) + (x <= 0 ? 0 : x);
  }

  /** The logistic, from the e of softplus. Error 2.41 ulp. */
  static float softplusSlope(float x) {
    float e = exp(negative(x));
    return (x > 0 ? 1 : e) / (e + 1);
  }

  /** Error 1.50 ulp. */
  static float softsign(float x) {
    float v = between(x, -Float.MAX_VALUE, Float.MAX_VALUE);
    return v / (Math.abs(v) + 1);
  }

  /** Error 1.34 ulp. */
  static float hardSigmoid(float x) {
    return between(x + 3, 0, 6) * SIXTH;
  }

  /** Error 2.49 ulp. */
  static float hardSwish(float x) {
    return x <= -3 ? 0 : x * hardSigmoid(x);
  }

  /** Error 8.0e-8: relative to what is left where x is near -3/2, it has no bound. */
  static float hardSwishSlope(float x) {
    return x <= -3 ? 0 : x >= 3 ? 1 : Math.fma(x, THIRD, 0.5f);
  }

  /** x Phi(x). Error 6.15 ulp down to -13, then at most 1e-37. */
  static float gelu(float x) {
    float t = Math.abs(x) > GELU_END ? GELU_END : Math.abs(x);
    return Math.fma(-t, normalTail(t, gauss(t)), x <= 0 ? 0 : x);
  }

  /** Error 1.6e-7; the slope is 0 near -0.75, so that no relative bound holds. */
  static float geluSlope(float x) {
    float t = Math.abs(x) > GELU_END ? GELU_END : Math.abs(x);
    float gauss = gauss(t);
    float q = Math.fma(t * gauss, -DENSITY, normalTail(t, gauss));
    return x > 0 ? 1 - q : q;
  }

  /**
   * Error 3.6 ulp where x is positive. Below 0 the roundings of z = 2 sqrt(2 / pi) (x + 0.044715
   * x³) become relative errors of exp(z): 3.6 + 2.51 |z| ulp down to -9.99, then at most 1e-37.
   */
  static float geluTanh(float x) {
    float v = x < GELU_TANH_START ? GELU_TANH_START : x;
    float t = v > GELU_TANH_END ? GELU_TANH_END : v;
    float e = exp(t * Math.fma(t * t, GELU_CUBIC, GELU_LINEAR));
    return v * (e * (1 / (e + 1)));
  }

  /** Error 2.4e-7, near -0.75 as for GELU. */
  static float geluTanhSlope(float x) {
    float t = between(x, GELU_TANH_START, GELU_TANH_END);
    float e = exp(t * Math.fma(t * t, GELU_CUBIC, GELU_LINEAR));
    float r = 1 / (e + 1);
    float s = e * r;
    return Math.fma(t * s * r, Math.fma(t * t, 3 * GELU_CUBIC, GELU_LINEAR), s);
  }

  /** Error 3.65 ulp down to -87.3, then at most 1e-36. */
  static float silu(float x) {
    float v = x < EXP_START ? EXP_START : x;
    float e = exp(v > LOGISTIC_END ? LOGISTIC_END : v);
    return v * (e * (1 / (e + 1)));
  }

  /** Error 2.1e-7; the slope is 0 near -1.28. */
  static float siluSlope(float x) {
    float t = between(x, EXP_START, LOGISTIC_END);
    float e = exp(t);
    float r = 1 / (e + 1);
    float s = e * r;
    return Math.fma(t * s, r, s);
  }

  /** Error 4.31 ulp down to -87.3, then at most 1e-36. */
  static float mish(float x) {
    float v = x < EXP_START ? EXP_START : x;
    float e = exp(v > MISH_END ? MISH_END : v);
    float n = Math.fma(e, e, e + e);
    return v * (n * (1 / (n + 2)));
  }

  /** Error 2.2e-7; the slope is 0 near -1.19. */
  static float mishSlope(float x) {
    float t = between(x, EXP_START, MISH_END);
    float e = exp(t);
    float n = Math.fma(e, e, e + e);
    float r = 1 / (n + 2);
    float w = Math.fma(e, e, e);
    return Math.fma(t * 4 * w * r, r, n * r);
  }

  private static float negative(float x) {
    float t = Math.abs(x);
    return -(t > -EXP_START ? -EXP_START : t);
  }

  /** Clips; NaN stays NaN. */
  static float between(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
  }

  /** 2^n from the sum that rounded to n. */
  private static float power(float k) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(k) << 23);
  }
}
