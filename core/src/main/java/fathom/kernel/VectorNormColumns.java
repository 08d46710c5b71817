package fathom.kernel;

import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ONE;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;
import static fathom.kernel.VectorMath.allocated;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Loops down columns for {@link VectorNormKernels}, a strip of one vector at a time, on whole
 * strips alone; each is compiled alone. Even and odd rows are added apart.
 */
@SuppressWarnings("UnusedMethod") // called by handles
final class VectorNormColumns {
  private VectorNormColumns() {}

  static void standardize(Matrix z, Matrix x, Matrix inverse, float epsilon, int from, int to) {
    MemorySegment zs = allocated(z.segment());
    MemorySegment xs = allocated(x.segment());
    MemorySegment is = allocated(inverse.segment());
    int rows = z.rows();
    int even = rows & -2;
    long step = 4L * z.stride();
    for (int c = from; c < to; c += LANES) {
      long at = z.byteOffset(0, c);
      FloatVector a = FloatVector.zero(SPECIES);
      FloatVector b = FloatVector.zero(SPECIES);
      for (int r = 0; r < even; r += 2) {
        a = a.add(FloatVector.fromMemorySegment(SPECIES, zs, at + r * step, ORDER));
        b = b.add(FloatVector.fromMemorySegment(SPECIES, zs, at + r * step + step, ORDER));
      }
      if (even < rows) {
        a = a.add(FloatVector.fromMemorySegment(SPECIES, zs, at + even * step, ORDER));
      }
      FloatVector mean = a.add(b).div((float) rows);
      a = FloatVector.zero(SPECIES);
      b = FloatVector.zero(SPECIES);
      for (int r = 0; r < even; r += 2) {
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, zs, at + r * step, ORDER).sub(mean);
        a = v.fma(v, a);
        v = FloatVector.fromMemorySegment(SPECIES, zs, at + r * step + step, ORDER).sub(mean);
        b = v.fma(v, b);
      }
      if (even < rows) {
        FloatVector v =
            FloatVector.fromMemorySegment(SPECIES, zs, at + even * step, ORDER).sub(mean);
        a = v.fma(v, a);
      }
      FloatVector factor = ONE.div(a.add(b).div((float) rows).add(epsilon).sqrt());
      factor.intoMemorySegment(is, inverse.byteOffset(0, c), ORDER);
      for (int r = 0; r < rows; r++) {
        FloatVector.fromMemorySegment(SPECIES, zs, at + r * step, ORDER)
            .sub(mean)
            .mul(factor)
            .intoMemorySegment(xs, x.byteOffset(r, c), ORDER);
      }
    }
  }

  static void backward(Matrix x, Matrix d, Matrix inverse, int from, int to) {
    MemorySegment xs = allocated(x.segment());
    MemorySegment ds = allocated(d.segment());
    MemorySegment is = allocated(inverse.segment());
    int rows = d.rows();
    int even = rows & -2;
    for (int c = from; c < to; c += LANES) {
      FloatVector a = FloatVector.zero(SPECIES);
      FloatVector b = FloatVector.zero(SPECIES);
      FloatVector e = FloatVector.zero(SPECIES);
      FloatVector f = FloatVector.zero(SPECIES);
      for (int r = 0; r < even; r += 2) {
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, ds, d.byteOffset(r, c), ORDER);
        a = a.add(v);
        e = v.fma(FloatVector.fromMemorySegment(SPECIES, xs, x.byteOffset(r, c), ORDER), e);
        v = FloatVector.fromMemorySegment(SPECIES, ds, d.byteOffset(r + 1, c), ORDER);
        b = b.add(v);
        f = v.fma(FloatVector.fromMemorySegment(SPECIES, xs, x.byteOffset(r + 1, c), ORDER), f);
      }
      if (even < rows) {
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, ds, d.byteOffset(even, c), ORDER);
        a = a.add(v);
        e = v.fma(FloatVector.fromMemorySegment(SPECIES, xs, x.byteOffset(even, c), ORDER), e);
      }
      FloatVector shift = a.add(b).div((float) rows);
      FloatVector slope = e.add(f).div((float) rows).neg();
      long place = inverse.byteOffset(0, c);
      FloatVector factor = FloatVector.fromMemorySegment(SPECIES, is, place, ORDER);
      for (int r = 0; r < rows; r++) {
        long at = d.byteOffset(r, c);
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, ds, at, ORDER).sub(shift);
        FloatVector.fromMemorySegment(SPECIES, xs, x.byteOffset(r, c), ORDER)
            .fma(slope, v)
            .mul(factor)
            .intoMemorySegment(ds, at, ORDER);
      }
    }
  }
}
