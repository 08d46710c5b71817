package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.ScalarNormKernels.ACCUMULATORS;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;

import fathom.matrix.Matrix;
import jdk.incubator.vector.FloatVector;

/**
 * Loops along rows for {@link VectorNormKernels}; each is compiled alone. Sums have several
 * accumulators, since an addition takes longer than the loads that feed it.
 */
@SuppressWarnings("UnusedMethod") // called by handles
final class VectorNormRows {
  /** Columns from an accumulator's vector to its next. */
  private static final int STEP = ACCUMULATORS * LANES;

  /** Bytes of a vector. */
  private static final long VECTOR = 4L * LANES;

  private VectorNormRows() {}

  static void mean(Matrix z, Matrix mean, int from, int to) {
    int n = SPECIES.loopBound(z.cols());
    for (int r = from; r < to; r++) {
      long at = z.address(r, 0);
      FloatVector a = FloatVector.zero(SPECIES);
      FloatVector b = FloatVector.zero(SPECIES);
      FloatVector c = FloatVector.zero(SPECIES);
      FloatVector d = FloatVector.zero(SPECIES);
      int j = 0;
      for (; j <= n - STEP; j += STEP) {
        long p = at + 4L * j;
        a = a.add(FloatVector.fromMemorySegment(SPECIES, ALL, p, ORDER));
        b = b.add(FloatVector.fromMemorySegment(SPECIES, ALL, p + VECTOR, ORDER));
        c = c.add(FloatVector.fromMemorySegment(SPECIES, ALL, p + 2 * VECTOR, ORDER));
        d = d.add(FloatVector.fromMemorySegment(SPECIES, ALL, p + 3 * VECTOR, ORDER));
      }
      for (; j < n; j += LANES) {
        a = a.add(FloatVector.fromMemorySegment(SPECIES, ALL, at + 4L * j, ORDER));
      }
      float sum = VectorLoop.sum(a.add(b).add(c.add(d)));
      sum = ScalarNormKernels.add(at, 0, 0, n, z.cols(), 1, sum);
      VectorLoop.put(mean, r, sum / z.cols());
    }
  }

