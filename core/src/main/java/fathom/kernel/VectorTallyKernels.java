package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.ScalarTallyKernels.BLOCK;
import static fathom.kernel.ScalarTallyKernels.PARTS;
import static fathom.kernel.VectorDoubles.D;
import static fathom.kernel.VectorDoubles.UPPER;
import static fathom.kernel.VectorDoubles.addLanes;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Tallies in whole registers, with the bits of {@link ScalarTallyKernels}: a register holds some of
 * the partial sums of a block, and the loop runs down the block for these. No vector operation
 * counts lanes that may be alike, so exponents are counted one after the other: there are few that
 * any number has.
 */
final class VectorTallyKernels implements TallyKernels {
  private static final VectorSpecies<Integer> I =
      VectorSpecies.of(int.class, SPECIES.vectorShape());
  private static final VectorSpecies<Byte> B = VectorSpecies.of(byte.class, SPECIES.vectorShape());

  /** Bytes of a register, which are exponents of four registers of numbers. */
  private static final int PACK = B.length();

  private static final long REGISTER = PACK;

  /** What part of a block is counted one by one sooner than by whole registers. */
  private static final int FEW = 256;

  private final TallyKernels scalar = new ScalarTallyKernels();

  @Override
  public void moments(MemorySegment x, long from, long to, double[] sums, int at) {
    long address = NativeMemory.address(x, from, to);
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      int even = n - n % PARTS;
      long start = address + i * Float.BYTES;
      for (int part = 0; part < PARTS && part < even; part += LANES) {
        addParts(start, part, even, sums, at);
      }
      ScalarTallyKernels.rest(start, even, n, sums, at);
    }
  }

  /** Adds the sums of as many parts as a register holds, from {@code part} on. */
  private static void addParts(long start, int part, int n, double[] sums, int at) {
    DoubleVector low = DoubleVector.zero(D);
    DoubleVector high = DoubleVector.zero(D);
    DoubleVector lowSquares = DoubleVector.zero(D);
    DoubleVector highSquares = DoubleVector.zero(D);
    for (int i = part; i < n; i += PARTS) {
      long place = start + (long) i * Float.BYTES;
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, place, ORDER);
      DoubleVector d = (DoubleVector) v.convertShape(F2D, D, 0);
      low = low.add(d);
      // A square is exact, so that it makes no difference that it is not rounded.
      lowSquares = d.fma(d, lowSquares);
      d = (DoubleVector) v.rearrange(UPPER).convertShape(F2D, D, 0);
      high = high.add(d);
      highSquares = d.fma(d, highSquares);
    }
    sums[at] = addLanes(sums[at], low, high);
    sums[at + 1] = addLanes(sums[at + 1], lowSquares, highSquares);
  }

  @Override
  public void changes(
      MemorySegment x, long first, MemorySegment y, long from, long to, double[] sums, int at) {
    long xAddress = NativeMemory.address(x, from - first, to - first);
    long address = NativeMemory.address(y, from, to);
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      int even = n - n % PARTS;
      long start = address + i * Float.BYTES;
      long xStart = xAddress + (i - first) * Float.BYTES;
      for (int part = 0; part < PARTS && part < even; part += LANES) {
        addChanges(xStart, start, part, even, sums, at);
      }
      ScalarTallyKernels.rest(xStart, start, even, n, sums, at);
    }
  }

  private static void addChanges(long xStart, long start, int part, int n, double[] sums, int at) {
    DoubleVector lowSquares = DoubleVector.zero(D);
    DoubleVector highSquares = DoubleVector.zero(D);
    DoubleVector low = DoubleVector.zero(D);
    DoubleVector high = DoubleVector.zero(D);
    for (int i = part; i < n; i += PARTS) {
      long place = (long) i * Float.BYTES;
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, xStart + place, ORDER);
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, start + place, ORDER);
      DoubleVector xi = (DoubleVector) v.convertShape(F2D, D, 0);
      DoubleVector d = (DoubleVector) w.convertShape(F2D, D, 0);
      d = d.sub(xi);
      lowSquares = xi.fma(xi, lowSquares);
      low = d.fma(d, low);
      xi = (DoubleVector) v.rearrange(UPPER).convertShape(F2D, D, 0);
      d = (DoubleVector) w.rearrange(UPPER).convertShape(F2D, D, 0);
      d = d.sub(xi);
      highSquares = xi.fma(xi, highSquares);
      high = d.fma(d, high);
    }
    sums[at] = addLanes(sums[at], lowSquares, highSquares);
    sums[at + 1] = addLanes(sums[at + 1], low, high);
  }

  @Override
  public boolean isZero(MemorySegment x, long from, long to) {
    long address = NativeMemory.address(x, from, to);
    long end = to - (to - from) % LANES;
    for (long i = from; i < end; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, address + i * Float.BYTES, ORDER);
      if (v.compare(NE, 0).anyTrue()) {
        return false;
      }
    }
    return scalar.isZero(x, end, to);
  }

  @Override
  public long outside(MemorySegment x, long from, long to, float low, float high) {
    long address = NativeMemory.address(x, from, to);
    long found = 0;
    long end = to - (to - from) % LANES;
    for (long i = from; i < end; i += BLOCK) {
      found += outside(address + i * Float.BYTES, (int) Math.min(BLOCK, end - i), low, high);
    }
    return found + scalar.outside(x, end, to, low, high);
  }

  private static int outside(long start, int n, float low, float high) {
    int found = 0;
    for (int i = 0; i < n; i += LANES) {
      long at = start + (long) i * Float.BYTES;
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, at, ORDER);
      found += v.compare(LE, low).trueCount() + v.compare(GE, high).trueCount();
    }
    return found;
  }

  @Override
  public long inside(MemorySegment x, long from, long to, float low, float high) {
    long address = NativeMemory.address(x, from, to);
    long found = 0;
    long end = to - (to - from) % LANES;
    for (long i = from; i < end; i += BLOCK) {
      found += inside(address + i * Float.BYTES, (int) Math.min(BLOCK, end - i), low, high);
    }
    return found + scalar.inside(x, end, to, low, high);
  }

  private static int inside(long start, int n, float low, float high) {
    int found = 0;
    for (int i = 0; i < n; i += LANES) {
      long at = start + (long) i * Float.BYTES;
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, ALL, at, ORDER);
      found += v.compare(GT, low).and(v.compare(LT, high)).trueCount();
    }
    return found;
  }

  @Override
  public void exponents(MemorySegment x, long from, long to, long[] counts, byte[] room) {
    long address = NativeMemory.address(x, from, to);
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      int even = n - n % PACK;
      long start = address + i * Float.BYTES;
      if (even > 0) {
        count(room, even, pack(start, even, room), counts);
      }
      ScalarTallyKernels.count(start + (long) even * Float.BYTES, n - even, counts);
    }
  }

  /**
   * Writes the exponents of n numbers over the room, a byte each, less 128 and in any order, so
   * that later passes see four times as many at once. Returns the largest.
   */
  private static int pack(long start, int n, byte[] room) {
    ByteVector most = ByteVector.broadcast(B, Byte.MIN_VALUE);
    for (int i = 0; i < n; i += PACK) {
      long at = start + (long) i * Float.BYTES;
      IntVector a = IntVector.fromMemorySegment(I, ALL, at, ORDER);
      IntVector b = IntVector.fromMemorySegment(I, ALL, at + REGISTER, ORDER);
      IntVector c = IntVector.fromMemorySegment(I, ALL, at + 2 * REGISTER, ORDER);
      IntVector d = IntVector.fromMemorySegment(I, ALL, at + 3 * REGISTER, ORDER);
      a = a.lanewise(LSHR, 23).and(0xff).or(b.lanewise(LSHR, 15).and(0xff00));
      c = c.lanewise(LSHR, 7).and(0xff0000).or(d.lanewise(LSHL, 1).and(0xff000000));
      ByteVector packed = a.or(c).lanewise(XOR, 0x80808080).reinterpretAsBytes();
      most = most.max(packed);
      packed.intoArray(room, i);
    }
    return most.reduceLanes(MAX);
  }

  /** Counts zeros, then from the largest exponent down, and the few that are left one by one. */
  private static void count(byte[] room, int n, int most, long[] counts) {
    int zeros = equal(room, n, Byte.MIN_VALUE);
    counts[0] += zeros;
    int left = n - zeros;
    int e = most + 128;
    for (; left > n / FEW; e -= 4) {
      left -= countFour(room, n, e, counts);
    }
    if (left > 0) {
      countRest(room, n, e, counts);
    }
  }

  /** Counts exponents from e down to 1. */
  private static void countRest(byte[] room, int n, int e, long[] counts) {
    ByteVector value = ByteVector.broadcast(B, e - 128);
    for (int i = 0; i < n; i += PACK) {
      ByteVector x = ByteVector.fromArray(B, room, i);
      long found = x.compare(LE, value).and(x.compare(GT, Byte.MIN_VALUE)).toLong();
      for (; found != 0; found &= found - 1) {
        counts[room[i + Long.numberOfTrailingZeros(found)] + 128]++;
      }
    }
  }

  private static int equal(byte[] room, int n, byte value) {
    int found = 0;
    for (int i = 0; i < n; i += PACK) {
      found += ByteVector.fromArray(B, room, i).compare(EQ, value).trueCount();
    }
    return found;
  }

  /** Counts exponents e to e - 3 but 0, and returns how many there are. */
  private static int countFour(byte[] room, int n, int e, long[] counts) {
    ByteVector value = ByteVector.broadcast(B, e - 128);
    ByteVector second = value.sub((byte) 1);
    ByteVector third = value.sub((byte) 2);
    ByteVector fourth = value.sub((byte) 3);
    int a = 0;
    int b = 0;
    int c = 0;
    int d = 0;
    for (int i = 0; i < n; i += PACK) {
      ByteVector x = ByteVector.fromArray(B, room, i);
      a += x.compare(EQ, value).trueCount();
      b += x.compare(EQ, second).trueCount();
      c += x.compare(EQ, third).trueCount();
      d += x.compare(EQ, fourth).trueCount();
    }
    return add(a, e, counts)
        + add(b, e - 1, counts)
        + add(c, e - 2, counts)
        + add(d, e - 3, counts);
  }

  /** Zeros are counted, and below them a byte starts over. */
  private static int add(int found, int e, long[] counts) {
    if (e < 1) {
      return 0;
    }
    counts[e] += found;
    return found;
  }
}
