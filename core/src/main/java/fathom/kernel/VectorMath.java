package fathom.kernel;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link ScalarMath} by vectors: the same operations on every lane, hence the same bits at every
 * width; domains and errors are told there.
 *
 * <p>C2 gives up inlining after 18,000 nodes, of which an operation takes about 420, a broadcast
 * among its operands doubles that, and a vector that passes a call that is not inlined is boxed.
 * Hence constants are vectors, and a loop may call one of these functions once.
 */
final class VectorMath {
  /** What the machine prefers, up to 512 bits: row sums are written for at most 16 lanes. */
  static final VectorSpecies<Float> SPECIES =
      FloatVector.SPECIES_PREFERRED.length() > 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;

  static final int LANES = SPECIES.length();
  static final ByteOrder ORDER = ByteOrder.nativeOrder();

  static final FloatVector ZERO = all(0);
  static final FloatVector HALF = all(0.5f);
  static final FloatVector ONE = all(1);
  static final FloatVector TWO = all(2);
  static final FloatVector THREE = all(3);
  static final FloatVector FOUR = all(4);
  static final FloatVector SIX = all(6);
  static final FloatVector MINUS_ONE = all(-1);
  static final FloatVector MINUS_THREE = all(-3);
  static final FloatVector SIXTH = all(ScalarMath.SIXTH);
  static final FloatVector THIRD = all(ScalarMath.THIRD);
  static final FloatVector MAX_VALUE = all(Float.MAX_VALUE);
  static final FloatVector MIN_NORMAL = all(Float.MIN_NORMAL);
  static final FloatVector MIN_VALUE = all(-Float.MAX_VALUE);
  static final FloatVector EXP_START = all(ScalarMath.EXP_START);
  static final FloatVector EXP_START_SIZE = all(-ScalarMath.EXP_START);
  static final FloatVector LOGISTIC_END = all(ScalarMath.LOGISTIC_END);
  static final FloatVector MISH_END = all(ScalarMath.MISH_END);
  static final FloatVector GELU_END = all(ScalarMath.GELU_END);
  static final FloatVector GELU_TANH_START = all(ScalarMath.GELU_TANH_START);
  static final FloatVector GELU_TANH_END = all(ScalarMath.GELU_TANH_END);
  static final FloatVector GELU_LINEAR = all(ScalarMath.GELU_LINEAR);
  static final FloatVector GELU_CUBIC = all(ScalarMath.GELU_CUBIC);
  static final FloatVector GELU_CUBIC_SLOPE = all(3 * ScalarMath.GELU_CUBIC);
  static final FloatVector MINUS_DENSITY = all(-ScalarMath.DENSITY);
  static final FloatVector SELU_LAMBDA = all(ScalarMath.SELU_LAMBDA);
  static final FloatVector SELU_LAMBDA_ALPHA = all(ScalarMath.SELU_LAMBDA_ALPHA);

  private static final FloatVector LOG2_E = all(ScalarMath.LOG2_E);
  private static final FloatVector MINUS_LN2 = all(-ScalarMath.LN2);
  private static final FloatVector LN2_EXCESS = all(ScalarMath.LN2_EXCESS);
  private static final FloatVector MINUS_LN2_HIGH = all(-ScalarMath.LN2_HIGH);
  private static final FloatVector MINUS_LN2_LOW = all(-ScalarMath.LN2_LOW);
  private static final FloatVector ROUNDER = all(ScalarMath.ROUNDER);
  private static final FloatVector MINUS_HALF = all(-0.5f);

  private static final FloatVector E2 = all(ScalarMath.E2);
  private static final FloatVector E3 = all(ScalarMath.E3);
  private static final FloatVector E4 = all(ScalarMath.E4);
  private static final FloatVector E5 = all(ScalarMath.E5);
  private static final FloatVector E6 = all(ScalarMath.E6);

  private static final FloatVector L2 = all(ScalarMath.L2);
  private static final FloatVector L3 = all(ScalarMath.L3);
  private static final FloatVector L4 = all(ScalarMath.L4);
  private static final FloatVector L5 = all(ScalarMath.L5);
  private static final FloatVector L6 = all(ScalarMath.L6);
  private static final FloatVector L7 = all(ScalarMath.L7);
  private static final FloatVector L8 = all(ScalarMath.L8);
  private static final FloatVector L9 = all(ScalarMath.L9);

  private static final FloatVector TANH_START = all(-ScalarMath.TANH_END);
  private static final FloatVector TANH_END = all(ScalarMath.TANH_END);

  private static final FloatVector NP0 = all(ScalarMath.NP0);
  private static final FloatVector NP1 = all(ScalarMath.NP1);
  private static final FloatVector NP2 = all(ScalarMath.NP2);
  private static final FloatVector NP3 = all(ScalarMath.NP3);
  private static final FloatVector NP4 = all(ScalarMath.NP4);
  private static final FloatVector NQ1 = all(ScalarMath.NQ1);
  private static final FloatVector NQ2 = all(ScalarMath.NQ2);
  private static final FloatVector NQ3 = all(ScalarMath.NQ3);
  private static final FloatVector NQ4 = all(ScalarMath.NQ4);
  private static final FloatVector NQ5 = all(ScalarMath.NQ5);

  private static final FloatVector EXPM1_START = all(ScalarMath.EXPM1_START);

  private static final Class<?> ALLOCATED = MemorySegment.NULL.getClass();

  private VectorMath() {}

  /** Broadcasts. */
  static FloatVector all(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }

