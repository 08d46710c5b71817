package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static jdk.incubator.vector.VectorOperators.ROL;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link Threefry} for whole groups, as raw words in memory. Lane l of a vector belongs to a
 * counter of its own, so no step crosses lanes and the words are those of the scalar twin.
 *
 * <p>Four rounds are one {@link VectorPass}; all twenty in one loop are more than the compiler
 * takes.
 */
final class VectorThreefry {
  /** The widest vectors of this machine, but no wider than a group has counters. */
  static final VectorSpecies<Integer> INTS =
      IntVector.SPECIES_PREFERRED.length() > Threefry.COUNTERS
          ? IntVector.SPECIES_512
          : IntVector.SPECIES_PREFERRED;

  static final int LANES = INTS.length();

  /** Vectors that hold one word of a group's counters. */
  static final int PARTS = Threefry.COUNTERS / LANES;

  /**
   * Groups of a run: 4 KiB, few enough for the stores of one run to leave for memory beside the
   * arithmetic of the next (10^8 uniform numbers on Zen 4: a tenth faster than 16 KiB).
   */
  static final int RUN = 16;

  /** Bytes of a vector. */
  static final int VECTOR = LANES * Integer.BYTES;

  /** Bytes from a word of a group's counters to the next word. */
  static final int WORD = Threefry.COUNTERS * Integer.BYTES;

  static final ByteOrder NATIVE = ByteOrder.nativeOrder();

  private static final int SHIFT = Integer.numberOfTrailingZeros(PARTS);
  private static final int GROUP_SHIFT =
      Integer.numberOfTrailingZeros(Threefry.GROUP * Integer.BYTES);
  private static final IntVector IOTA = IntVector.zero(INTS).addIndex(1);

  private VectorThreefry() {}

  /** Returns passes that write the words of groups, and then those given. */
  static VectorPass[] then(VectorPass... passes) {
    List<VectorPass> all = new ArrayList<>();
    all.add(new FirstFour());
    for (int s = 2; s <= Threefry.FOURS; s++) {
      all.add(s % 2 == 1 ? new OddFour(s) : new EvenFour(s));
    }
    all.addAll(List.of(passes));
    return all.toArray(new VectorPass[0]);
  }

  private static long place(long at, int i) {
    return at + ((long) (i >> SHIFT) << GROUP_SHIFT) + (long) (i & (PARTS - 1)) * VECTOR;
  }

  private static IntVector load(long place) {
    return IntVector.fromMemorySegment(INTS, ALL, place, NATIVE);
  }

  private static IntVector turn(IntVector y, int bits, IntVector x) {
    return y.lanewise(ROL, bits).lanewise(XOR, x);
  }

  /**
   * The first four rounds and injection, straight from the counters. Before the first round words
   * 1, 2 and 3 are the same for all lanes, so that what concerns them alone is done once.
   */
  private record FirstFour() implements VectorPass {
    @Override
    public void run(long at, long group, int groups, Threefry generator, float scale) {
      int k0 = generator.injected(1, 0);
      int k1 = generator.injected(1, 1);
      int k2 = generator.injected(1, 2);
      int k3 = generator.injected(1, 3);
      int low = generator.injected(0, 0);
      int high = generator.injected(0, 1);
      int sum = generator.injected(0, 2) + generator.injected(0, 3);
      int mixed = Integer.rotateLeft(generator.injected(0, 3), 26) ^ sum;
      int turned = Integer.rotateLeft(mixed, 11);
      int n = groups * PARTS;
      for (int i = 0; i < n; i++) {
        long p = place(at, i);
        long c = group * Threefry.COUNTERS + (long) i * LANES;
        int word = (int) (c >>> 32) + high;
        IntVector x0 = IOTA.add((int) c + low + word);
        IntVector x1 = x0.lanewise(XOR, Integer.rotateLeft(word, 10));
        x0 = x0.add(mixed);
        IntVector x3 = x0.lanewise(XOR, turned);
        IntVector x2 = x1.add(sum);
        x1 = turn(x1, 21, x2);
        x0 = x0.add(x1);
        x1 = turn(x1, 13, x0);
        x2 = x2.add(x3);
        x3 = turn(x3, 27, x2);
        x0 = x0.add(x3);
        x3 = turn(x3, 23, x0);
        x2 = x2.add(x1);
        x1 = turn(x1, 5, x2);
        x0.add(k0).intoMemorySegment(ALL, p, NATIVE);
        x1.add(k1).intoMemorySegment(ALL, p + WORD, NATIVE);
        x2.add(k2).intoMemorySegment(ALL, p + 2 * WORD, NATIVE);
        x3.add(k3).intoMemorySegment(ALL, p + 3 * WORD, NATIVE);
      }
    }
  }

