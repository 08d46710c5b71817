package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Both families of update kernels, against each other and against their definitions in double. */
class UpdateKernelsTest {
  private static final int[] SIZES = {0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 97, 1000, 65_573};
  private static final UpdateKernels SCALAR = new ScalarUpdateKernels();
  private static final UpdateKernels VECTOR = new VectorUpdateKernels();
  private static final float RATE = 0.01f;
  private static final float DECAY = 0.03f;

  enum Rule {
    SGD,
    MOMENTUM_FIRST,
    MOMENTUM,
    NESTEROV_FIRST,
    NESTEROV,
    ADAM,
    ADAMW,
    SCALE;

    void apply(UpdateKernels kernels, MemorySegment[] s, long from, long to) {
      switch (this) {
        case SGD -> kernels.sgd(s[0], s[1], from, to, RATE, DECAY);
        case MOMENTUM_FIRST ->
            kernels.momentum(s[0], s[1], s[2], from, to, RATE, 0.9f, 0.1f, DECAY, false, true);
        case MOMENTUM ->
            kernels.momentum(s[0], s[1], s[2], from, to, RATE, 0.9f, 0.1f, DECAY, false, false);
        case NESTEROV_FIRST ->
            kernels.momentum(s[0], s[1], s[2], from, to, RATE, 0.9f, 0, DECAY, true, true);
        case NESTEROV ->
            kernels.momentum(s[0], s[1], s[2], from, to, RATE, 0.9f, 0, DECAY, true, false);
        case ADAM -> adam(kernels, s, from, to, DECAY, 1);
        case ADAMW -> adam(kernels, s, from, to, 0, 0.97f);
        case SCALE -> kernels.scale(s[0], from, to, 0.3f);
      }
    }

    private static void adam(
        UpdateKernels kernels, MemorySegment[] s, long from, long to, float decay, float shrink) {
      kernels.adam(
          s[0], s[1], s[2], s[3], from, to, RATE, 1.5f, 0.9f, 0.999f, 1e-8f, decay, shrink);
    }

    /** Returns w, m or v, and v after the step, in double precision. */
    double[] reference(double w, double g, double m, double v) {
      double decayed = g + DECAY * w;
      double fresh = 0.9f * m + (1.0 - 0.1f) * decayed;
      double plain = 0.9f * m + decayed;
      return switch (this) {
        case SGD -> new double[] {w - RATE * decayed, m, v};
        case MOMENTUM_FIRST -> new double[] {w - RATE * decayed, decayed, v};
        case MOMENTUM -> new double[] {w - RATE * fresh, fresh, v};
        case NESTEROV_FIRST -> new double[] {w - RATE * (decayed + 0.9f * decayed), decayed, v};
        case NESTEROV -> new double[] {w - RATE * (decayed + 0.9f * plain), plain, v};
        case ADAM -> adam(w, decayed, m, v);
        case ADAMW -> adam(0.97f * w, g, m, v);
        case SCALE -> new double[] {0.3f * w, m, v};
      };
    }

    private static double[] adam(double w, double g, double m, double v) {
      double first = 0.9f * m + (1.0 - 0.9f) * g;
      double second = 0.999f * v + (1.0 - 0.999f) * g * g;
      return new double[] {w - RATE * first / (Math.sqrt(second) * 1.5 + 1e-8f), first, second};
    }
  }

  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void close() {
    arena.close();
  }

  static Stream<UpdateKernels> families() {
    return Stream.of(SCALAR, VECTOR);
  }

  /** Parameters, gradients, first and second moments (which are not negative). */
  private MemorySegment[] tensors(long n, Random random, float scale) {
    MemorySegment[] tensors = new MemorySegment[4];
    for (int t = 0; t < 4; t++) {
      tensors[t] = arena.allocate(Math.max(1, n) * Float.BYTES, 64);
      for (long i = 0; i < n; i++) {
        float x = (float) random.nextGaussian() * scale;
        tensors[t].setAtIndex(JAVA_FLOAT, i, t == 3 ? x * x : x);
      }
    }
    return tensors;
  }

  private MemorySegment[] copy(MemorySegment[] tensors) {
    MemorySegment[] copies = new MemorySegment[tensors.length];
    for (int t = 0; t < tensors.length; t++) {
      copies[t] = arena.allocate(tensors[t].byteSize(), 64).copyFrom(tensors[t]);
    }
    return copies;
  }

