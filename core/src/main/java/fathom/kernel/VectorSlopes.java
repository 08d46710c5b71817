package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.VectorMath.EXP_START;
import static fathom.kernel.VectorMath.FOUR;
import static fathom.kernel.VectorMath.GELU_CUBIC;
import static fathom.kernel.VectorMath.GELU_CUBIC_SLOPE;
import static fathom.kernel.VectorMath.GELU_END;
import static fathom.kernel.VectorMath.GELU_LINEAR;
import static fathom.kernel.VectorMath.GELU_TANH_END;
import static fathom.kernel.VectorMath.GELU_TANH_START;
import static fathom.kernel.VectorMath.HALF;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.LOGISTIC_END;
import static fathom.kernel.VectorMath.MINUS_DENSITY;
import static fathom.kernel.VectorMath.MINUS_THREE;
import static fathom.kernel.VectorMath.MISH_END;
import static fathom.kernel.VectorMath.ONE;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.THIRD;
import static fathom.kernel.VectorMath.THREE;
import static fathom.kernel.VectorMath.TWO;
import static fathom.kernel.VectorMath.ZERO;
import static fathom.kernel.VectorMath.all;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;

import fathom.matrix.Matrix;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * {@code A <- f(Z + b 1ᵀ)} and {@code Z <- f'(Z + b 1ᵀ)}, and parametric ReLU forward: loops that
 * write two matrices. What they compute is told in {@link ScalarMath}.
 */
final class VectorSlopes {
  private static final Loops<Function> LOOPS = new Loops<>(f -> VectorLoop.apart(loop(f)));
  private static final MethodHandle PRELU = VectorLoop.apart(VectorSlopes::prelu);

  private VectorSlopes() {}

  /**
   * Returns the loop of a function.
   *
   * @throws IllegalArgumentException if the function keeps no slope
   */
  static MethodHandle of(Function f) {
    if (!f.keepsSlope()) {
      throw new IllegalArgumentException(f + " keeps no slope: use derive");
    }
    return LOOPS.of(f);
  }

  /** Returns the loop of parametric ReLU, which leaves Z + b in Z; alpha is its slope. */
  static MethodHandle ofPrelu() {
    return PRELU;
  }

  private static VectorLoop loop(Function f) {
    return switch (f) {
      case SOFTPLUS -> VectorSlopes::softplus;
      case HARD_SWISH -> VectorSlopes::hardSwish;
      case GELU -> VectorSlopes::gelu;
      case GELU_TANH -> VectorSlopes::geluTanh;
      case SILU -> VectorSlopes::silu;
      case MISH -> VectorSlopes::mish;
      default -> throw new AssertionError(f);
    };
  }

  private static void softplus(
      Matrix z, Matrix bias, Matrix a, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long zAt = z.address(r, 0);
      long aAt = a.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(zAt + 4L * j).add(b);
        FloatVector e = VectorMath.exp(VectorMath.negative(x));
        VectorMask<Float> positive = x.compare(GT, ZERO);
        FloatVector y = VectorMath.log1p(e).add(x.blend(ZERO, x.compare(LE, ZERO)));
        FloatVector s = e.blend(ONE, positive).div(e.add(ONE));
        y.intoMemorySegment(ALL, aAt + 4L * j, ORDER);
        s.intoMemorySegment(ALL, zAt + 4L * j, ORDER);
      }
    }
  }

  private static void hardSwish(
      Matrix z, Matrix bias, Matrix a, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long zAt = z.address(r, 0);
      long aAt = a.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(zAt + 4L * j).add(b);
        FloatVector low = VectorMath.hardSigmoid(x);
        FloatVector y = x.mul(low).blend(ZERO, x.compare(LE, MINUS_THREE));
        FloatVector s = x.fma(THIRD, HALF).blend(ONE, x.compare(GE, THREE));
        s = s.blend(ZERO, x.compare(LE, MINUS_THREE));
        y.intoMemorySegment(ALL, aAt + 4L * j, ORDER);
        s.intoMemorySegment(ALL, zAt + 4L * j, ORDER);
      }
    }
  }

  private static void gelu(
      Matrix z, Matrix bias, Matrix a, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long zAt = z.address(r, 0);
      long aAt = a.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(zAt + 4L * j).add(b);
        FloatVector t = x.abs();
        t = t.blend(GELU_END, t.compare(GT, GELU_END));
        FloatVector gauss = VectorMath.gauss(t);
        FloatVector tail = VectorMath.normalTail(t, gauss);
        FloatVector y = t.neg().fma(tail, x.blend(ZERO, x.compare(LE, ZERO)));
        FloatVector q = t.mul(gauss).fma(MINUS_DENSITY, tail);
        FloatVector s = q.blend(ONE.sub(q), x.compare(GT, ZERO));
        y.intoMemorySegment(ALL, aAt + 4L * j, ORDER);
        s.intoMemorySegment(ALL, zAt + 4L * j, ORDER);
      }
    }
  }

  private static void geluTanh(
      Matrix z, Matrix bias, Matrix a, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long zAt = z.address(r, 0);
      long aAt = a.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(zAt + 4L * j).add(b);
        FloatVector v = x.blend(GELU_TANH_START, x.compare(LT, GELU_TANH_START));
        FloatVector t = v.blend(GELU_TANH_END, x.compare(GT, GELU_TANH_END));
        FloatVector u = t.mul(t);
        FloatVector e = VectorMath.exp(t.mul(u.fma(GELU_CUBIC, GELU_LINEAR)));
        FloatVector q = ONE.div(e.add(ONE));
        FloatVector p = e.mul(q);
        FloatVector y = v.mul(p);
        FloatVector s = t.mul(p).mul(q).fma(u.fma(GELU_CUBIC_SLOPE, GELU_LINEAR), p);
        y.intoMemorySegment(ALL, aAt + 4L * j, ORDER);
        s.intoMemorySegment(ALL, zAt + 4L * j, ORDER);
      }
    }
  }

  private static void silu(
      Matrix z, Matrix bias, Matrix a, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long zAt = z.address(r, 0);
      long aAt = a.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(zAt + 4L * j).add(b);
        FloatVector v = x.blend(EXP_START, x.compare(LT, EXP_START));
        FloatVector t = v.blend(LOGISTIC_END, x.compare(GT, LOGISTIC_END));
        FloatVector e = VectorMath.exp(t);
        FloatVector q = ONE.div(e.add(ONE));
        FloatVector p = e.mul(q);
        FloatVector y = v.mul(p);
        FloatVector s = t.mul(p).fma(q, p);
        y.intoMemorySegment(ALL, aAt + 4L * j, ORDER);
        s.intoMemorySegment(ALL, zAt + 4L * j, ORDER);
      }
    }
  }

  private static void mish(
      Matrix z, Matrix bias, Matrix a, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long zAt = z.address(r, 0);
      long aAt = a.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(zAt + 4L * j).add(b);
        FloatVector v = x.blend(EXP_START, x.compare(LT, EXP_START));
        FloatVector t = v.blend(MISH_END, x.compare(GT, MISH_END));
        FloatVector e = VectorMath.exp(t);
        FloatVector m = e.fma(e, e.add(e));
        FloatVector q = ONE.div(m.add(TWO));
        FloatVector p = m.mul(q);
        FloatVector y = v.mul(p);
        FloatVector s = t.mul(FOUR).mul(e.fma(e, e)).mul(q).fma(q, p);
        y.intoMemorySegment(ALL, aAt + 4L * j, ORDER);
        s.intoMemorySegment(ALL, zAt + 4L * j, ORDER);
      }
    }
  }

  private static void prelu(
      Matrix z, Matrix bias, Matrix a, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(z, step);
    FloatVector slope = all(alpha);
    for (int r = from; r < to; r += step) {
      FloatVector b = all(VectorLoop.bias(bias, r));
      long zAt = z.address(r, 0);
      long aAt = a.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(zAt + 4L * j).add(b);
        FloatVector y = x.mul(slope).blend(x, x.compare(GT, ZERO));
        y.intoMemorySegment(ALL, aAt + 4L * j, ORDER);
        x.intoMemorySegment(ALL, zAt + 4L * j, ORDER);
      }
    }
  }
}
