package fathom.kernel;

import static fathom.kernel.ScalarTallyKernels.BLOCK;
import static fathom.kernel.ScalarTallyKernels.PARTS;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;
import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Tallies in whole registers, with the bits of {@link ScalarTallyKernels}: a register holds some of
 * the partial sums of a block, and the loop runs down the block for these. Counting by exponents
 * stays scalar: no vector operation counts lanes that may be alike.
 */
final class VectorTallyKernels implements TallyKernels {
  private static final VectorSpecies<Double> D =
      VectorSpecies.of(double.class, SPECIES.vectorShape());

  /** Brings the upper half of the lanes down. */
  private static final VectorShuffle<Float> UPPER = VectorShuffle.iota(SPECIES, LANES / 2, 1, true);

  private final TallyKernels scalar = new ScalarTallyKernels();

  @Override
  public double sum(MemorySegment x, long from, long to) {
    double total = 0;
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      int even = n - n % PARTS;
      long start = i * Float.BYTES;
      double sum = 0;
      for (int part = 0; part < PARTS; part += LANES) {
        sum = addParts(x, start, part, even, sum);
      }
      total += ScalarTallyKernels.rest(x, start, even, n, sum);
    }
    return total;
  }

  /** Adds the sums of as many parts as a register holds, from {@code part} on. */
  private static double addParts(MemorySegment x, long start, int part, int n, double total) {
    DoubleVector low = DoubleVector.zero(D);
    DoubleVector high = DoubleVector.zero(D);
    for (int i = part; i < n; i += PARTS) {
      long at = start + (long) i * Float.BYTES;
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, x, at, ORDER);
      low = low.add(v.convertShape(F2D, D, 0));
      high = high.add(v.rearrange(UPPER).convertShape(F2D, D, 0));
    }
    return VectorLossKernels.addLanes(total, low, high);
  }

  @Override
  public double squaredDistance(MemorySegment x, MemorySegment y, long from, long to) {
    double total = 0;
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      int even = n - n % PARTS;
      long start = i * Float.BYTES;
      double sum = 0;
      for (int part = 0; part < PARTS; part += LANES) {
        sum = addSquares(x, y, start, part, even, sum);
      }
      total += ScalarTallyKernels.rest(x, y, start, even, n, sum);
    }
    return total;
  }

  private static double addSquares(
      MemorySegment x, MemorySegment y, long start, int part, int n, double total) {
    DoubleVector low = DoubleVector.zero(D);
    DoubleVector high = DoubleVector.zero(D);
    for (int i = part; i < n; i += PARTS) {
      long at = start + (long) i * Float.BYTES;
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, x, at, ORDER);
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, y, at, ORDER);
      DoubleVector d = (DoubleVector) w.convertShape(F2D, D, 0);
      d = d.sub(v.convertShape(F2D, D, 0));
      low = low.add(d.mul(d));
      d = (DoubleVector) w.rearrange(UPPER).convertShape(F2D, D, 0);
      d = d.sub(v.rearrange(UPPER).convertShape(F2D, D, 0));
      high = high.add(d.mul(d));
    }
    return VectorLossKernels.addLanes(total, low, high);
  }

  @Override
  public boolean isZero(MemorySegment x, long from, long to) {
    long end = to - (to - from) % LANES;
    for (long i = from; i < end; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, x, i * Float.BYTES, ORDER);
      if (v.compare(NE, 0).anyTrue()) {
        return false;
      }
    }
    return scalar.isZero(x, end, to);
  }

  @Override
  public long outside(MemorySegment x, long from, long to, float low, float high) {
    long found = 0;
    long end = to - (to - from) % LANES;
    for (long i = from; i < end; i += BLOCK) {
      found += outside(x, i * Float.BYTES, (int) Math.min(BLOCK, end - i), low, high);
    }
    return found + scalar.outside(x, end, to, low, high);
  }

  private static int outside(MemorySegment x, long start, int n, float low, float high) {
    int found = 0;
    for (int i = 0; i < n; i += LANES) {
      long at = start + (long) i * Float.BYTES;
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, x, at, ORDER);
      found += v.compare(LE, low).trueCount() + v.compare(GE, high).trueCount();
    }
    return found;
  }

  @Override
  public long inside(MemorySegment x, long from, long to, float low, float high) {
    long found = 0;
    long end = to - (to - from) % LANES;
    for (long i = from; i < end; i += BLOCK) {
      found += inside(x, i * Float.BYTES, (int) Math.min(BLOCK, end - i), low, high);
    }
    return found + scalar.inside(x, end, to, low, high);
  }

  private static int inside(MemorySegment x, long start, int n, float low, float high) {
    int found = 0;
    for (int i = 0; i < n; i += LANES) {
      long at = start + (long) i * Float.BYTES;
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, x, at, ORDER);
      found += v.compare(GT, low).and(v.compare(LT, high)).trueCount();
    }
    return found;
  }

  @Override
  public void exponents(MemorySegment x, long from, long to, int[] counts) {
    scalar.exponents(x, from, to, counts);
  }
}
