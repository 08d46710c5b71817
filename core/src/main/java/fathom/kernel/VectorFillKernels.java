package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.VectorThreefry.INTS;
import static fathom.kernel.VectorThreefry.LANES;
import static fathom.kernel.VectorThreefry.NATIVE;
import static fathom.kernel.VectorThreefry.RUN;
import static fathom.kernel.VectorThreefry.VECTOR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.OR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Fills whole groups in vectors, run by run: raw words into the place of the numbers, then one or
 * two passes that turn them, while they are in the first-level cache, into numbers. The ends of a
 * range that are no whole group come from the scalar twin.
 *
 * <p>Vector code that the JVM has not compiled yet is hundreds of times slower than the scalar
 * twin, and takes more than ten million numbers to be compiled. So the twin fills the first million
 * of a process, and then both are watched: of each run, vectors fill a few groups and the twin the
 * others, until vectors have been the faster ones several times in a row. Since the twins write the
 * same bits, only time depends on the choice.
 */
final class VectorFillKernels implements FillKernels {
  /** Groups of a run while both are watched, and how many of them vectors fill. */
  private static final int WATCHED = 64;

  private static final int TRIAL = 2;

  private static final int WINS = 8;

  /** Groups that the scalar twin fills before vectors are tried: about a million numbers. */
  private static final int EARLY = 1 << 14;

  private static final ScalarFillKernels SCALAR = ScalarFillKernels.INSTANCE;

  static final VectorFillKernels INSTANCE = new VectorFillKernels(false);

  private final Race uniform;
  private final Race normal;

  /** With {@code always}, whole groups are filled in vectors from the first call on. */
  VectorFillKernels(boolean always) {
    uniform = new Race(SCALAR::uniform, VectorThreefry.then(new ToUniform()), always);
    normal = new Race(SCALAR::normal, VectorThreefry.then(VectorBoxMuller.passes()), always);
  }

  @Override
  public void constant(MemorySegment x, long base, long from, long to, float value) {
    // The compiler turns this plain loop into vectors by itself, and no slower.
    SCALAR.constant(x, base, from, to, value);
  }

  @Override
  public void uniform(
      MemorySegment x, long base, long from, long to, long seed, long stream, float bound) {
    uniform.fill(x, base, from, to, seed, stream, bound);
  }

  @Override
  public void normal(
      MemorySegment x, long base, long from, long to, long seed, long stream, float sigma) {
    normal.fill(x, base, from, to, seed, stream, sigma);
  }

  /** Numbers of one distribution, by the scalar twin. */
  private interface Twin {
    void fill(MemorySegment x, long base, long from, long to, long seed, long stream, float scale);
  }

  /**
   * The two ways to fill with one distribution. Threads may see the score late or lose a point of
   * it; then the choice falls later.
   */
  private static final class Race {
    private final Twin scalar;
    private final VectorPass[] passes;
    private boolean won;
    private int wins;
    private long seen;

    Race(Twin scalar, VectorPass[] passes, boolean won) {
      this.scalar = scalar;
      this.passes = passes;
      this.won = won;
    }

    void fill(MemorySegment x, long base, long from, long to, long seed, long stream, float scale) {
      long first = from / Threefry.GROUP + (from % Threefry.GROUP == 0 ? 0 : 1);
      long last = Math.max(first, to / Threefry.GROUP);
      long head = Math.min(to, first * Threefry.GROUP);
      scalar.fill(x, base, from, head, seed, stream, scale);
      Threefry generator = new Threefry(seed, stream);
      long start = ScalarFillKernels.start(x, base, from, to);
      int n;
      for (long group = first; group < last; group += n) {
        n = (int) Math.min(won ? RUN : WATCHED, last - group);
        if (won) {
          vectors(start, group, n, generator, scale);
        } else if (seen < EARLY) {
          long end = (group + n) * Threefry.GROUP;
          scalar.fill(x, base, group * Threefry.GROUP, end, seed, stream, scale);
          seen += n;
        } else {
          compare(x, base, start, group, n, generator, seed, stream, scale);
        }
      }
      scalar.fill(x, base, Math.max(head, last * Threefry.GROUP), to, seed, stream, scale);
    }

    private void vectors(long start, long group, int n, Threefry generator, float scale) {
      long at = start + group * Threefry.GROUP * Float.BYTES;
      for (VectorPass pass : passes) {
        pass.run(at, group, n, generator, scale);
      }
    }

    /** Fills a run in both ways, and notes which was faster. */
    private void compare(
        MemorySegment x,
        long base,
        long first,
        long group,
        int n,
        Threefry generator,
        long seed,
        long stream,
        float scale) {
      int trial = Math.min(TRIAL, n);
      long start = System.nanoTime();
      vectors(first, group, trial, generator, scale);
      long half = System.nanoTime();
      long behind = (group + trial) * Threefry.GROUP;
      scalar.fill(x, base, behind, (group + n) * Threefry.GROUP, seed, stream, scale);
      if (trial < n) {
        judge((half - start) * (n - trial), (System.nanoTime() - half) * trial);
      }
    }

    private void judge(long vector, long scalar) {
      wins = vector < scalar ? wins + 1 : 0;
      won = wins >= WINS;
    }
  }

  /** Words become uniform numbers. */
  private record ToUniform() implements VectorPass {
    @Override
    public void run(long at, long group, int groups, Threefry generator, float scale) {
      int n = groups * Threefry.GROUP / LANES;
      for (int i = 0; i < n; i++) {
        long p = at + (long) i * VECTOR;
        IntVector odd = IntVector.fromMemorySegment(INTS, ALL, p, NATIVE).lanewise(OR, 1);
        FloatVector u = ((FloatVector) odd.convert(I2F, 0)).mul(0x1p-31f);
        u.mul(scale).intoMemorySegment(ALL, p, NATIVE);
      }
    }
  }
}
