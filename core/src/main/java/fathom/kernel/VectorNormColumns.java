package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ONE;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;

import fathom.matrix.Matrix;
import jdk.incubator.vector.FloatVector;

/**
 * Loops down columns for {@link VectorNormKernels}, a strip of one vector at a time, on whole
 * strips alone; each is compiled alone. Even and odd rows are added apart.
 */
@SuppressWarnings("UnusedMethod") // called by handles
final class VectorNormColumns {
  private VectorNormColumns() {}

  static void standardize(Matrix z, Matrix x, Matrix inverse, float epsilon, int from, int to) {
    int rows = z.rows();
    int even = rows & -2;
    long step = 4L * z.stride();
    for (int c = from; c < to; c += LANES) {
      long at = z.address(0, c);
      FloatVector a = FloatVector.zero(SPECIES);
      FloatVector b = FloatVector.zero(SPECIES);
      for (int r = 0; r < even; r += 2) {
        a = a.add(FloatVector.fromMemorySegment(SPECIES, ALL, at + r * step, ORDER));
        b = b.add(FloatVector.fromMemorySegment(SPECIES, ALL, at + r * step + step, ORDER));
      }
      if (even < rows) {
        a = a.add(FloatVector.fromMemorySegment(SPECIES, ALL, at + even * step, ORDER));
      }
      FloatVector mean = a.add(b).div((float) rows);
      a = FloatVector.zero(SPECIES);
      b = FloatVector.zero(SPECIES);
      for (int r = 0; r < even; r += 2) {
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, at + r * step, ORDER).sub(mean);
        a = v.fma(v, a);
        v = FloatVector.fromMemorySegment(SPECIES, ALL, at + r * step + step, ORDER).sub(mean);
        b = v.fma(v, b);
      }
      if (even < rows) {
        FloatVector v =
            FloatVector.fromMemorySegment(SPECIES, ALL, at + even * step, ORDER).sub(mean);
        a = v.fma(v, a);
      }
      FloatVector factor = ONE.div(a.add(b).div((float) rows).add(epsilon).sqrt());
      factor.intoMemorySegment(ALL, inverse.address(0, c), ORDER);
      for (int r = 0; r < rows; r++) {
        FloatVector.fromMemorySegment(SPECIES, ALL, at + r * step, ORDER)
            .sub(mean)
            .mul(factor)
            .intoMemorySegment(ALL, x.address(r, c), ORDER);
      }
    }
  }

  static void backward(Matrix x, Matrix d, Matrix inverse, int from, int to) {
    int rows = d.rows();
    int even = rows & -2;
    for (int c = from; c < to; c += LANES) {
      FloatVector a = FloatVector.zero(SPECIES);
      FloatVector b = FloatVector.zero(SPECIES);
      FloatVector e = FloatVector.zero(SPECIES);
      FloatVector f = FloatVector.zero(SPECIES);
      for (int r = 0; r < even; r += 2) {
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, d.address(r, c), ORDER);
        a = a.add(v);
        e = v.fma(FloatVector.fromMemorySegment(SPECIES, ALL, x.address(r, c), ORDER), e);
        v = FloatVector.fromMemorySegment(SPECIES, ALL, d.address(r + 1, c), ORDER);
        b = b.add(v);
        f = v.fma(FloatVector.fromMemorySegment(SPECIES, ALL, x.address(r + 1, c), ORDER), f);
      }
      if (even < rows) {
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, d.address(even, c), ORDER);
        a = a.add(v);
        e = v.fma(FloatVector.fromMemorySegment(SPECIES, ALL, x.address(even, c), ORDER), e);
      }
      FloatVector shift = a.add(b).div((float) rows);
      FloatVector slope = e.add(f).div((float) rows).neg();
      long place = inverse.address(0, c);
      FloatVector factor = FloatVector.fromMemorySegment(SPECIES, ALL, place, ORDER);
      for (int r = 0; r < rows; r++) {
        long at = d.address(r, c);
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, at, ORDER).sub(shift);
        FloatVector.fromMemorySegment(SPECIES, ALL, x.address(r, c), ORDER)
            .fma(slope, v)
            .mul(factor)
            .intoMemorySegment(ALL, at, ORDER);
      }
    }
  }
}