  /** Four rounds and the s-th injection, for odd s. */
  private record OddFour(int s) implements VectorPass {
    @Override
    public void run(long at, long group, int groups, Threefry generator, float scale) {
      int k0 = generator.injected(s, 0);
      int k1 = generator.injected(s, 1);
      int k2 = generator.injected(s, 2);
      int k3 = generator.injected(s, 3);
      int n = groups * PARTS;
      for (int i = 0; i < n; i++) {
        long p = place(at, i);
        IntVector x0 = load(p);
        IntVector x1 = load(p + WORD);
        IntVector x2 = load(p + 2 * WORD);
        IntVector x3 = load(p + 3 * WORD);
        x0 = x0.add(x1);
        x1 = turn(x1, 10, x0);
        x2 = x2.add(x3);
        x3 = turn(x3, 26, x2);
        x0 = x0.add(x3);
        x3 = turn(x3, 11, x0);
        x2 = x2.add(x1);
        x1 = turn(x1, 21, x2);
        x0 = x0.add(x1);
        x1 = turn(x1, 13, x0);
        x2 = x2.add(x3);
        x3 = turn(x3, 27, x2);
        x0 = x0.add(x3);
        x3 = turn(x3, 23, x0);
        x2 = x2.add(x1);
        x1 = turn(x1, 5, x2);
        x0.add(k0).intoMemorySegment(ALL, p, NATIVE);
        x1.add(k1).intoMemorySegment(ALL, p + WORD, NATIVE);
        x2.add(k2).intoMemorySegment(ALL, p + 2 * WORD, NATIVE);
        x3.add(k3).intoMemorySegment(ALL, p + 3 * WORD, NATIVE);
      }
    }
  }

  /** Four rounds and the s-th injection, for even s. */
  private record EvenFour(int s) implements VectorPass {
    @Override
    public void run(long at, long group, int groups, Threefry generator, float scale) {
      int k0 = generator.injected(s, 0);
      int k1 = generator.injected(s, 1);
      int k2 = generator.injected(s, 2);
      int k3 = generator.injected(s, 3);
      int n = groups * PARTS;
      for (int i = 0; i < n; i++) {
        long p = place(at, i);
        IntVector x0 = load(p);
        IntVector x1 = load(p + WORD);
        IntVector x2 = load(p + 2 * WORD);
        IntVector x3 = load(p + 3 * WORD);
        x0 = x0.add(x1);
        x1 = turn(x1, 6, x0);
        x2 = x2.add(x3);
        x3 = turn(x3, 20, x2);
        x0 = x0.add(x3);
        x3 = turn(x3, 17, x0);
        x2 = x2.add(x1);
        x1 = turn(x1, 11, x2);
        x0 = x0.add(x1);
        x1 = turn(x1, 25, x0);
        x2 = x2.add(x3);
        x3 = turn(x3, 10, x2);
        x0 = x0.add(x3);
        x3 = turn(x3, 18, x0);
        x2 = x2.add(x1);
        x1 = turn(x1, 20, x2);
        x0.add(k0).intoMemorySegment(ALL, p, NATIVE);
        x1.add(k1).intoMemorySegment(ALL, p + WORD, NATIVE);
        x2.add(k2).intoMemorySegment(ALL, p + 2 * WORD, NATIVE);
        x3.add(k3).intoMemorySegment(ALL, p + 3 * WORD, NATIVE);
      }
    }
  }
}
