package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.kernel.LossCall.Loss;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Loss kernels at the ends of the range of floats, and beyond. */
class LossExtremesTest {
  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void close() {
    arena.close();
  }

  static Stream<LossKernels> families() {
    return Stream.of(new ScalarLossKernels(), new VectorLossKernels());
  }

  @ParameterizedTest
  @MethodSource("families")
  void extremeOutputsGiveFiniteLossesAndGradients(LossKernels kernels) {
    float max = Float.MAX_VALUE;
    float[] extremes = {
      max,
      -max,
      1e30f,
      -1e30f,
      88.7f,
      -88.7f,
      88.73f,
      -88.73f,
      103.9f,
      -104.1f,
      69.3f,
      -69.4f,
      0,
      -0f,
      Float.MIN_VALUE,
      -Float.MIN_NORMAL
    };
    for (Loss loss : Loss.values()) {
      LossCall call = LossCall.of(arena, loss, 4, extremes.length * extremes.length, 3);
      for (int i = 0; i < extremes.length; i++) {
        for (int j = 0; j < extremes.length; j++) {
          int c = i * extremes.length + j;
          call.y().set(0, c, extremes[i]);
          call.y().set(3, c, extremes[j]);
          call.labels().setAtIndex(JAVA_INT, c, 3);
          if (loss == Loss.SIGMOID) {
            call.t().set(0, c, j % 2);
          } else {
            call.t().set(3, c, extremes[i]);
          }
        }
      }
      assertTrue(Double.isFinite(call.run(kernels, 1, call.d())), loss + " seed 3");
      for (float[] row : call.d().toArray()) {
        for (float g : row) {
          assertTrue(Float.isFinite(g), loss + " seed 3: gradient " + g);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void softmaxOfExtremesIsExact(LossKernels kernels) {
    Matrix y = Matrix.of(arena, new float[][] {{1e30f, -1e30f, 3e38f}, {-1e30f, 1e30f, -3e38f}});
    MemorySegment labels = arena.allocateFrom(JAVA_INT, 0, 0, 1);
    Matrix d = Matrix.allocate(arena, 2, 3);
    double expected = 2 * (double) 1e30f + 2 * (double) 3e38f;
    assertEquals(expected, kernels.softmaxCrossEntropy(y, labels, null, 0, 1, d));
    assertTrue(Arrays.deepEquals(new float[][] {{0, -1, 1}, {0, 1, -1}}, d.toArray()));
  }

  @ParameterizedTest
  @MethodSource("families")
  void unsoundOutputsGiveUnsoundLossesAndSpareOtherColumns(LossKernels kernels) {
    for (Loss loss : Loss.values()) {
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        for (int r = 0; r < 3; r++) {
          for (int c : new int[] {0, 7, 15, 16, 18}) {
            LossCall sound = LossCall.of(arena, loss, 3, 19, 5);
            LossCall unsound = LossCall.of(arena, loss, 3, 19, 5);
            unsound.y().set(r, c, bad);
            String what = loss + " seed 5, " + bad + " at (" + r + ", " + c + ")";
            sound.run(kernels, 0.1f, sound.d());
            assertFalse(Double.isFinite(unsound.run(kernels, 0.1f, null)), what);
            assertFalse(Double.isFinite(unsound.run(kernels, 0.1f, unsound.d())), what);
            for (int k = 0; k < 3; k++) {
              sound.d().set(k, c, 0);
              unsound.d().set(k, c, 0);
            }
            LossCall.assertSameBits(sound.d(), unsound.d(), what);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void hopelessClassesHaveNoSubnormalGradients(LossKernels kernels) {
    Matrix y = Matrix.allocate(arena, 2, 1300);
    Matrix t = Matrix.allocate(arena, 2, 1300);
    Matrix d = Matrix.allocate(arena, 2, 1300);
    for (int c = 0; c < 1300; c++) {
      y.set(1, c, -c * 0.1f);
    }
    MemorySegment labels = arena.allocate(1300 * 4L, 4);
    DoubleSupplier softmax = () -> kernels.softmaxCrossEntropy(y, labels, null, 0, 0x1p-20f, d);
    for (DoubleSupplier loss :
        List.of(softmax, () -> kernels.sigmoidCrossEntropy(y, t, 0x1p-20f, d))) {
      assertTrue(Double.isFinite(loss.getAsDouble()));
      for (float g : d.toArray()[1]) {
        assertTrue(g == 0 || Math.abs(g) >= Float.MIN_NORMAL, "gradient " + g);
      }
      assertTrue(d.get(1, 1299) == 0, "exp(-129.9) must not");
      assertTrue(d.get(1, 690) != 0, "exp(-69) must count");
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void noColumnsAreNoLoss(LossKernels kernels) {
    for (Loss loss : Loss.values()) {
      LossCall call = LossCall.of(arena, loss, 3, 0, 1);
      assertEquals(0, call.run(kernels, 1, call.d()), loss.toString());
    }
  }
}
