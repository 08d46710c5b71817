package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What update kernels keep where numbers are very small, zero, or none. */
class UpdateMomentsTest {
  private static final int N = 33;
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void close() {
    arena.close();
  }

  static Stream<UpdateKernels> families() {
    return Stream.of(new ScalarUpdateKernels(), new VectorUpdateKernels());
  }

  private MemorySegment filled(float value) {
    MemorySegment x = arena.allocate(N * Float.BYTES, 64);
    for (int i = 0; i < N; i++) {
      x.setAtIndex(JAVA_FLOAT, i, value);
    }
    return x;
  }

  /** Returns a step of common numbers on w, a, b, c. */
  private static UpdateStep step(MemorySegment... s) {
    UpdateStep step = new UpdateStep(s[0], Arrays.asList(s).subList(1, s.length));
    step.mean(0.9f).squares(0.999f);
    step.rate = 1e-3f;
    step.epsilon = 1e-8f;
    return step;
  }

  private static void assertAll(float expected, MemorySegment x, String what) {
    for (int i = 0; i < N; i++) {
      assertEquals(expected, x.getAtIndex(JAVA_FLOAT, i), what + " at " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void theFirstStepDoesNotReadTheVelocity(UpdateKernels kernels) {
    MemorySegment w = filled(1);
    MemorySegment v = filled(Float.NaN);
    UpdateStep s = step(w, v);
    s.rate = 0.25f;
    s.first = true;
    kernels.update(Update.MOMENTUM, s, filled(2), 0, 0, N, 1, INFINITY);
    assertAll(2, v, "velocity");
    assertAll(0.5f, w, "parameter");
  }

  /** Without gradients, everything that is kept fades to zero and is never subnormal. */
  @ParameterizedTest
  @MethodSource("families")
  void whatIsKeptFadesToZeroAndIsNeverSubnormal(UpdateKernels kernels) {
    for (Update update : Update.values()) {
      MemorySegment[] kept = {filled(0), filled(0), filled(0)};
      for (int i = 0; i < N; i++) {
        for (MemorySegment x : kept) {
          // Near the end of the way: 0.999^t passes 2^-126 by t = 87,300 if it starts at 1.
          x.setAtIndex(JAVA_FLOAT, i, Float.MIN_NORMAL * (1.5f + i));
        }
      }
      UpdateStep s = step(filled(1), kept[0], kept[1], kept[2]);
      MemorySegment g = filled(0);
      for (int step = 0; step < 5000; step++) {
        kernels.update(update, s, g, 0, 0, N, 1, INFINITY);
        for (int m = 0; m < update.moments(); m++) {
          for (int i = 0; i < N; i++) {
            float x = Math.abs(kept[m].getAtIndex(JAVA_FLOAT, i));
            assertTrue(x == 0 || x >= Float.MIN_NORMAL, update + " step " + step + ": " + x);
          }
        }
      }
      // AMSGrad's largest mean of squares stays for ever.
      for (int m = 0; m < (update == Update.AMSGRAD ? 2 : update.moments()); m++) {
        assertAll(0, kept[m], update + " keeps " + m);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void squaresTooSmallForAFloatMoveNothing(UpdateKernels kernels) {
    MemorySegment w = filled(0);
    MemorySegment v = filled(0);
    UpdateStep s = step(w, filled(0), v);
    kernels.update(Update.ADAM, s, filled(1e-20f), 0, 0, N, 1, INFINITY);
    assertAll(0, v, "v");
    // m = 1e-21, divided by the epsilon alone; three roundings.
    assertEquals(-1e-16, w.get(JAVA_FLOAT, 0), 3 * 0x1p-23 * 1e-16);
  }

  /** Rounding must not make a root of a negative number: a gradient that never changes. */
  @ParameterizedTest
  @MethodSource("families")
  void theVarianceOfOneGradientIsNotNegative(UpdateKernels kernels) {
    for (float value : new float[] {0.1f, 0.7f, 3, 1e10f, 1e-18f}) {
      MemorySegment w = filled(0);
      MemorySegment g = filled(value);
      UpdateStep s = step(w, filled(0), filled(0), filled(0));
      s.squares(0.9f).rate = 1e-20f;
      for (int step = 0; step < 500; step++) {
        kernels.update(Update.RMSPROP_CENTERED, s, g, 0, 0, N, 1, INFINITY);
        float x = w.get(JAVA_FLOAT, 0);
        assertTrue(x < 0, "gradient " + value + " step " + step + ": " + x);
      }
    }
  }

  /** A b of epsilon alone is kept as zero, and the step after it is the same. */
  @ParameterizedTest
  @MethodSource("families")
  void adaMaxKeepsZeroForEpsilon(UpdateKernels kernels) {
    MemorySegment w = filled(0);
    MemorySegment m = filled(0);
    MemorySegment u = filled(0);
    MemorySegment g = filled(0);
    UpdateStep s = step(w, m, u);
    s.epsilon = 0.25f;
    kernels.update(Update.ADAMAX, s, g, 0, 0, N, 1, INFINITY);
    assertAll(0, u, "u");
    assertAll(0, w, "w");
    g.copyFrom(filled(0.5f));
    kernels.update(Update.ADAMAX, s, g, 0, 0, N, 1, INFINITY);
    assertAll(0.75f, u, "u");
  }

  @ParameterizedTest
  @MethodSource("families")
  void lionStepsByTheSignAlone(UpdateKernels kernels) {
    float[] gradients = {1e-30f, -1e30f, 0, -0f, Float.NaN, INFINITY, -INFINITY};
    float[] expected = {-0.5f, 0.5f, 0, 0, Float.NaN, -0.5f, 0.5f};
    for (int k = 0; k < gradients.length; k++) {
      MemorySegment w = filled(0);
      UpdateStep s = step(w, filled(0));
      s.rate = 0.5f;
      kernels.update(Update.LION, s, filled(gradients[k]), 0, 0, N, 1, INFINITY);
      assertAll(expected[k], w, "gradient " + gradients[k]);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void clippedGradientsKeepTheirSignAndNoNumberStaysNone(UpdateKernels kernels) {
    for (float g : List.of(-8f, -0.5f, 0f, 0.5f, 8f, INFINITY, -INFINITY, Float.NaN)) {
      MemorySegment w = filled(0);
      UpdateStep s = step(w);
      s.rate = 1;
      kernels.update(Update.SGD, s, filled(g), 0, 0, N, 0.5f, 2);
      float clipped = Float.isNaN(g) ? g : Math.max(-2, Math.min(2, g / 2));
      assertAll(0 - clipped, w, "gradient " + g);
    }
  }
}