  static void variance(Matrix z, Matrix mean, Matrix variance, int from, int to) {
    int n = SPECIES.loopBound(z.cols());
    for (int r = from; r < to; r++) {
      long at = z.address(r, 0);
      float m = VectorLoop.bias(mean, r);
      FloatVector center = FloatVector.broadcast(SPECIES, m);
      FloatVector a = FloatVector.zero(SPECIES);
      FloatVector b = FloatVector.zero(SPECIES);
      FloatVector c = FloatVector.zero(SPECIES);
      FloatVector d = FloatVector.zero(SPECIES);
      int j = 0;
      for (; j <= n - STEP; j += STEP) {
        long p = at + 4L * j;
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, p, ORDER).sub(center);
        a = v.fma(v, a);
        v = FloatVector.fromMemorySegment(SPECIES, ALL, p + VECTOR, ORDER).sub(center);
        b = v.fma(v, b);
        v = FloatVector.fromMemorySegment(SPECIES, ALL, p + 2 * VECTOR, ORDER).sub(center);
        c = v.fma(v, c);
        v = FloatVector.fromMemorySegment(SPECIES, ALL, p + 3 * VECTOR, ORDER).sub(center);
        d = v.fma(v, d);
      }
      for (; j < n; j += LANES) {
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, at + 4L * j, ORDER).sub(center);
        a = v.fma(v, a);
      }
      float sum = VectorLoop.sum(a.add(b).add(c.add(d)));
      sum = ScalarNormKernels.add(at, at, m, n, z.cols(), 1, sum);
      VectorLoop.put(variance, r, sum / z.cols());
    }
  }

  static void center(
      Matrix z, Matrix x, Matrix mean, Matrix variance, float epsilon, int from, int to) {
    int n = SPECIES.loopBound(z.cols());
    for (int r = from; r < to; r++) {
      long zAt = z.address(r, 0);
      long xAt = x.address(r, 0);
      float m = VectorLoop.bias(mean, r);
      float f = ScalarNormKernels.inverse(VectorLoop.bias(variance, r), epsilon);
      FloatVector center = FloatVector.broadcast(SPECIES, m);
      FloatVector factor = FloatVector.broadcast(SPECIES, f);
      for (int j = 0; j < n; j += LANES) {
        FloatVector.fromMemorySegment(SPECIES, ALL, zAt + 4L * j, ORDER)
            .sub(center)
            .mul(factor)
            .intoMemorySegment(ALL, xAt + 4L * j, ORDER);
      }
      ScalarNormKernels.center(zAt + 4L * n, xAt + 4L * n, z.cols() - n, m, f);
    }
  }

  /** {@code sums <- (D * X) 1}. */
  static void product(Matrix d, Matrix x, Matrix sums, int from, int to) {
    int n = SPECIES.loopBound(d.cols());
    for (int r = from; r < to; r++) {
      long dAt = d.address(r, 0);
      long xAt = x.address(r, 0);
      FloatVector a = FloatVector.zero(SPECIES);
      FloatVector b = FloatVector.zero(SPECIES);
      FloatVector c = FloatVector.zero(SPECIES);
      FloatVector e = FloatVector.zero(SPECIES);
      int j = 0;
      for (; j <= n - STEP; j += STEP) {
        long p = dAt + 4L * j;
        long q = xAt + 4L * j;
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, p, ORDER);
        a = v.fma(FloatVector.fromMemorySegment(SPECIES, ALL, q, ORDER), a);
        v = FloatVector.fromMemorySegment(SPECIES, ALL, p + VECTOR, ORDER);
        b = v.fma(FloatVector.fromMemorySegment(SPECIES, ALL, q + VECTOR, ORDER), b);
        v = FloatVector.fromMemorySegment(SPECIES, ALL, p + 2 * VECTOR, ORDER);
        c = v.fma(FloatVector.fromMemorySegment(SPECIES, ALL, q + 2 * VECTOR, ORDER), c);
        v = FloatVector.fromMemorySegment(SPECIES, ALL, p + 3 * VECTOR, ORDER);
        e = v.fma(FloatVector.fromMemorySegment(SPECIES, ALL, q + 3 * VECTOR, ORDER), e);
      }
      for (; j < n; j += LANES) {
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, dAt + 4L * j, ORDER);
        a = v.fma(FloatVector.fromMemorySegment(SPECIES, ALL, xAt + 4L * j, ORDER), a);
      }
      float sum = VectorLoop.sum(a.add(b).add(c.add(e)));
      VectorLoop.put(sums, r, ScalarNormKernels.add(dAt, xAt, 0, n, d.cols(), 1, sum));
    }
  }

  static void scale(Matrix x, Matrix scale, Matrix y, int from, int to) {
    int n = SPECIES.loopBound(x.cols());
    for (int r = from; r < to; r++) {
      long xAt = x.address(r, 0);
      long yAt = y.address(r, 0);
      float f = VectorLoop.bias(scale, r);
      FloatVector factor = FloatVector.broadcast(SPECIES, f);
      for (int j = 0; j < n; j += LANES) {
        FloatVector.fromMemorySegment(SPECIES, ALL, xAt + 4L * j, ORDER)
            .mul(factor)
            .intoMemorySegment(ALL, yAt + 4L * j, ORDER);
      }
      ScalarNormKernels.scale(xAt + 4L * n, yAt + 4L * n, x.cols() - n, f);
    }
  }

  /** What {@link NormKernels#batchNormBackward} writes to D, after dGamma. */
  static void correct(
      Matrix x,
      Matrix d,
      Matrix gamma,
      Matrix variance,
      float epsilon,
      Matrix dGamma,
      Matrix dBeta,
      int from,
      int to) {
    int n = SPECIES.loopBound(d.cols());
    for (int r = from; r < to; r++) {
      long xAt = x.address(r, 0);
      long dAt = d.address(r, 0);
      float shift = VectorLoop.bias(dBeta, r) / d.cols();
      float slope = VectorLoop.bias(dGamma, r) / d.cols();
      float inverse = ScalarNormKernels.inverse(VectorLoop.bias(variance, r), epsilon);
      float f = VectorLoop.bias(gamma, r) * inverse;
      FloatVector shifts = FloatVector.broadcast(SPECIES, shift);
      FloatVector slopes = FloatVector.broadcast(SPECIES, -slope);
      FloatVector factor = FloatVector.broadcast(SPECIES, f);
      for (int j = 0; j < n; j += LANES) {
        FloatVector v =
            FloatVector.fromMemorySegment(SPECIES, ALL, dAt + 4L * j, ORDER).sub(shifts);
        FloatVector.fromMemorySegment(SPECIES, ALL, xAt + 4L * j, ORDER)
            .fma(slopes, v)
            .mul(factor)
            .intoMemorySegment(ALL, dAt + 4L * j, ORDER);
      }
      ScalarNormKernels.correct(xAt + 4L * n, dAt + 4L * n, d.cols() - n, shift, slope, f);
    }
  }

  /** {@code c <- a + s b} on n elements. */
  static void add(long a, float s, long b, long c, long n) {
    FloatVector factor = FloatVector.broadcast(SPECIES, s);
    long whole = SPECIES.loopBound(n);
    for (long j = 0; j < whole; j += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, a + 4 * j, ORDER);
      FloatVector.fromMemorySegment(SPECIES, ALL, b + 4 * j, ORDER)
          .fma(factor, v)
          .intoMemorySegment(ALL, c + 4 * j, ORDER);
    }
    long p = 4 * whole;
    ScalarNormKernels.addScaled(a + p, s, b + p, c + p, n - whole);
  }

  /** {@code d <- d * m} on n elements. */
  static void multiply(long m, long d, long n) {
    long whole = SPECIES.loopBound(n);
    for (long j = 0; j < whole; j += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, m + 4 * j, ORDER);
      FloatVector.fromMemorySegment(SPECIES, ALL, d + 4 * j, ORDER)
          .mul(v)
          .intoMemorySegment(ALL, d + 4 * j, ORDER);
    }
    ScalarNormKernels.multiply(m + 4 * whole, d + 4 * whole, n - whole);
  }
}
