package fathom.kernel;

import static fathom.kernel.VectorMath.checkAllocated;

import fathom.matrix.Matrix;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Normalization by vectors, with the bits of {@link ScalarNormKernels} of as many lanes. Columns
 * that do not fill a vector are left to that twin. Mapped files are refused.
 *
 * <p>Loops are called through handles that C2 does not know as constants and so does not inline, as
 * in {@link VectorLoop}.
 */
final class VectorNormKernels implements NormKernels {
  /** Elements of rows that are to stay in the first cache from one loop to the next: 16 KiB. */
  private static final int CHUNK = 4096;

  private final MethodHandle meanLoop = rows("mean", Matrix.class, Matrix.class);
  private final MethodHandle varianceLoop =
      rows("variance", Matrix.class, Matrix.class, Matrix.class);
  private final MethodHandle centerLoop =
      rows("center", Matrix.class, Matrix.class, Matrix.class, Matrix.class, float.class);
  private final MethodHandle productLoop =
      rows("product", Matrix.class, Matrix.class, Matrix.class);
  private final MethodHandle scaleLoop = rows("scale", Matrix.class, Matrix.class, Matrix.class);
  private final MethodHandle correctLoop =
      rows(
          "correct",
          Matrix.class,
          Matrix.class,
          Matrix.class,
          Matrix.class,
          float.class,
          Matrix.class,
          Matrix.class);
  private final MethodHandle addLoop = flat("add", long.class, float.class, long.class, long.class);
  private final MethodHandle multiplyLoop = flat("multiply", long.class, long.class);
  private final MethodHandle columnLoop =
      apart(
          VectorNormColumns.class,
          "standardize",
          Matrix.class,
          Matrix.class,
          Matrix.class,
          float.class,
          int.class,
          int.class);
  private final MethodHandle columnBackwardLoop =
      apart(
          VectorNormColumns.class,
          "backward",
          Matrix.class,
          Matrix.class,
          Matrix.class,
          int.class,
          int.class);

  /** A loop over rows from one to another. */
  private static MethodHandle rows(String name, Class<?>... arguments) {
    MethodType type = MethodType.methodType(void.class, arguments);
    return apart(VectorNormRows.class, name, type.appendParameterTypes(int.class, int.class));
  }

  /** A loop over a number of elements. */
  private static MethodHandle flat(String name, Class<?>... arguments) {
    MethodType type = MethodType.methodType(void.class, arguments);
    return apart(VectorNormRows.class, name, type.appendParameterTypes(long.class));
  }

  private static MethodHandle apart(Class<?> owner, String name, Class<?>... arguments) {
    return apart(owner, name, MethodType.methodType(void.class, arguments));
  }