  private static void assertSameBits(
      MemorySegment[] expected, MemorySegment[] actual, String what) {
    for (int t = 0; t < expected.length; t++) {
      for (long i = 0; i < expected[t].byteSize() / Float.BYTES; i++) {
        float e = expected[t].getAtIndex(JAVA_FLOAT, i);
        float a = actual[t].getAtIndex(JAVA_FLOAT, i);
        // Canonical bits: all NaNs are one.
        if (Float.floatToIntBits(e) != Float.floatToIntBits(a)) {
          fail(what + ": tensor " + t + " at " + i + ": " + e + ", " + a);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void vectorKernelsComputeTheScalarBitsAndNothingBesides(Rule rule) {
    for (int n : SIZES) {
      for (int from : n > 1000 ? new int[] {5} : new int[] {0, 1, 5, 16}) {
        String what = rule + " on [" + from + ", " + (from + n) + ") seed " + n;
        MemorySegment[] scalar = tensors(from + n + 40, new Random(n), 1);
        MemorySegment[] vector = copy(scalar);
        MemorySegment[] before = copy(scalar);
        rule.apply(SCALAR, scalar, from, from + n);
        rule.apply(VECTOR, vector, from, from + n);
        assertSameBits(scalar, vector, what);
        for (MemorySegment[] tensors : List.of(scalar, before)) {
          for (MemorySegment tensor : tensors) {
            tensor.asSlice(from * 4L, n * 4L).fill((byte) 0);
          }
        }
        assertSameBits(before, scalar, what + ", outside");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void vectorKernelsComputeTheScalarBitsOfUnusualNumbers(Rule rule) {
    float[] unusual = {
      0,
      -0f,
      Float.MIN_VALUE,
      -Float.MIN_VALUE,
      Float.MIN_NORMAL,
      -1.5f * Float.MIN_NORMAL,
      1e-30f,
      3e-18f,
      -1e-20f,
      1e25f,
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN,
      1
    };
    int k = unusual.length;
    int n = k * k * k * k;
    MemorySegment[] scalar = tensors(n, new Random(1), 1);
    for (int i = 0; i < n; i++) {
      int digits = i;
      for (MemorySegment tensor : scalar) {
        tensor.setAtIndex(JAVA_FLOAT, i, unusual[digits % k]);
        digits /= k;
      }
    }
    MemorySegment[] vector = copy(scalar);
    rule.apply(SCALAR, scalar, 0, n);
    rule.apply(VECTOR, vector, 0, n);
    assertSameBits(scalar, vector, rule.toString());
  }

  @ParameterizedTest
  @EnumSource
  void anyCutOfARangeGivesTheSameBits(Rule rule) {
    Random random = new Random(11);
    MemorySegment[] whole = tensors(5000, random, 1);
    for (UpdateKernels kernels : List.of(SCALAR, VECTOR)) {
      MemorySegment[] expected = copy(whole);
      rule.apply(kernels, expected, 3, 4990);
      for (int round = 0; round < 5; round++) {
        MemorySegment[] cut = copy(whole);
        int[] cuts = random.ints(7, 3, 4990).sorted().toArray();
        int from = 3;
        for (int to : cuts) {
          rule.apply(kernels, cut, from, to);
          from = to;
        }
        rule.apply(kernels, cut, from, 4990);
        assertSameBits(expected, cut, rule + " seed 11, cut at " + Arrays.toString(cuts));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void oneStepIsThatOfTheDefinition(Rule rule) {
    for (UpdateKernels kernels : List.of(SCALAR, VECTOR)) {
      MemorySegment[] before = tensors(1003, new Random(5), 1);
      MemorySegment[] after = copy(before);
      rule.apply(kernels, after, 0, 1003);
      for (int i = 0; i < 1003; i++) {
        double w = before[0].getAtIndex(JAVA_FLOAT, i);
        double g = before[1].getAtIndex(JAVA_FLOAT, i);
        double m = before[2].getAtIndex(JAVA_FLOAT, i);
        double v = before[3].getAtIndex(JAVA_FLOAT, i);
        double[] expected = rule.reference(w, g, m, v);
        // Each value is a chain of at most ten roundings, each of 2^-24 of the largest term met.
        double size = Math.max(1, Math.abs(w) + 2 * Math.abs(g) + Math.abs(m) + v + g * g);
        String what = rule + " seed 5 at " + i;
        double tolerance = 10 * 0x1p-24 * size;
        assertEquals(expected[0], after[0].getAtIndex(JAVA_FLOAT, i), tolerance, what);
        assertEquals(g, after[1].getAtIndex(JAVA_FLOAT, i), what);
        assertEquals(expected[1], after[2].getAtIndex(JAVA_FLOAT, i), tolerance, what);
        assertEquals(expected[2], after[3].getAtIndex(JAVA_FLOAT, i), tolerance, what);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void zerosStayZeros(Rule rule) {
    for (UpdateKernels kernels : List.of(SCALAR, VECTOR)) {
      MemorySegment[] zeros = tensors(37, new Random(1), 0);
      MemorySegment[] expected = copy(zeros);
      for (MemorySegment[] tensors : List.of(zeros, expected)) {
        for (MemorySegment tensor : tensors) {
          tensor.fill((byte) 0);
        }
      }
      rule.apply(kernels, zeros, 0, 37);
      assertSameBits(expected, zeros, rule.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void theFirstStepDoesNotReadTheVelocity(UpdateKernels kernels) {
    MemorySegment[] clean = tensors(37, new Random(2), 1);
    MemorySegment[] poisoned = copy(clean);
    for (int i = 0; i < 37; i++) {
      poisoned[2].setAtIndex(JAVA_FLOAT, i, Float.NaN);
    }
    Rule.MOMENTUM_FIRST.apply(kernels, clean, 0, 37);
    Rule.MOMENTUM_FIRST.apply(kernels, poisoned, 0, 37);
    assertSameBits(clean, poisoned, "seed 2");
  }

  @ParameterizedTest
  @MethodSource("families")
  void momentsDecayToZeroAndAreNeverSubnormal(UpdateKernels kernels) {
    MemorySegment[] s = tensors(33, new Random(3), 1);
    s[1].fill((byte) 0);
    // 0.9^t passes 2^-126 by t = 830, 0.999^t by t = 87,300; start v near the end of its way.
    for (int i = 0; i < 33; i++) {
      s[3].setAtIndex(JAVA_FLOAT, i, Float.MIN_NORMAL * (1.5f + i));
    }
    MemorySegment[] velocity = copy(s);
    for (int step = 0; step < 5000; step++) {
      kernels.adam(s[0], s[1], s[2], s[3], 0, 33, 1e-3f, 1, 0.9f, 0.999f, 1e-8f, 0, 1);
      kernels.momentum(velocity[0], s[1], velocity[2], 0, 33, 0, 0.9f, 0, 0, false, false);
      for (MemorySegment moment : List.of(s[2], s[3], velocity[2])) {
        for (int i = 0; i < 33; i++) {
          float x = Math.abs(moment.getAtIndex(JAVA_FLOAT, i));
          assertTrue(x == 0 || x >= Float.MIN_NORMAL, "step " + step + ": " + x);
        }
      }
    }
    for (MemorySegment moment : List.of(s[2], s[3], velocity[2])) {
      for (int i = 0; i < 33; i++) {
        assertTrue(moment.getAtIndex(JAVA_FLOAT, i) == 0, "seed 3 at " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void squaresTooSmallForAFloatMoveNothing(UpdateKernels kernels) {
    MemorySegment[] s = tensors(1, new Random(4), 0);
    s[1].set(JAVA_FLOAT, 0, 1e-20f);
    kernels.adam(s[0], s[1], s[2], s[3], 0, 1, 1e-3f, 1, 0.9f, 0.999f, 1e-8f, 0, 1);
    assertEquals(0, s[3].get(JAVA_FLOAT, 0));
    // m = 1e-21, divided by the epsilon alone; three roundings.
    float step = -s[0].get(JAVA_FLOAT, 0);
    assertEquals(1e-16, step, 3 * 0x1p-23 * 1e-16);
  }

  /** Moves the origin back by billions of elements, so that high indices hit a small array. */
  @ParameterizedTest
  @EnumSource
  @SuppressWarnings("restricted")
  void indicesPassTwoToThe31(Rule rule) {
    long far = (1L << 31) - 50;
    for (UpdateKernels kernels : List.of(SCALAR, VECTOR)) {
      MemorySegment[] near = tensors(133, new Random(8), 1);
      MemorySegment[] small = copy(near);
      MemorySegment[] large = new MemorySegment[4];
      for (int t = 0; t < 4; t++) {
        long origin = small[t].address() - far * Float.BYTES;
        large[t] = MemorySegment.ofAddress(origin).reinterpret((far + 133) * Float.BYTES);
      }
      rule.apply(kernels, near, 0, 133);
      rule.apply(kernels, large, far, far + 133);
      assertSameBits(near, small, rule + " seed 8");
      double sum = kernels.sumOfSquares(near[0], 0, 133);
      assertEquals(sum, kernels.sumOfSquares(large[0], far, far + 133), "seed 8");
    }
  }
}
