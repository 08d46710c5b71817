package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** A matrix among numbers that nobody may touch: before it, between its rows and behind it. */
final class Guarded {
  private static final int MARK = 0x7fc5a5a5;
  private static final int MARGIN = 37;

  private static final float[] SPECIAL = {
    0f,
    -0f,
    1,
    -1,
    3,
    -3,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    1e-40f,
    -1e-40f,
    Float.MIN_NORMAL,
    1e-20f,
    -1e-20f,
    20,
    -20,
    -88,
    -87.7f,
    -104,
    100,
    -13.3f,
    -10.02f,
    1e30f,
    -1e30f,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN
  };

  final Matrix matrix;
  private final MemorySegment segment;

  /** Allocates, with {@code gap} elements between rows. */
  Guarded(Arena arena, int rows, int cols, int gap) {
    long size = 2L * MARGIN + (long) rows * (cols + gap);
    segment = arena.allocate(size * Float.BYTES, 64);
    for (long i = 0; i < size; i++) {
      segment.setAtIndex(JAVA_INT, i, MARK);
    }
    matrix = new Matrix(segment, MARGIN, rows, cols, cols + gap);
  }

  /** Fills with normal numbers of a few standard deviations. */
  Guarded normal(Random random, double sigma) {
    for (int r = 0; r < matrix.rows(); r++) {
      for (int c = 0; c < matrix.cols(); c++) {
        matrix.set(r, c, (float) (sigma * random.nextGaussian()));
      }
    }
    return this;
  }

  /** Replaces about every fourth number by a special one or one of random bits. */
  Guarded special(Random random) {
    for (int r = 0; r < matrix.rows(); r++) {
      for (int c = 0; c < matrix.cols(); c++) {
        int k = random.nextInt(4 * SPECIAL.length);
        if (k < SPECIAL.length) {
          matrix.set(r, c, k % 2 == 0 ? SPECIAL[k] : SPECIAL[random.nextInt(SPECIAL.length)]);
        } else if (k == SPECIAL.length) {
          matrix.set(r, c, Float.intBitsToFloat(random.nextInt()));
        }
      }
    }
    return this;
  }

  /** Copies the numbers of another one of the same shape. */
  Guarded copy(Guarded source) {
    matrix.copyFrom(source.matrix);
    return this;
  }

  /** Asserts that the surroundings are as they were. */
  void assertUntouched(String what) {
    long size = segment.byteSize() / Float.BYTES;
    for (long i = 0; i < size; i++) {
      if (!inside(i)) {
        assertEquals(MARK, segment.getAtIndex(JAVA_INT, i), what + " wrote to element " + i);
      }
    }
  }

  /** Asserts equal bits in all of some rows; every NaN equals every other. */
  void assertSame(Guarded want, int from, int to, String what) {
    for (int r = from; r < to; r++) {
      for (int c = 0; c < matrix.cols(); c++) {
        float x = matrix.get(r, c);
        float y = want.matrix.get(r, c);
        if (Float.floatToIntBits(x) != Float.floatToIntBits(y)) {
          assertEquals(y, x, what + " at (" + r + ", " + c + ")");
        }
      }
    }
  }

  private boolean inside(long i) {
    long at = i - MARGIN;
    return at >= 0
        && matrix.stride() > 0
        && at / matrix.stride() < matrix.rows()
        && at % matrix.stride() < matrix.cols();
  }
}
