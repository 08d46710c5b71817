package fathom.kernel;

/**
 * Two random words to two independent normal numbers (Box and Muller 1958): {@code r cos(pi t)} and
 * {@code r sin(pi t)} with {@code r = +-sigma sqrt(-2 ln u)}. The first word gives u, from its
 * upper 31 bits, and the sign of r, from its lowest; the second gives t in [-1/2, 1/2], a half
 * turn, which the sign of r makes a whole one. No step branches or rejects.
 *
 * <p>u is the float nearest to {@code (v + 1/2) / 2^31}, v = 0 ... 2^31 - 1: never 0, at least
 * 2^-32, so that the numbers reach 6.66 sigma; all numbers that 10^9 draws should hold end near 6.1
 * sigma. Where u rounds to 1 (one in 2^25) the result is 0.
 *
 * <p>Error for given u, t and sigma, the largest over all u and t: 1.1 ulp in {@code sqrt(-2 ln
 * u)}, 2.8 ulp in the sine, 2.1 ulp in the cosine. With the roundings of two products, a number is
 * within 5 ulp of its value.
 *
 * <p>The logarithm is {@code e ln 2 + ln(1 + f)} with f in [-1/3, 1/3]. All polynomials are minimax
 * fits of the relative error, made for this file with coefficients that are floats. Each step is
 * one correctly rounded operation, so that the vector twin computes the same bits.
 */
final class BoxMuller {
  /** The float 2/3, as bits: mantissas are taken from [2/3, 4/3). */
  static final int TWO_THIRDS = 0x3f2aaaab;

  static final float LN_2 = 0x1.62e43p-1f;

  static final float L0 = -0x1.ffffc8p-2f;
  static final float L1 = 0x1.555538p-2f;
  static final float L2 = -0x1.001882p-2f;
  static final float L3 = 0x1.99b754p-3f;
  static final float L4 = -0x1.4f9308p-3f;
  static final float L5 = 0x1.20859ep-3f;
  static final float L6 = -0x1.3ead04p-3f;
  static final float L7 = 0x1.15d3e2p-3f;

  static final float S0 = 3.1415927f;
  static final float S1 = -5.167721f;
  static final float S2 = 2.5502698f;
  static final float S3 = -0.59943736f;
  static final float S4 = 0.079835765f;

  static final float C1 = -0.93480206f;
  static final float C2 = 0.3194979f;
  static final float C3 = -0.05718633f;
  static final float C4 = 0.0060401163f;

  private BoxMuller() {}

  /** Returns {@code +-sigma sqrt(-2 ln u)}. */
  static float radius(int word, float sigma) {
    float u = Math.fma((float) (word >>> 1), 0x1p-31f, 0x1p-32f);
    int bits = Float.floatToRawIntBits(u);
    int e = (bits - TWO_THIRDS) >> 23;
    float f = Float.intBitsToFloat(bits - (e << 23)) - 1f;
    float q = Math.fma(L7, f, L6);
    q = Math.fma(q, f, L5);
    q = Math.fma(q, f, L4);
    q = Math.fma(q, f, L3);
    q = Math.fma(q, f, L2);
    q = Math.fma(q, f, L1);
    q = Math.fma(q, f, L0);
    float ln = Math.fma((float) e, LN_2, Math.fma(f * f, q, f));
    float signed = Float.intBitsToFloat((word << 31) ^ Float.floatToRawIntBits(sigma));
    return (float) Math.sqrt(-2f * ln) * signed;
  }

  /** Returns t: an odd multiple of 2^-32, rounded to a float. */
  static float halfTurns(int word) {
    return (float) (word | 1) * 0x1p-32f;
  }

  /** Returns sin(pi t). */
  static float sine(float t) {
    float y = t * t;
    float p = Math.fma(S4, y, S3);
    p = Math.fma(p, y, S2);
    p = Math.fma(p, y, S1);
    p = Math.fma(p, y, S0);
    return p * t;
  }

  /** Returns cos(pi t), from which the factor 1 - 4 t² with its zeros is split off. */
  static float cosine(float t) {
    float y = t * t;
    float p = Math.fma(C4, y, C3);
    p = Math.fma(p, y, C2);
    p = Math.fma(p, y, C1);
    p = Math.fma(p, y, 1f);
    return p * Math.fma(t * -4f, t, 1f);
  }
}
