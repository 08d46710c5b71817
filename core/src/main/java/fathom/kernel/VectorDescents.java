package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.MIN_NORMAL;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;
import static fathom.kernel.VectorMath.ZERO;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Whole registers of the rules that divide by nothing; twins are in {@link ScalarUpdates}. */
final class VectorDescents {
  private VectorDescents() {}

  static void sgd(UpdateStep s, long g, long start, int n, float factor, float bound) {
    long w = s.w + start;
    float rate = s.rate;
    float decay = s.decay;
    for (int i = 0; i < n; i += LANES) {
      long at = (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(SPECIES, ALL, w + at, ORDER);
      FloatVector gi = FloatVector.fromMemorySegment(SPECIES, ALL, g + at, ORDER).mul(factor);
      if (bound < Float.POSITIVE_INFINITY) {
        gi = gi.blend(bound, gi.compare(GT, bound)).blend(-bound, gi.compare(LT, -bound));
      }
      gi = gi.add(wi.mul(decay));
      wi.sub(gi.mul(rate)).intoMemorySegment(ALL, w + at, ORDER);
    }
  }

  static void momentum(UpdateStep s, long g, long start, int n, float factor, float bound) {
    long w = s.w + start;
    long a = s.a + start;
    float rate = s.rate;
    float decay = s.decay;
    float keep1 = s.keep1;
    float share1 = s.share1;
    VectorMask<Float> fresh = SPECIES.maskAll(s.first);
    VectorMask<Float> ahead = SPECIES.maskAll(s.nesterov);
    for (int i = 0; i < n; i += LANES) {
      long at = (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(SPECIES, ALL, w + at, ORDER);
      FloatVector gi = FloatVector.fromMemorySegment(SPECIES, ALL, g + at, ORDER).mul(factor);
      if (bound < Float.POSITIVE_INFINITY) {
        gi = gi.blend(bound, gi.compare(GT, bound)).blend(-bound, gi.compare(LT, -bound));
      }
      gi = gi.add(wi.mul(decay));
      FloatVector vi = FloatVector.fromMemorySegment(SPECIES, ALL, a + at, ORDER).mul(keep1);
      vi = vi.add(gi.mul(share1)).blend(gi, fresh);
      vi = vi.blend(ZERO, vi.abs().compare(LT, MIN_NORMAL));
      vi.intoMemorySegment(ALL, a + at, ORDER);
      FloatVector step = vi.blend(gi.add(vi.mul(keep1)), ahead);
      wi.sub(step.mul(rate)).intoMemorySegment(ALL, w + at, ORDER);
    }
  }

  static void lion(UpdateStep s, long g, long start, int n, float factor, float bound) {
    long w = s.w + start;
    long a = s.a + start;
    float rate = s.rate;
    float shrink = s.shrink;
    float keep1 = s.keep1;
    float share1 = s.share1;
    float keep2 = s.keep2;
    float share2 = s.share2;
    for (int i = 0; i < n; i += LANES) {
      long at = (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(SPECIES, ALL, w + at, ORDER).mul(shrink);
      FloatVector gi = FloatVector.fromMemorySegment(SPECIES, ALL, g + at, ORDER).mul(factor);
      if (bound < Float.POSITIVE_INFINITY) {
        gi = gi.blend(bound, gi.compare(GT, bound)).blend(-bound, gi.compare(LT, -bound));
      }
      FloatVector mi = FloatVector.fromMemorySegment(SPECIES, ALL, a + at, ORDER);
      FloatVector ci = mi.mul(keep1).add(gi.mul(share1));
      mi = mi.mul(keep2).add(gi.mul(share2));
      mi = mi.blend(ZERO, mi.abs().compare(LT, MIN_NORMAL));
      mi.intoMemorySegment(ALL, a + at, ORDER);
      FloatVector step = ci.mul(ZERO).blend(rate, ci.compare(GT, ZERO));
      step = step.blend(-rate, ci.compare(LT, ZERO));
      wi.sub(step).intoMemorySegment(ALL, w + at, ORDER);
    }
  }
}