  /**
   * Checks that a matrix lies in memory that was allocated.
   *
   * @throws IllegalArgumentException if it lies in a mapped file
   */
  static void checkAllocated(Matrix x) {
    if (x.segment().getClass() != ALLOCATED) {
      throw new IllegalArgumentException(
          "kernels work in allocated memory, not in a mapped file: copy the matrix first");
    }
  }

  static FloatVector exp(FloatVector x) {
    FloatVector k = x.fma(LOG2_E, ROUNDER);
    FloatVector n = k.sub(ROUNDER);
    return expOfSum(n.fma(LN2_EXCESS, n.fma(MINUS_LN2, x)), k);
  }

  private static FloatVector expOfSum(FloatVector r, FloatVector k) {
    FloatVector s = power(k);
    return shortExpm1(r).fma(s, s);
  }

  static FloatVector expm1(FloatVector x) {
    FloatVector k = x.fma(LOG2_E, ROUNDER);
    FloatVector r = k.sub(ROUNDER).fma(MINUS_LN2, x);
    FloatVector s = power(k);
    return shortExpm1(r).fma(s, s.sub(ONE));
  }

  private static FloatVector shortExpm1(FloatVector r) {
    FloatVector u = r.mul(r);
    FloatVector p = u.fma(E6, r.fma(E5, E4));
    p = u.fma(p, r.fma(E3, E2));
    return u.fma(p, r);
  }

  static FloatVector log1p(FloatVector x) {
    FloatVector u = x.mul(x);
    FloatVector p = u.fma(x.fma(L9, L8), x.fma(L7, L6));
    FloatVector q = u.fma(x.fma(L5, L4), x.fma(L3, L2));
    return u.fma(u.mul(u).fma(p, q), x);
  }

  static FloatVector logistic(FloatVector x) {
    FloatVector e = exp(between(x, EXP_START, LOGISTIC_END));
    return e.div(e.add(ONE));
  }

  static FloatVector tanh(FloatVector x) {
    FloatVector t = between(x, TANH_START, TANH_END);
    FloatVector m = expm1(t.add(t));
    return m.div(m.add(TWO)).blend(x, x.compare(EQ, ZERO));
  }

  static FloatVector gauss(FloatVector t) {
    FloatVector h = t.mul(MINUS_HALF);
    FloatVector k = h.mul(t).fma(LOG2_E, ROUNDER);
    FloatVector n = k.sub(ROUNDER);
    return expOfSum(n.fma(MINUS_LN2_LOW, h.fma(t, n.mul(MINUS_LN2_HIGH))), k);
  }

  static FloatVector normalTail(FloatVector t, FloatVector gauss) {
    FloatVector p = t.fma(NP4, NP3).fma(t, NP2).fma(t, NP1).fma(t, NP0);
    FloatVector q = t.fma(NQ5, NQ4).fma(t, NQ3).fma(t, NQ2).fma(t, NQ1).fma(t, ONE);
    return gauss.mul(p).div(q);
  }

  /** Returns expm1(x) where x <= 0; elsewhere anything. */
  static FloatVector expm1Below(FloatVector x) {
    return expm1(x.blend(EXPM1_START, x.compare(LT, EXPM1_START)));
  }

  static FloatVector softplus(FloatVector x) {
    return log1p(exp(negative(x))).add(x.blend(ZERO, x.compare(LE, ZERO)));
  }

  static FloatVector softsign(FloatVector x) {
    FloatVector v = between(x, MIN_VALUE, MAX_VALUE);
    return v.div(v.abs().add(ONE));
  }

  static FloatVector hardSigmoid(FloatVector x) {
    return between(x.add(THREE), ZERO, SIX).mul(SIXTH);
  }

  static FloatVector gelu(FloatVector x) {
    FloatVector t = x.abs();
    t = t.blend(GELU_END, t.compare(GT, GELU_END));
    FloatVector tail = normalTail(t, gauss(t));
    return t.neg().fma(tail, x.blend(ZERO, x.compare(LE, ZERO)));
  }

  static FloatVector geluTanh(FloatVector x) {
    FloatVector v = x.blend(GELU_TANH_START, x.compare(LT, GELU_TANH_START));
    FloatVector t = v.blend(GELU_TANH_END, x.compare(GT, GELU_TANH_END));
    FloatVector e = exp(t.mul(t.mul(t).fma(GELU_CUBIC, GELU_LINEAR)));
    return v.mul(e.mul(ONE.div(e.add(ONE))));
  }

  static FloatVector silu(FloatVector x) {
    FloatVector v = x.blend(EXP_START, x.compare(LT, EXP_START));
    FloatVector e = exp(v.blend(LOGISTIC_END, x.compare(GT, LOGISTIC_END)));
    return v.mul(e.mul(ONE.div(e.add(ONE))));
  }

  static FloatVector mish(FloatVector x) {
    FloatVector v = x.blend(EXP_START, x.compare(LT, EXP_START));
    FloatVector e = exp(v.blend(MISH_END, x.compare(GT, MISH_END)));
    FloatVector n = e.fma(e, e.add(e));
    return v.mul(n.mul(ONE.div(n.add(TWO))));
  }

  /** -|x|, not below where exp becomes 0. */
  static FloatVector negative(FloatVector x) {
    FloatVector t = x.abs();
    return t.blend(EXP_START_SIZE, t.compare(GT, EXP_START_SIZE)).neg();
  }

  /** Clips; NaN stays NaN. */
  static FloatVector between(FloatVector x, FloatVector low, FloatVector high) {
    return x.blend(low, x.compare(LT, low)).blend(high, x.compare(GT, high));
  }

  private static FloatVector power(FloatVector k) {
    return k.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
  }
}
