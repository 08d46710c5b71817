package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Both families of update kernels, against each other and against their definitions in double. */
class UpdateKernelsTest {
  private static final int[] SIZES = {0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 97, 1000, 65_573};
  private static final UpdateKernels SCALAR = new ScalarUpdateKernels();
  private static final UpdateKernels VECTOR = new VectorUpdateKernels();
  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void close() {
    arena.close();
  }

  static Stream<UpdateCase> cases() {
    return UpdateCase.all();
  }

  /**
   * Parameters, gradients, and averages as rules may find them: the first and the second are above
   * zero, and the square of the third is below the first.
   */
  private MemorySegment[] tensors(long n, Random random) {
    MemorySegment[] tensors = new MemorySegment[5];
    for (int t = 0; t < 5; t++) {
      tensors[t] = arena.allocate(Math.max(1, n) * Float.BYTES, 64);
      for (long i = 0; i < n; i++) {
        float x = (float) random.nextGaussian();
        tensors[t].setAtIndex(JAVA_FLOAT, i, t < 2 ? x : t < 4 ? x * x + 0.1f : 0.3f / (1 + x * x));
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
  @MethodSource("cases")
  void vectorKernelsComputeTheScalarBitsAndNothingBesides(UpdateCase rule) {
    for (int n : SIZES) {
      for (int from : n > 1000 ? new int[] {5} : new int[] {0, 1, 5, 16}) {
        String what = rule + " on [" + from + ", " + (from + n) + ") seed " + n;
        MemorySegment[] scalar = tensors(from + n + 40, new Random(n));
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
  @MethodSource("cases")
  void vectorKernelsComputeTheScalarBitsOfUnusualNumbers(UpdateCase rule) {
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
    Random random = new Random(1);
    MemorySegment[] scalar = tensors(n, random);
    for (int i = 0; i < n; i++) {
      int digits = i;
      for (int t = 0; t < 4; t++) {
        scalar[t].setAtIndex(JAVA_FLOAT, i, unusual[digits % k]);
        digits /= k;
      }
      scalar[4].setAtIndex(JAVA_FLOAT, i, unusual[random.nextInt(k)]);
    }
    MemorySegment[] vector = copy(scalar);
    rule.apply(SCALAR, scalar, 0, n);
    rule.apply(VECTOR, vector, 0, n);
    assertSameBits(scalar, vector, rule + " seed 1");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void anyCutOfARangeGivesTheSameBits(UpdateCase rule) {
    Random random = new Random(11);
    MemorySegment[] whole = tensors(5000, random);
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
  @MethodSource("cases")
  void oneStepIsThatOfTheDefinition(UpdateCase rule) {
    for (UpdateKernels kernels : List.of(SCALAR, VECTOR)) {
      MemorySegment[] before = tensors(1003, new Random(5));
      MemorySegment[] after = copy(before);
      rule.apply(kernels, after, 0, 1003);
      for (int i = 0; i < 1003; i++) {
        double[] old = new double[5];
        for (int t = 0; t < 5; t++) {
          old[t] = before[t].getAtIndex(JAVA_FLOAT, i);
        }
        Rounded[] expected = rule.reference(old[0], old[1], old[2], old[3], old[4]);
        String what = rule + " seed 5 at " + i;
        assertEquals(old[1], after[1].getAtIndex(JAVA_FLOAT, i), what);
        for (int t = 0; t < 4; t++) {
          float actual = after[t == 0 ? 0 : t + 1].getAtIndex(JAVA_FLOAT, i);
          double tolerance = expected[t].error();
          assertEquals(expected[t].value(), actual, tolerance, what + ", tensor " + t);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void zerosStayZeros(UpdateCase rule) {
    for (UpdateKernels kernels : List.of(SCALAR, VECTOR)) {
      MemorySegment[] zeros = tensors(37, new Random(1));
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

  /** Moves the origin back by billions of elements, so that high indices hit a small array. */
  @ParameterizedTest
  @MethodSource("cases")
  @SuppressWarnings("restricted")
  void indicesPassTwoToThe31(UpdateCase rule) {
    long far = (1L << 31) - 50;
    for (UpdateKernels kernels : List.of(SCALAR, VECTOR)) {
      MemorySegment[] near = tensors(133, new Random(8));
      MemorySegment[] small = copy(near);
      MemorySegment[] large = new MemorySegment[5];
      for (int t = 0; t < 5; t++) {
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

  @ParameterizedTest
  @MethodSource("cases")
  void gradientsMayLieElsewhere(UpdateCase rule) {
    Random random = new Random(12);
    MemorySegment[] expected = tensors(300, random);
    for (UpdateKernels kernels : List.of(SCALAR, VECTOR)) {
      MemorySegment[] near = copy(expected);
      MemorySegment[] apart = copy(expected);
      MemorySegment elsewhere = apart[1].asSlice(101 * Float.BYTES, 133 * Float.BYTES);
      rule.apply(kernels, near, 103, 234);
      rule.apply(kernels, apart, elsewhere, 101, 103, 234);
      assertSameBits(near, apart, rule + " seed 12");
    }
  }

  @Test
  void scalingHasTheSameBits() {
    for (int n : SIZES) {
      MemorySegment[] scalar = tensors(n + 40, new Random(n));
      MemorySegment[] vector = copy(scalar);
      MemorySegment[] before = copy(scalar);
      SCALAR.scale(scalar[0], 5, 5 + n, 0.3f);
      VECTOR.scale(vector[0], 5, 5 + n, 0.3f);
      assertSameBits(scalar, vector, "seed " + n);
      for (int i = 0; i < n + 40; i++) {
        float x = before[0].getAtIndex(JAVA_FLOAT, i);
        float expected = i >= 5 && i < 5 + n ? 0.3f * x : x;
        assertEquals(expected, scalar[0].getAtIndex(JAVA_FLOAT, i), "seed " + n + " at " + i);
      }
    }
  }
}
