package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.MIN_NORMAL;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;
import static fathom.kernel.VectorMath.ZERO;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;

/** Whole registers of Adam and its kin; twins are in {@link ScalarUpdates}. */
final class VectorAdams {
  private VectorAdams() {}

  static void adam(UpdateStep s, long g, long start, int n, float factor, float bound) {
    long w = s.w + start;
    long a = s.a + start;
    long b = s.b + start;
    float rate = s.rate;
    float decay = s.decay;
    float shrink = s.shrink;
    float keep1 = s.keep1;
    float share1 = s.share1;
    float keep2 = s.keep2;
    float share2 = s.share2;
    float rootScale = s.rootScale;
    float epsilon = s.epsilon;
    float tiny = ScalarUpdates.tiny(share2);
    for (int i = 0; i < n; i += LANES) {
      long at = (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(SPECIES, ALL, w + at, ORDER).mul(shrink);
      FloatVector gi = FloatVector.fromMemorySegment(SPECIES, ALL, g + at, ORDER).mul(factor);
      if (bound < Float.POSITIVE_INFINITY) {
        gi = gi.blend(bound, gi.compare(GT, bound)).blend(-bound, gi.compare(LT, -bound));
      }
      gi = gi.add(wi.mul(decay));
      FloatVector mi = FloatVector.fromMemorySegment(SPECIES, ALL, a + at, ORDER).mul(keep1);
      mi = mi.add(gi.mul(share1));
      mi = mi.blend(ZERO, mi.abs().compare(LT, MIN_NORMAL));
      FloatVector base = gi.blend(ZERO, gi.abs().compare(LT, tiny));
      FloatVector vi = FloatVector.fromMemorySegment(SPECIES, ALL, b + at, ORDER).mul(keep2);
      vi = vi.add(base.mul(share2).mul(base));
      vi = vi.blend(ZERO, vi.compare(LT, MIN_NORMAL));
      mi.intoMemorySegment(ALL, a + at, ORDER);
      vi.intoMemorySegment(ALL, b + at, ORDER);
      FloatVector size = vi.sqrt().mul(rootScale).add(epsilon);
      wi.sub(mi.mul(rate).div(size)).intoMemorySegment(ALL, w + at, ORDER);
    }
  }

  static void amsgrad(UpdateStep s, long g, long start, int n, float factor, float bound) {
    long w = s.w + start;
    long a = s.a + start;
    long b = s.b + start;
    long c = s.c + start;
    float rate = s.rate;
    float decay = s.decay;
    float shrink = s.shrink;
    float keep1 = s.keep1;
    float share1 = s.share1;
    float keep2 = s.keep2;
    float share2 = s.share2;
    float rootScale = s.rootScale;
    float epsilon = s.epsilon;
    float tiny = ScalarUpdates.tiny(share2);
    for (int i = 0; i < n; i += LANES) {
      long at = (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(SPECIES, ALL, w + at, ORDER).mul(shrink);
      FloatVector gi = FloatVector.fromMemorySegment(SPECIES, ALL, g + at, ORDER).mul(factor);
      if (bound < Float.POSITIVE_INFINITY) {
        gi = gi.blend(bound, gi.compare(GT, bound)).blend(-bound, gi.compare(LT, -bound));
      }
      gi = gi.add(wi.mul(decay));
      FloatVector mi = FloatVector.fromMemorySegment(SPECIES, ALL, a + at, ORDER).mul(keep1);
      mi = mi.add(gi.mul(share1));
      mi = mi.blend(ZERO, mi.abs().compare(LT, MIN_NORMAL));
      FloatVector base = gi.blend(ZERO, gi.abs().compare(LT, tiny));
      FloatVector vi = FloatVector.fromMemorySegment(SPECIES, ALL, b + at, ORDER).mul(keep2);
      vi = vi.add(base.mul(share2).mul(base));
      vi = vi.blend(ZERO, vi.compare(LT, MIN_NORMAL));
      mi.intoMemorySegment(ALL, a + at, ORDER);
      vi.intoMemorySegment(ALL, b + at, ORDER);
      FloatVector most = FloatVector.fromMemorySegment(SPECIES, ALL, c + at, ORDER).max(vi);
      most.intoMemorySegment(ALL, c + at, ORDER);
      FloatVector size = most.sqrt().mul(rootScale).add(epsilon);
      wi.sub(mi.mul(rate).div(size)).intoMemorySegment(ALL, w + at, ORDER);
    }
  }

  static void adamax(UpdateStep s, long g, long start, int n, float factor, float bound) {
    long w = s.w + start;
    long a = s.a + start;
    long b = s.b + start;
    float rate = s.rate;
    float decay = s.decay;
    float keep1 = s.keep1;
    float share1 = s.share1;
    float keep2 = s.keep2;
    float epsilon = s.epsilon;
    for (int i = 0; i < n; i += LANES) {
      long at = (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(SPECIES, ALL, w + at, ORDER);
      FloatVector gi = FloatVector.fromMemorySegment(SPECIES, ALL, g + at, ORDER).mul(factor);
      if (bound < Float.POSITIVE_INFINITY) {
        gi = gi.blend(bound, gi.compare(GT, bound)).blend(-bound, gi.compare(LT, -bound));
      }
      gi = gi.add(wi.mul(decay));
      FloatVector mi = FloatVector.fromMemorySegment(SPECIES, ALL, a + at, ORDER).mul(keep1);
      mi = mi.add(gi.mul(share1));
      mi = mi.blend(ZERO, mi.abs().compare(LT, MIN_NORMAL));
      mi.intoMemorySegment(ALL, a + at, ORDER);
      FloatVector ui = FloatVector.fromMemorySegment(SPECIES, ALL, b + at, ORDER).mul(keep2);
      ui = ui.max(gi.abs().add(epsilon));
      ui.blend(ZERO, ui.compare(LE, epsilon)).intoMemorySegment(ALL, b + at, ORDER);
      wi.sub(mi.mul(rate).div(ui)).intoMemorySegment(ALL, w + at, ORDER);
    }
  }

  static void nadam(UpdateStep s, long g, long start, int n, float factor, float bound) {
    long w = s.w + start;
    long a = s.a + start;
    long b = s.b + start;
    float rate = s.rate;
    float ahead = s.ahead;
    float decay = s.decay;
    float shrink = s.shrink;
    float keep1 = s.keep1;
    float share1 = s.share1;
    float keep2 = s.keep2;
    float share2 = s.share2;
    float rootScale = s.rootScale;
    float epsilon = s.epsilon;
    float tiny = ScalarUpdates.tiny(share2);
    for (int i = 0; i < n; i += LANES) {
      long at = (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(SPECIES, ALL, w + at, ORDER).mul(shrink);
      FloatVector gi = FloatVector.fromMemorySegment(SPECIES, ALL, g + at, ORDER).mul(factor);
      if (bound < Float.POSITIVE_INFINITY) {
        gi = gi.blend(bound, gi.compare(GT, bound)).blend(-bound, gi.compare(LT, -bound));
      }
      gi = gi.add(wi.mul(decay));
      FloatVector mi = FloatVector.fromMemorySegment(SPECIES, ALL, a + at, ORDER).mul(keep1);
      mi = mi.add(gi.mul(share1));
      mi = mi.blend(ZERO, mi.abs().compare(LT, MIN_NORMAL));
      FloatVector base = gi.blend(ZERO, gi.abs().compare(LT, tiny));
      FloatVector vi = FloatVector.fromMemorySegment(SPECIES, ALL, b + at, ORDER).mul(keep2);
      vi = vi.add(base.mul(share2).mul(base));
      vi = vi.blend(ZERO, vi.compare(LT, MIN_NORMAL));
      mi.intoMemorySegment(ALL, a + at, ORDER);
      vi.intoMemorySegment(ALL, b + at, ORDER);
      FloatVector size = vi.sqrt().mul(rootScale).add(epsilon);
      FloatVector step = gi.mul(ahead).add(mi.mul(rate));
      wi.sub(step.div(size)).intoMemorySegment(ALL, w + at, ORDER);
    }
  }
}