  private static MethodHandle apart(Class<?> owner, String name, MethodType type) {
    try {
      return MethodHandles.lookup().findStatic(owner, name, type);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static RuntimeException thrown(Throwable t) {
    if (t instanceof Error e) {
      throw e;
    }
    return t instanceof RuntimeException e ? e : new IllegalStateException(t);
  }

  /** Returns how many rows to take from loop to loop. */
  private static int chunk(Matrix z) {
    return Math.max(1, CHUNK / Math.max(1, z.cols()));
  }

  @Override
  public void standardizeRows(
      Matrix z, Matrix x, Matrix mean, Matrix variance, float epsilon, int from, int to) {
    checkRows(z, z, false, from, to);
    checkRows(z, x, true, from, to);
    checkColumn(mean, true, from, to);
    checkColumn(variance, true, from, to);
    int chunk = chunk(z);
    for (int r = from; r < to; r += chunk) {
      int end = Math.min(to, r + chunk);
      try {
        meanLoop.invokeExact(z, mean, r, end);
        varianceLoop.invokeExact(z, mean, variance, r, end);
        centerLoop.invokeExact(z, x, mean, variance, epsilon, r, end);
      } catch (Throwable t) {
        throw thrown(t);
      }
    }
  }

  @Override
  public void scaleRows(Matrix x, Matrix scale, Matrix y, int from, int to) {
    checkRows(x, x, false, from, to);
    checkRows(x, y, true, from, to);
    checkColumn(scale, false, from, to);
    try {
      scaleLoop.invokeExact(x, scale, y, from, to);
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  @Override
  public void batchNormBackward(
      Matrix x,
      Matrix d,
      Matrix gamma,
      Matrix variance,
      float epsilon,
      Matrix dGamma,
      Matrix dBeta,
      int from,
      int to) {
    checkRows(d, x, false, from, to);
    checkRows(d, d, true, from, to);
    checkColumn(gamma, false, from, to);
    checkColumn(variance, false, from, to);
    checkColumn(dGamma, true, from, to);
    checkColumn(dBeta, false, from, to);
    int chunk = chunk(d);
    for (int r = from; r < to; r += chunk) {
      int end = Math.min(to, r + chunk);
      try {
        productLoop.invokeExact(d, x, dGamma, r, end);
        correctLoop.invokeExact(x, d, gamma, variance, epsilon, dGamma, dBeta, r, end);
      } catch (Throwable t) {
        throw thrown(t);
      }
    }
  }

  @Override
  public void scaleBackward(Matrix x, Matrix d, Matrix gamma, Matrix dGamma, int from, int to) {
    checkRows(d, x, false, from, to);
    checkRows(d, d, true, from, to);
    checkColumn(gamma, false, from, to);
    checkColumn(dGamma, true, from, to);
    int chunk = chunk(d);
    for (int r = from; r < to; r += chunk) {
      int end = Math.min(to, r + chunk);
      try {
        productLoop.invokeExact(d, x, dGamma, r, end);
        scaleLoop.invokeExact(d, gamma, d, r, end);
      } catch (Throwable t) {
        throw thrown(t);
      }
    }
  }

  @Override
  public void standardizeColumns(
      Matrix z, Matrix x, Matrix inverse, float epsilon, int from, int to) {
    checkColumns(z, z, false, from, to);
    checkColumns(z, x, true, from, to);
    checkRow(z, inverse, true);
    int whole = from + VectorMath.SPECIES.loopBound(to - from);
    try {
      columnLoop.invokeExact(z, x, inverse, epsilon, from, whole);
    } catch (Throwable t) {
      throw thrown(t);
    }
    for (int c = whole; c < to; c++) {
      ScalarNormKernels.standardizeColumn(z, x, inverse, epsilon, c);
    }
  }

  @Override
  public void layerNormBackward(Matrix x, Matrix d, Matrix inverse, int from, int to) {
    checkColumns(d, x, false, from, to);
    checkColumns(d, d, true, from, to);
    checkRow(d, inverse, false);
    int whole = from + VectorMath.SPECIES.loopBound(to - from);
    try {
      columnBackwardLoop.invokeExact(x, d, inverse, from, whole);
    } catch (Throwable t) {
      throw thrown(t);
    }
    for (int c = whole; c < to; c++) {
      ScalarNormKernels.layerNormBackward(x, d, inverse, c);
    }
  }

  @Override
  public void addScaled(Matrix a, float s, Matrix b, Matrix c, int from, int to) {
    checkRows(c, a, false, from, to);
    checkRows(c, b, false, from, to);
    checkRows(c, c, true, from, to);
    int step = joins(a, b) && joins(c, c) ? to - from : 1;
    long n = (long) step * c.cols();
    for (int r = from; r < to; r += step) {
      try {
        addLoop.invokeExact(a.address(r, 0), s, b.address(r, 0), c.address(r, 0), n);
      } catch (Throwable t) {
        throw thrown(t);
      }
    }
  }

  @Override
  public void multiply(Matrix m, Matrix d, int from, int to) {
    checkRows(d, m, false, from, to);
    checkRows(d, d, true, from, to);
    int step = joins(m, d) ? to - from : 1;
    long n = (long) step * d.cols();
    for (int r = from; r < to; r += step) {
      try {
        multiplyLoop.invokeExact(m.address(r, 0), d.address(r, 0), n);
      } catch (Throwable t) {
        throw thrown(t);
      }
    }
  }

  private static void checkRows(Matrix of, Matrix x, boolean written, int from, int to) {
    checkAllocated(x);
    ScalarNormKernels.checkRows(of, x, written, from, to);
  }

  private static void checkColumn(Matrix x, boolean written, int from, int to) {
    checkAllocated(x);
    ScalarNormKernels.checkColumn(x, written, from, to);
  }

  private static void checkColumns(Matrix of, Matrix x, boolean written, int from, int to) {
    checkAllocated(x);
    ScalarNormKernels.checkColumns(of, x, written, from, to);
  }

  private static void checkRow(Matrix of, Matrix x, boolean written) {
    checkAllocated(x);
    ScalarNormKernels.checkRow(of, x, written);
  }

  /** Returns whether the rows of two matrices of one shape can be taken as one. */
  private static boolean joins(Matrix a, Matrix b) {
    return a.stride() == a.cols() && b.stride() == b.cols();
  }
}
