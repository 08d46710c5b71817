package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ONE;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SELU_LAMBDA;
import static fathom.kernel.VectorMath.SELU_LAMBDA_ALPHA;
import static fathom.kernel.VectorMath.SIXTH;
import static fathom.kernel.VectorMath.SPECIES;
import static fathom.kernel.VectorMath.ZERO;
import static fathom.kernel.VectorMath.all;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;

import fathom.matrix.Matrix;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.FloatVector;

/**
 * {@code D <- D * f'} and {@code db <- D 1}: one loop per function, f' in terms of the output A.
 * One sum per lane and row, added across the lanes at the end of the row. It starts from a fresh
 * zero: C2 boxes a vector that may also be a constant.
 */
final class VectorDerivatives {
  private static final Loops<Function> LOOPS = new Loops<>(f -> VectorLoop.apart(loop(f)));
  private static final MethodHandle MULTIPLY_SLOPE =
      VectorLoop.apart(VectorDerivatives::multiplySlope);

  private VectorDerivatives() {}

  /**
   * Returns the loop of a function.
   *
   * @throws IllegalArgumentException if the function keeps its slope
   */
  static MethodHandle of(Function f) {
    if (f.keepsSlope()) {
      throw new IllegalArgumentException(f + " keeps its slope: use multiplySlope");
    }
    return LOOPS.of(f);
  }

  /** Returns the loop of {@link ActivationKernels#multiplySlope}. */
  static MethodHandle ofSlope() {
    return MULTIPLY_SLOPE;
  }

  private static VectorLoop loop(Function f) {
    return switch (f) {
      case IDENTITY -> VectorDerivatives::identity;
      case LOGISTIC -> VectorDerivatives::logistic;
      case TANH -> VectorDerivatives::tanh;
      case RELU -> VectorDerivatives::relu;
      case LEAKY_RELU -> VectorDerivatives::leakyRelu;
      case ELU -> VectorDerivatives::elu;
      case SELU -> VectorDerivatives::selu;
      case SOFTSIGN -> VectorDerivatives::softsign;
      case HARD_TANH -> VectorDerivatives::hardTanh;
      case HARD_SIGMOID -> VectorDerivatives::hardSigmoid;
      default -> throw new AssertionError(f);
    };
  }

  /**
   * {@link ActivationKernels#preluDerive} on the columns of row r that fill vectors.
   *
   * @return their share of the slope's gradient
   */
  static float prelu(float alpha, Matrix z, Matrix d, Matrix db, int r) {
    FloatVector slope = all(alpha);
    FloatVector sum = FloatVector.zero(SPECIES);
    FloatVector share = FloatVector.zero(SPECIES);
    int n = VectorLoop.whole(d, 1);
    long zAt = z.address(r, 0);
    long dAt = d.address(r, 0);
    for (int j = 0; j < n; j += LANES) {
      FloatVector x = FloatVector.fromMemorySegment(SPECIES, ALL, zAt + 4L * j, ORDER);
      FloatVector old = FloatVector.fromMemorySegment(SPECIES, ALL, dAt + 4L * j, ORDER);
      FloatVector v = old.mul(slope).blend(old, x.compare(GT, ZERO));
      v.intoMemorySegment(ALL, dAt + 4L * j, ORDER);
      sum = sum.add(v);
      share = share.add(old.mul(x.blend(ZERO, x.compare(GT, ZERO))));
    }
    VectorLoop.put(db, r, VectorLoop.sum(sum));
    return VectorLoop.sum(share);
  }

