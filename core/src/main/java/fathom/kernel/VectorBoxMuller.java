package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.VectorThreefry.INTS;
import static fathom.kernel.VectorThreefry.NATIVE;
import static fathom.kernel.VectorThreefry.PARTS;
import static fathom.kernel.VectorThreefry.VECTOR;
import static fathom.kernel.VectorThreefry.WORD;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.OR;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link BoxMuller} for groups of raw words, in place: words 0 and 2 are radii, 1 and 3 angles. */
final class VectorBoxMuller {
  private static final VectorSpecies<Float> FLOATS = INTS.withLanes(float.class);
  private static final int SHIFT = Integer.numberOfTrailingZeros(PARTS);
  private static final int PAIR_SHIFT = Integer.numberOfTrailingZeros(2 * WORD);

  private VectorBoxMuller() {}

  /** Returns passes that turn words into normal numbers. */
  static VectorPass[] passes() {
    return new VectorPass[] {new Radii(), new Turn()};
  }

  private static long place(long at, int i) {
    return at + ((long) (i >> SHIFT) << PAIR_SHIFT) + (long) (i & (PARTS - 1)) * VECTOR;
  }

  private static FloatVector toFloat(IntVector v) {
    return (FloatVector) v.convert(I2F, 0);
  }

  private static FloatVector fma(FloatVector a, FloatVector b, float c) {
    return a.fma(b, FloatVector.broadcast(FLOATS, c));
  }

  private static FloatVector fma(FloatVector a, float b, float c) {
    return a.fma(FloatVector.broadcast(FLOATS, b), FloatVector.broadcast(FLOATS, c));
  }

  private static FloatVector logarithm(FloatVector u) {
    IntVector bits = u.reinterpretAsInts();
    IntVector e = bits.sub(BoxMuller.TWO_THIRDS).lanewise(ASHR, 23);
    FloatVector f = bits.sub(e.lanewise(LSHL, 23)).reinterpretAsFloats().sub(1f);
    FloatVector q = fma(f, BoxMuller.L7, BoxMuller.L6);
    q = fma(q, f, BoxMuller.L5);
    q = fma(q, f, BoxMuller.L4);
    q = fma(q, f, BoxMuller.L3);
    q = fma(q, f, BoxMuller.L2);
    q = fma(q, f, BoxMuller.L1);
    q = fma(q, f, BoxMuller.L0);
    FloatVector ln = f.mul(f).fma(q, f);
    return toFloat(e).fma(FloatVector.broadcast(FLOATS, BoxMuller.LN_2), ln);
  }

  private static FloatVector sineOverT(FloatVector y) {
    FloatVector p = fma(y, BoxMuller.S4, BoxMuller.S3);
    p = fma(p, y, BoxMuller.S2);
    p = fma(p, y, BoxMuller.S1);
    return fma(p, y, BoxMuller.S0);
  }

  private static FloatVector cosine(FloatVector t, FloatVector y) {
    FloatVector p = fma(y, BoxMuller.C4, BoxMuller.C3);
    p = fma(p, y, BoxMuller.C2);
    p = fma(p, y, BoxMuller.C1);
    p = fma(p, y, 1f);
    return p.mul(fma(t.mul(-4f), t, 1f));
  }

  /** Words 0 and 2 become radii with a sign. */
  private record Radii() implements VectorPass {
    @Override
    public void run(long at, long group, int groups, Threefry generator, float scale) {
      int n = groups * 2 * PARTS;
      int sigma = Float.floatToRawIntBits(scale);
      for (int i = 0; i < n; i++) {
        long p = place(at, i);
        IntVector word = IntVector.fromMemorySegment(INTS, ALL, p, NATIVE);
        FloatVector signed = word.lanewise(LSHL, 31).lanewise(XOR, sigma).reinterpretAsFloats();
        FloatVector u = fma(toFloat(word.lanewise(LSHR, 1)), 0x1p-31f, 0x1p-32f);
        logarithm(u).mul(-2f).sqrt().mul(signed).intoMemorySegment(ALL, p, NATIVE);
      }
    }
  }

  /** Radii and the words behind them become pairs of numbers. */
  private record Turn() implements VectorPass {
    @Override
    public void run(long at, long group, int groups, Threefry generator, float scale) {
      int n = groups * 2 * PARTS;
      for (int i = 0; i < n; i++) {
        long p = place(at, i);
        FloatVector r = FloatVector.fromMemorySegment(FLOATS, ALL, p, NATIVE);
        IntVector word = IntVector.fromMemorySegment(INTS, ALL, p + WORD, NATIVE);
        FloatVector t = toFloat(word.lanewise(OR, 1)).mul(0x1p-32f);
        FloatVector y = t.mul(t);
        r.mul(cosine(t, y)).intoMemorySegment(ALL, p, NATIVE);
        r.mul(sineOverT(y).mul(t)).intoMemorySegment(ALL, p + WORD, NATIVE);
      }
    }
  }
}
