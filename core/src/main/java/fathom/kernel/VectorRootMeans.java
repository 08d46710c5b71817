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

/**
 * Whole registers of the rules that divide by a mean of squares; twins are in {@link
 * ScalarUpdates}.
 */
final class VectorRootMeans {
  private VectorRootMeans() {}

  static void rmsprop(UpdateStep s, long g, long start, int n, float factor, float bound) {
    long w = s.w + start;
    long a = s.a + start;
    float rate = s.rate;
    float decay = s.decay;
    float keep2 = s.keep2;
    float share2 = s.share2;
    float epsilon = s.epsilon;
    float tiny = ScalarUpdates.tiny(share2);
    for (int i = 0; i < n; i += LANES) {
      long at = (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(SPECIES, ALL, w + at, ORDER);
      FloatVector gi = FloatVector.fromMemorySegment(SPECIES, ALL, g + at, ORDER).mul(factor);
      if (bound < Float.POSITIVE_INFINITY) {
        gi = gi.blend(bound, gi.compare(GT, bound)).blend(-bound, gi.compare(LT, -bound));
      }
      gi = gi.add(wi.mul(decay));
      FloatVector base = gi.blend(ZERO, gi.abs().compare(LT, tiny));
      FloatVector vi = FloatVector.fromMemorySegment(SPECIES, ALL, a + at, ORDER).mul(keep2);
      vi = vi.add(base.mul(share2).mul(base));
      vi = vi.blend(ZERO, vi.compare(LT, MIN_NORMAL));
      vi.intoMemorySegment(ALL, a + at, ORDER);
      FloatVector size = vi.sqrt().add(epsilon);
      wi.sub(gi.mul(rate).div(size)).intoMemorySegment(ALL, w + at, ORDER);
    }
  }

  static void rmspropMomentum(UpdateStep s, long g, long start, int n, float factor, float bound) {
    long w = s.w + start;
    long a = s.a + start;
    long b = s.b + start;
    float rate = s.rate;
    float decay = s.decay;
    float keep1 = s.keep1;
    float keep2 = s.keep2;
    float share2 = s.share2;
    float epsilon = s.epsilon;
    float tiny = ScalarUpdates.tiny(share2);
    for (int i = 0; i < n; i += LANES) {
      long at = (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(SPECIES, ALL, w + at, ORDER);
      FloatVector gi = FloatVector.fromMemorySegment(SPECIES, ALL, g + at, ORDER).mul(factor);
      if (bound < Float.POSITIVE_INFINITY) {
        gi = gi.blend(bound, gi.compare(GT, bound)).blend(-bound, gi.compare(LT, -bound));
      }
      gi = gi.add(wi.mul(decay));
      FloatVector base = gi.blend(ZERO, gi.abs().compare(LT, tiny));
      FloatVector vi = FloatVector.fromMemorySegment(SPECIES, ALL, a + at, ORDER).mul(keep2);
      vi = vi.add(base.mul(share2).mul(base));
      vi = vi.blend(ZERO, vi.compare(LT, MIN_NORMAL));
      vi.intoMemorySegment(ALL, a + at, ORDER);
      FloatVector bi = FloatVector.fromMemorySegment(SPECIES, ALL, b + at, ORDER).mul(keep1);
      bi = bi.add(gi.div(vi.sqrt().add(epsilon)));
      bi = bi.blend(ZERO, bi.abs().compare(LT, MIN_NORMAL));
      bi.intoMemorySegment(ALL, b + at, ORDER);
      wi.sub(bi.mul(rate)).intoMemorySegment(ALL, w + at, ORDER);
    }
  }

  static void rmspropCentered(UpdateStep s, long g, long start, int n, float factor, float bound) {
    long w = s.w + start;
    long a = s.a + start;
    long b = s.b + start;
    long c = s.c + start;
    float rate = s.rate;
    float decay = s.decay;
    float keep1 = s.keep1;
    float keep2 = s.keep2;
    float share2 = s.share2;
    float epsilon = s.epsilon;
    float tiny = ScalarUpdates.tiny(share2);
    for (int i = 0; i < n; i += LANES) {
      long at = (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(SPECIES, ALL, w + at, ORDER);
      FloatVector gi = FloatVector.fromMemorySegment(SPECIES, ALL, g + at, ORDER).mul(factor);
      if (bound < Float.POSITIVE_INFINITY) {
        gi = gi.blend(bound, gi.compare(GT, bound)).blend(-bound, gi.compare(LT, -bound));
      }
      gi = gi.add(wi.mul(decay));
      FloatVector base = gi.blend(ZERO, gi.abs().compare(LT, tiny));
      FloatVector vi = FloatVector.fromMemorySegment(SPECIES, ALL, a + at, ORDER).mul(keep2);
      vi = vi.add(base.mul(share2).mul(base));
      vi = vi.blend(ZERO, vi.compare(LT, MIN_NORMAL));
      vi.intoMemorySegment(ALL, a + at, ORDER);
      FloatVector mi = FloatVector.fromMemorySegment(SPECIES, ALL, c + at, ORDER).mul(keep2);
      mi = mi.add(gi.mul(share2));
      mi = mi.blend(ZERO, mi.abs().compare(LT, MIN_NORMAL));
      mi.intoMemorySegment(ALL, c + at, ORDER);
      base = mi.blend(ZERO, mi.abs().compare(LT, ScalarUpdates.TINY));
      FloatVector variance = vi.sub(base.mul(base));
      variance = variance.blend(ZERO, variance.compare(LT, ZERO));
      FloatVector bi = FloatVector.fromMemorySegment(SPECIES, ALL, b + at, ORDER).mul(keep1);
      bi = bi.add(gi.div(variance.sqrt().add(epsilon)));
      bi = bi.blend(ZERO, bi.abs().compare(LT, MIN_NORMAL));
      bi.intoMemorySegment(ALL, b + at, ORDER);
      wi.sub(bi.mul(rate)).intoMemorySegment(ALL, w + at, ORDER);
    }
  }

  static void adadelta(UpdateStep s, long g, long start, int n, float factor, float bound) {
    long w = s.w + start;
    long a = s.a + start;
    long b = s.b + start;
    float rate = s.rate;
    float decay = s.decay;
    float keep2 = s.keep2;
    float share2 = s.share2;
    float epsilon = s.epsilon;
    float tiny = ScalarUpdates.tiny(share2);
    for (int i = 0; i < n; i += LANES) {
      long at = (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(SPECIES, ALL, w + at, ORDER);
      FloatVector gi = FloatVector.fromMemorySegment(SPECIES, ALL, g + at, ORDER).mul(factor);
      if (bound < Float.POSITIVE_INFINITY) {
        gi = gi.blend(bound, gi.compare(GT, bound)).blend(-bound, gi.compare(LT, -bound));
      }
      gi = gi.add(wi.mul(decay));
      FloatVector base = gi.blend(ZERO, gi.abs().compare(LT, tiny));
      FloatVector vi = FloatVector.fromMemorySegment(SPECIES, ALL, a + at, ORDER).mul(keep2);
      vi = vi.add(base.mul(share2).mul(base));
      vi = vi.blend(ZERO, vi.compare(LT, MIN_NORMAL));
      vi.intoMemorySegment(ALL, a + at, ORDER);
      FloatVector ui = FloatVector.fromMemorySegment(SPECIES, ALL, b + at, ORDER);
      FloatVector step = ui.add(epsilon).sqrt().div(vi.add(epsilon).sqrt()).mul(gi);
      base = step.blend(ZERO, step.abs().compare(LT, tiny));
      ui = ui.mul(keep2).add(base.mul(share2).mul(base));
      ui = ui.blend(ZERO, ui.compare(LT, MIN_NORMAL));
      ui.intoMemorySegment(ALL, b + at, ORDER);
      wi.sub(step.mul(rate)).intoMemorySegment(ALL, w + at, ORDER);
    }
  }
}