  private static void identity(
      Matrix a, Matrix db, Matrix d, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(d, step);
    for (int r = from; r < to; r += step) {
      FloatVector sum = FloatVector.zero(SPECIES);
      long dAt = d.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        sum = sum.add(VectorLoop.load(dAt + 4L * j));
      }
      VectorLoop.put(db, r, VectorLoop.sum(sum));
    }
  }

  private static void logistic(
      Matrix a, Matrix db, Matrix d, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(d, step);
    for (int r = from; r < to; r += step) {
      FloatVector sum = FloatVector.zero(SPECIES);
      long aAt = a.address(r, 0);
      long dAt = d.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(aAt + 4L * j);
        FloatVector old = VectorLoop.load(dAt + 4L * j);
        FloatVector v = old.mul(x.mul(ONE.sub(x)));
        v.intoMemorySegment(ALL, dAt + 4L * j, ORDER);
        sum = sum.add(v);
      }
      VectorLoop.put(db, r, VectorLoop.sum(sum));
    }
  }

  private static void tanh(Matrix a, Matrix db, Matrix d, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(d, step);
    for (int r = from; r < to; r += step) {
      FloatVector sum = FloatVector.zero(SPECIES);
      long aAt = a.address(r, 0);
      long dAt = d.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(aAt + 4L * j);
        FloatVector old = VectorLoop.load(dAt + 4L * j);
        FloatVector v = old.mul(x.neg().fma(x, ONE));
        v.intoMemorySegment(ALL, dAt + 4L * j, ORDER);
        sum = sum.add(v);
      }
      VectorLoop.put(db, r, VectorLoop.sum(sum));
    }
  }

  private static void relu(Matrix a, Matrix db, Matrix d, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(d, step);
    for (int r = from; r < to; r += step) {
      FloatVector sum = FloatVector.zero(SPECIES);
      long aAt = a.address(r, 0);
      long dAt = d.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(aAt + 4L * j);
        FloatVector old = VectorLoop.load(dAt + 4L * j);
        FloatVector v = old.blend(ZERO, x.compare(LE, ZERO));
        v.intoMemorySegment(ALL, dAt + 4L * j, ORDER);
        sum = sum.add(v);
      }
      VectorLoop.put(db, r, VectorLoop.sum(sum));
    }
  }

  private static void leakyRelu(
      Matrix a, Matrix db, Matrix d, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(d, step);
    FloatVector slope = all(alpha);
    for (int r = from; r < to; r += step) {
      FloatVector sum = FloatVector.zero(SPECIES);
      long aAt = a.address(r, 0);
      long dAt = d.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(aAt + 4L * j);
        FloatVector old = VectorLoop.load(dAt + 4L * j);
        FloatVector v = old.mul(slope).blend(old, x.compare(GT, ZERO));
        v.intoMemorySegment(ALL, dAt + 4L * j, ORDER);
        sum = sum.add(v);
      }
      VectorLoop.put(db, r, VectorLoop.sum(sum));
    }
  }

  private static void elu(Matrix a, Matrix db, Matrix d, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(d, step);
    FloatVector scale = all(alpha);
    for (int r = from; r < to; r += step) {
      FloatVector sum = FloatVector.zero(SPECIES);
      long aAt = a.address(r, 0);
      long dAt = d.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(aAt + 4L * j);
        FloatVector old = VectorLoop.load(dAt + 4L * j);
        FloatVector v = old.mul(x.add(scale)).blend(old, x.compare(GT, ZERO));
        v.intoMemorySegment(ALL, dAt + 4L * j, ORDER);
        sum = sum.add(v);
      }
      VectorLoop.put(db, r, VectorLoop.sum(sum));
    }
  }

  private static void selu(Matrix a, Matrix db, Matrix d, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(d, step);
    for (int r = from; r < to; r += step) {
      FloatVector sum = FloatVector.zero(SPECIES);
      long aAt = a.address(r, 0);
      long dAt = d.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(aAt + 4L * j);
        FloatVector old = VectorLoop.load(dAt + 4L * j);
        FloatVector v = old.mul(x.add(SELU_LAMBDA_ALPHA).blend(SELU_LAMBDA, x.compare(GT, ZERO)));
        v.intoMemorySegment(ALL, dAt + 4L * j, ORDER);
        sum = sum.add(v);
      }
      VectorLoop.put(db, r, VectorLoop.sum(sum));
    }
  }

  private static void softsign(
      Matrix a, Matrix db, Matrix d, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(d, step);
    for (int r = from; r < to; r += step) {
      FloatVector sum = FloatVector.zero(SPECIES);
      long aAt = a.address(r, 0);
      long dAt = d.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(aAt + 4L * j);
        FloatVector old = VectorLoop.load(dAt + 4L * j);
        FloatVector u = ONE.sub(x.abs());
        FloatVector v = old.mul(u.mul(u));
        v.intoMemorySegment(ALL, dAt + 4L * j, ORDER);
        sum = sum.add(v);
      }
      VectorLoop.put(db, r, VectorLoop.sum(sum));
    }
  }

  private static void hardTanh(
      Matrix a, Matrix db, Matrix d, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(d, step);
    for (int r = from; r < to; r += step) {
      FloatVector sum = FloatVector.zero(SPECIES);
      long aAt = a.address(r, 0);
      long dAt = d.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(aAt + 4L * j);
        FloatVector old = VectorLoop.load(dAt + 4L * j);
        FloatVector v = old.blend(ZERO, x.abs().compare(GE, ONE));
        v.intoMemorySegment(ALL, dAt + 4L * j, ORDER);
        sum = sum.add(v);
      }
      VectorLoop.put(db, r, VectorLoop.sum(sum));
    }
  }

  private static void hardSigmoid(
      Matrix a, Matrix db, Matrix d, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(d, step);
    for (int r = from; r < to; r += step) {
      FloatVector sum = FloatVector.zero(SPECIES);
      long aAt = a.address(r, 0);
      long dAt = d.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(aAt + 4L * j);
        FloatVector old = VectorLoop.load(dAt + 4L * j);
        FloatVector v = old.mul(SIXTH).blend(ZERO, x.compare(LE, ZERO));
        v = v.blend(ZERO, x.compare(GE, ONE));
        v.intoMemorySegment(ALL, dAt + 4L * j, ORDER);
        sum = sum.add(v);
      }
      VectorLoop.put(db, r, VectorLoop.sum(sum));
    }
  }

  private static void multiplySlope(
      Matrix s, Matrix db, Matrix d, float alpha, int from, int to, int step) {
    int n = VectorLoop.whole(d, step);
    for (int r = from; r < to; r += step) {
      FloatVector sum = FloatVector.zero(SPECIES);
      long sAt = s.address(r, 0);
      long dAt = d.address(r, 0);
      for (int j = 0; j < n; j += LANES) {
        FloatVector x = VectorLoop.load(sAt + 4L * j);
        FloatVector old = VectorLoop.load(dAt + 4L * j);
        FloatVector v = old.mul(x);
        v.intoMemorySegment(ALL, dAt + 4L * j, ORDER);
        sum = sum.add(v);
      }
      VectorLoop.put(db, r, VectorLoop.sum(sum));
    }
  }
}
