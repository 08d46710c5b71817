package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;

/** Inputs of one call of a loss, in strided memory full of guards. */
record LossCall(Loss loss, Matrix y, Matrix t, MemorySegment labels, Matrix weights, Matrix d) {
  private static final float GUARD = -12345.5f;
  private static final float DELTA = 1.25f;

  enum Loss {
    SOFTMAX,
    SMOOTHED,
    WEIGHTED,
    WEIGHTED_SMOOTHED,
    SIGMOID,
    SQUARED,
    ABSOLUTE,
    HUBER;

    boolean isSoftmax() {
      return this == SOFTMAX || this == SMOOTHED || isWeighted();
    }

    float smoothing() {
      return this == SMOOTHED || this == WEIGHTED_SMOOTHED ? 0.2f : 0;
    }

    boolean isWeighted() {
      return this == WEIGHTED || this == WEIGHTED_SMOOTHED;
    }
  }

  static LossCall of(Arena arena, Loss loss, int rows, int cols, long seed) {
    Random random = new Random(seed);
    LossCall call =
        new LossCall(
            loss,
            guarded(arena, rows, cols),
            guarded(arena, rows, cols),
            arena.allocate(cols * 4L, 4),
            guarded(arena, rows, 1),
            guarded(arena, rows, cols));
    for (int r = 0; r < rows; r++) {
      call.weights.set(r, 0, 0.25f + random.nextFloat());
      for (int c = 0; c < cols; c++) {
        call.y.set(r, c, (float) random.nextGaussian() * 4);
        call.t.set(r, c, loss == Loss.SIGMOID ? random.nextFloat() : (float) random.nextGaussian());
        call.d.set(r, c, Float.NaN);
      }
    }
    for (int c = 0; c < cols; c++) {
      call.labels.setAtIndex(JAVA_INT, c, random.nextInt(rows));
    }
    return call;
  }

  static Matrix guarded(Arena arena, int rows, int cols) {
    int stride = cols + 3;
    long size = 5 + (long) rows * stride + 64;
    MemorySegment segment = arena.allocate(size * Float.BYTES, 64);
    for (long i = 0; i < size; i++) {
      segment.setAtIndex(JAVA_FLOAT, i, GUARD);
    }
    return new Matrix(segment, 5, rows, cols, stride);
  }

  double run(LossKernels kernels, float scale, Matrix gradient) {
    return switch (loss) {
      case SIGMOID -> kernels.sigmoidCrossEntropy(y, t, scale, gradient);
      case SQUARED -> kernels.squaredError(y, t, scale, gradient);
      case ABSOLUTE -> kernels.absoluteError(y, t, scale, gradient);
      case HUBER -> kernels.huber(y, t, DELTA, scale, gradient);
      default ->
          kernels.softmaxCrossEntropy(
              y, labels, loss.isWeighted() ? weights : null, loss.smoothing(), scale, gradient);
    };
  }

  /** Returns the reference's loss of column c, adding the gradient to d. */
  double reference(int c, double[] gradient) {
    return reference(column(y, c), c, gradient);
  }

  double reference(double[] outputs, int c, double[] gradient) {
    double[] targets = column(t, c);
    double[] ones = new double[y.rows()];
    Arrays.fill(ones, 1);
    return switch (loss) {
      case SIGMOID -> DoubleLosses.sigmoidCrossEntropy(outputs, targets, gradient);
      case SQUARED -> DoubleLosses.squaredError(outputs, targets, gradient);
      case ABSOLUTE -> DoubleLosses.absoluteError(outputs, targets, gradient);
      case HUBER -> DoubleLosses.huber(outputs, targets, DELTA, gradient);
      default ->
          DoubleLosses.softmaxCrossEntropy(
              outputs,
              labels.getAtIndex(JAVA_INT, c),
              loss.isWeighted() ? column(weights, 0) : ones,
              loss.smoothing(),
              gradient);
    };
  }

  static void assertGuarded(Matrix m, String what) {
    long size = m.segment().byteSize() / Float.BYTES;
    for (long i = 0; i < size; i++) {
      long r = (i - m.offset()) / m.stride();
      long c = (i - m.offset()) % m.stride();
      boolean inside = i >= m.offset() && r < m.rows() && c < m.cols();
      if (!inside && m.segment().getAtIndex(JAVA_FLOAT, i) != GUARD) {
        fail(what + ": guard " + i);
      }
    }
  }

  static double[] column(Matrix m, int c) {
    double[] column = new double[m.rows()];
    for (int r = 0; r < column.length; r++) {
      column[r] = m.get(r, c);
    }
    return column;
  }

  static void assertSameBits(Matrix expected, Matrix actual, String what) {
    for (int r = 0; r < expected.rows(); r++) {
      for (int c = 0; c < expected.cols(); c++) {
        float e = expected.get(r, c);
        float a = actual.get(r, c);
        // Canonical bits: all NaNs are one.
        if (Float.floatToIntBits(e) != Float.floatToIntBits(a)) {
          fail(what + " at (" + r + ", " + c + "): " + e + ", " + a);
        }
      }
    }
  }

  static void assertSameBits(double expected, double actual, String what) {
    assertEquals(Double.doubleToLongBits(expected), Double.doubleToLongBits(actual), what);
  }
}
