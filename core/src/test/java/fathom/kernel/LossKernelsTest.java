package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.kernel.LossCall.Loss;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Both families of loss kernels, against each other and against {@link DoubleLosses}. */
class LossKernelsTest {
  /** What a float operation may add to the relative error. */
  private static final double U = 0x1p-24;

  private static final int[] CLASSES = {1, 2, 3, 10, 33};
  private static final int[] COLUMNS = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 97};

  private static final LossKernels SCALAR = new ScalarLossKernels();
  private static final LossKernels VECTOR = new VectorLossKernels();

  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void close() {
    arena.close();
  }

  static Stream<LossKernels> families() {
    return Stream.of(SCALAR, VECTOR);
  }

  @ParameterizedTest
  @EnumSource
  void referenceGradientsAreSlopesOfTheReferenceLosses(Loss loss) {
    LossCall call = LossCall.of(arena, loss, 7, 5, 1);
    // Central differences err by h²/6 times the third derivative, which is below 6 W here (W < 2
    // the largest weight), and by the rounding of losses below 200 over 2h.
    double h = 1e-5;
    double tolerance = 2 * h * h + 200 * 0x1p-50 / h;
    for (int c = 0; c < 5; c++) {
      double[] gradient = new double[7];
      call.reference(c, gradient);
      for (int r = 0; r < 7; r++) {
        double[] up = LossCall.column(call.y(), c);
        double[] down = LossCall.column(call.y(), c);
        up[r] += h;
        down[r] -= h;
        double slope =
            (call.reference(up, c, new double[7]) - call.reference(down, c, new double[7]))
                / (2 * h);
        assertEquals(slope, gradient[r], tolerance, loss + " seed 1 at (" + r + ", " + c + ")");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void vectorKernelsComputeTheScalarBits(Loss loss) {
    for (int rows : CLASSES) {
      for (int cols : COLUMNS) {
        long seed = rows * 1000L + cols;
        LossCall scalar = LossCall.of(arena, loss, rows, cols, seed);
        LossCall vector = LossCall.of(arena, loss, rows, cols, seed);
        String what = loss + " " + rows + "x" + cols + " seed " + seed;
        double expected = scalar.run(SCALAR, 0.03f, scalar.d());
        LossCall.assertSameBits(expected, vector.run(VECTOR, 0.03f, vector.d()), what);
        LossCall.assertSameBits(expected, vector.run(VECTOR, 0.03f, null), what + ", loss only");
        LossCall.assertSameBits(expected, scalar.run(SCALAR, 0.03f, null), what + ", loss only");
        LossCall.assertSameBits(scalar.d(), vector.d(), what);
        for (Matrix m : List.of(vector.y(), vector.t(), vector.d(), scalar.d(), vector.weights())) {
          LossCall.assertGuarded(m, what);
        }
        LossCall.assertSameBits(scalar.y(), vector.y(), what + ": outputs must not change");
        LossCall.assertSameBits(
            expected, vector.run(VECTOR, 0.03f, vector.y()), what + ", in place");
        LossCall.assertSameBits(scalar.d(), vector.y(), what + ", in place");
        scalar.run(SCALAR, 0.03f, scalar.y());
        LossCall.assertSameBits(scalar.d(), scalar.y(), what + ", in place");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void lossAndGradientAreThoseOfTheReference(Loss loss) {
    for (LossKernels kernels : List.of(SCALAR, VECTOR)) {
      for (int rows : CLASSES) {
        for (int cols : new int[] {1, 16, 37}) {
          long seed = rows * 1000L + cols;
          assertNearReference(
              kernels, LossCall.of(arena, loss, rows, cols, seed), 0.03f, " seed " + seed);
        }
      }
    }
  }

  private void assertNearReference(LossKernels kernels, LossCall call, float scale, String note) {
    double loss = call.run(kernels, scale, call.d());
    double expected = 0;
    double allowed = 0;
    int rows = call.y().rows();
    String what = kernels.getClass().getSimpleName() + " " + call.loss() + " " + call.y() + note;
    for (int c = 0; c < call.y().cols(); c++) {
      double[] gradient = new double[rows];
      double one = call.reference(c, gradient);
      expected += one;
      // Softmax: the sum of K exponentials, each within 2U (the polynomial) and |x| U (its
      // argument), errs by (K + 2 + ln K) U, since the mean of |x| under the softmax is at most
      // ln K. So does the logarithm, absolutely, and a target's mass is below 2 W = 2.5. All
      // others sum losses that are not negative, each within 2U of its own rounding for a
      // difference of inputs and 5U for exp and log1p.
      double perColumn = call.loss().isSoftmax() ? 2.5 * (rows + 3 + Math.log(rows)) * U : 0;
      allowed += perColumn + 8 * U * one;
      for (int r = 0; r < rows; r++) {
        // p errs by the sum's error and its own exponential's (p |x| < 1), times the mass, and by
        // three roundings; a logistic's q by 8U.
        double bound = call.loss().isSoftmax() ? 2 * perColumn + 8 * U : 10 * U;
        double size = call.loss().isSoftmax() ? 1 : Math.max(1, Math.abs(gradient[r]));
        assertEquals(
            scale * gradient[r],
            call.d().get(r, c),
            bound * size * scale,
            what + " at (" + r + ", " + c + ")");
      }
    }
    assertEquals(expected, loss, allowed, what);
  }

  @ParameterizedTest
  @MethodSource("families")
  void lossesAreAddedColumnByColumn(LossKernels kernels) {
    for (Loss loss : List.of(Loss.SOFTMAX, Loss.SIGMOID, Loss.SQUARED, Loss.ABSOLUTE, Loss.HUBER)) {
      LossCall call = LossCall.of(arena, loss, 10, 97, 7);
      double sum = 0;
      for (int c = 0; c < 97; c++) {
        MemorySegment label = arena.allocate(4, 4);
        label.set(JAVA_INT, 0, call.labels().getAtIndex(JAVA_INT, c));
        Matrix y = call.y();
        Matrix t = call.t();
        LossCall one =
            new LossCall(
                loss,
                new Matrix(y.segment(), y.offset() + c, 10, 1, y.stride()),
                new Matrix(t.segment(), t.offset() + c, 10, 1, t.stride()),
                label,
                call.weights(),
                null);
        sum += one.run(kernels, 1, null);
      }
      LossCall.assertSameBits(sum, call.run(kernels, 1, null), loss + " seed 7");
    }
  }
}
