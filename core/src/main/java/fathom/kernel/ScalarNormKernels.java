package fathom.kernel;

import fathom.matrix.Matrix;
import java.util.Objects;

/**
 * Normalization one number at a time: the meaning of every bit, and the columns that fill no
 * vector.
 *
 * <p>A sum along a row is one of {@link #ACCUMULATORS} times {@code lanes} partial sums, as that
 * many vectors hold them: over the columns that fill all of those vectors, then into the first
 * vector over those that fill one. Vectors are added first, then neighbouring lanes, then the
 * remaining columns from the left. A sum down a column is one of even and one of odd rows, so that
 * it can be the same wherever a range of columns is cut. Products are added without rounding them.
 */
final class ScalarNormKernels implements NormKernels {
  /** Vectors that a sum along a row is spread over. */
  static final int ACCUMULATORS = 4;

  private final int lanes;

  /** Sums as vectors of 512 bits would. */
  ScalarNormKernels() {
    this(16);
  }

  /** Sums as vectors of the given power of two of lanes would. */
  ScalarNormKernels(int lanes) {
    this.lanes = lanes;
  }

  @Override
  public void standardizeRows(
      Matrix z, Matrix x, Matrix mean, Matrix variance, float epsilon, int from, int to) {
    checkRows(z, x, true, from, to);
    checkColumn(mean, true, from, to);
    checkColumn(variance, true, from, to);
    for (int r = from; r < to; r++) {
      float m = sum(z, null, 0, r) / z.cols();
      float v = sum(z, z, m, r) / z.cols();
      NativeMemory.set(mean.address(r, 0), m);
      NativeMemory.set(variance.address(r, 0), v);
      center(z.address(r, 0), x.address(r, 0), z.cols(), m, inverse(v, epsilon));
    }
  }

  @Override
  public void scaleRows(Matrix x, Matrix scale, Matrix y, int from, int to) {
    checkRows(x, y, true, from, to);
    checkColumn(scale, false, from, to);
    for (int r = from; r < to; r++) {
      scale(x.address(r, 0), y.address(r, 0), x.cols(), NativeMemory.get(scale.address(r, 0)));
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
    for (int r = from; r < to; r++) {
      NativeMemory.set(dGamma.address(r, 0), sum(d, x, 0, r));
      correct(
          x.address(r, 0),
          d.address(r, 0),
          d.cols(),
          NativeMemory.get(dBeta.address(r, 0)) / d.cols(),
          NativeMemory.get(dGamma.address(r, 0)) / d.cols(),
          NativeMemory.get(gamma.address(r, 0))
              * inverse(NativeMemory.get(variance.address(r, 0)), epsilon));
    }
  }

  @Override
  public void scaleBackward(Matrix x, Matrix d, Matrix gamma, Matrix dGamma, int from, int to) {
    checkRows(d, x, false, from, to);
    checkRows(d, d, true, from, to);
    checkColumn(gamma, false, from, to);
    checkColumn(dGamma, true, from, to);
    for (int r = from; r < to; r++) {
      NativeMemory.set(dGamma.address(r, 0), sum(d, x, 0, r));
    }
    scaleRows(d, gamma, d, from, to);
  }

  @Override
  public void standardizeColumns(
      Matrix z, Matrix x, Matrix inverse, float epsilon, int from, int to) {
    checkColumns(z, x, true, from, to);
    checkRow(z, inverse, true);
    for (int c = from; c < to; c++) {
      standardizeColumn(z, x, inverse, epsilon, c);
    }
  }

  @Override
  public void layerNormBackward(Matrix x, Matrix d, Matrix inverse, int from, int to) {
    checkColumns(d, x, false, from, to);
    checkColumns(d, d, true, from, to);
    checkRow(d, inverse, false);
    for (int c = from; c < to; c++) {
      layerNormBackward(x, d, inverse, c);
    }
  }

  @Override
  public void addScaled(Matrix a, float s, Matrix b, Matrix c, int from, int to) {
    checkRows(c, a, false, from, to);
    checkRows(c, b, false, from, to);
    checkRows(c, c, true, from, to);
    for (int r = from; r < to; r++) {
      addScaled(a.address(r, 0), s, b.address(r, 0), c.address(r, 0), c.cols());
    }
  }

  @Override
  public void multiply(Matrix m, Matrix d, int from, int to) {
    checkRows(d, m, false, from, to);
    checkRows(d, d, true, from, to);
    for (int r = from; r < to; r++) {
      multiply(m.address(r, 0), d.address(r, 0), d.cols());
    }
  }

  private static void check(Matrix x, boolean written, int from, int to, int cols) {
    if (written) {
      NativeMemory.checkOutput(x, from, to, cols);
    } else {
      NativeMemory.check(x, from, to, cols);
    }
  }

  /** Checks rows of two matrices; a loop goes over the columns of the first. */
  static void checkRows(Matrix of, Matrix x, boolean written, int from, int to) {
    NativeMemory.check(of, from, to, of.cols());
    check(x, written, from, to, of.cols());
  }

  /** Checks rows of a column. */
  static void checkColumn(Matrix x, boolean written, int from, int to) {
    check(x, written, from, to, 1);
  }

  /** Checks columns of two matrices; a loop goes over the rows of the first. */
  static void checkColumns(Matrix of, Matrix x, boolean written, int from, int to) {
    Objects.checkFromToIndex(from, to, of.cols());
    checkRows(of, x, written, 0, of.rows());
  }

  /** Checks a row with a number for each column of a matrix. */
  static void checkRow(Matrix of, Matrix x, boolean written) {
    check(x, written, 0, 1, of.cols());
  }

  /** Returns the sum of (A - shift) * (B - shift) along a row, or of A where B is null. */
  private float sum(Matrix a, Matrix b, float shift, int r) {
    long aAt = a.address(r, 0);
    long bAt = b == null ? 0 : b.address(r, 0);
    int whole = a.cols() - a.cols() % lanes;
    float sum = lanes(aAt, bAt, shift, whole, 0, lanes);
    return add(aAt, bAt, shift, whole, a.cols(), 1, sum);
  }

  private float lanes(long aAt, long bAt, float shift, int n, int lane, int count) {
    if (count > 1) {
      return lanes(aAt, bAt, shift, n, lane, count / 2)
          + lanes(aAt, bAt, shift, n, lane + count / 2, count / 2);
    }
    int step = ACCUMULATORS * lanes;
    int end = n - n % step;
    float first = add(aAt, bAt, shift, lane, end, step, 0);
    first = add(aAt, bAt, shift, end + lane, n, lanes, first);
    float second = add(aAt, bAt, shift, lanes + lane, end, step, 0);
    float third = add(aAt, bAt, shift, 2 * lanes + lane, end, step, 0);
    float fourth = add(aAt, bAt, shift, 3 * lanes + lane, end, step, 0);
    return (first + second) + (third + fourth);
  }

  /** Adds terms of {@link #sum} from the left, of every {@code step}th column. */
  static float add(long aAt, long bAt, float shift, int from, int to, int step, float sum) {
    for (int c = from; c < to; c += step) {
      float v = NativeMemory.get(aAt + 4L * c);
      if (bAt == 0) {
        sum += v;
      } else {
        sum = Math.fma(v - shift, NativeMemory.get(bAt + 4L * c) - shift, sum);
      }
    }
    return sum;
  }

  /** Rounds the root once: it is exact enough in double precision. */
  static float inverse(float variance, float epsilon) {
    return 1 / (float) Math.sqrt(variance + epsilon);
  }

  /** {@code x <- (z - mean) * factor} on n numbers that follow each other. */
  static void center(long zAt, long xAt, int n, float mean, float factor) {
    for (long p = 0; p < 4L * n; p += 4) {
      NativeMemory.set(xAt + p, (NativeMemory.get(zAt + p) - mean) * factor);
    }
  }

  /** {@code y <- x * factor} likewise. */
  static void scale(long xAt, long yAt, int n, float factor) {
    for (long p = 0; p < 4L * n; p += 4) {
      NativeMemory.set(yAt + p, NativeMemory.get(xAt + p) * factor);
    }
  }

  /** {@code d <- (d - shift - x * slope) * factor} likewise. */
  static void correct(long xAt, long dAt, int n, float shift, float slope, float factor) {
    for (long p = 0; p < 4L * n; p += 4) {
      float v = NativeMemory.get(dAt + p) - shift;
      NativeMemory.set(dAt + p, Math.fma(NativeMemory.get(xAt + p), -slope, v) * factor);
    }
  }

  /** {@code c <- a + s b} likewise. */
  static void addScaled(long aAt, float s, long bAt, long cAt, long n) {
    for (long p = 0; p < 4 * n; p += 4) {
      float v = Math.fma(NativeMemory.get(bAt + p), s, NativeMemory.get(aAt + p));
      NativeMemory.set(cAt + p, v);
    }
  }

  /** {@code d <- d * m} likewise. */
  static void multiply(long mAt, long dAt, long n) {
    for (long p = 0; p < 4 * n; p += 4) {
      NativeMemory.set(dAt + p, NativeMemory.get(dAt + p) * NativeMemory.get(mAt + p));
    }
  }

  /** {@link NormKernels#standardizeColumns} of one column. */
  static void standardizeColumn(Matrix z, Matrix x, Matrix inverse, float epsilon, int c) {
    float even = 0;
    float odd = 0;
    for (int r = 0; r < z.rows(); r++) {
      if (r % 2 == 0) {
        even += NativeMemory.get(z.address(r, c));
      } else {
        odd += NativeMemory.get(z.address(r, c));
      }
    }
    float mean = (even + odd) / z.rows();
    even = 0;
    odd = 0;
    for (int r = 0; r < z.rows(); r++) {
      float v = NativeMemory.get(z.address(r, c)) - mean;
      if (r % 2 == 0) {
        even = Math.fma(v, v, even);
      } else {
        odd = Math.fma(v, v, odd);
      }
    }
    float factor = inverse((even + odd) / z.rows(), epsilon);
    NativeMemory.set(inverse.address(0, c), factor);
    for (int r = 0; r < z.rows(); r++) {
      NativeMemory.set(x.address(r, c), (NativeMemory.get(z.address(r, c)) - mean) * factor);
    }
  }

  /** {@link NormKernels#layerNormBackward} of one column. */
  static void layerNormBackward(Matrix x, Matrix d, Matrix inverse, int c) {
    float even = 0;
    float odd = 0;
    float evenProducts = 0;
    float oddProducts = 0;
    for (int r = 0; r < d.rows(); r++) {
      if (r % 2 == 0) {
        even += NativeMemory.get(d.address(r, c));
        evenProducts =
            Math.fma(
                NativeMemory.get(d.address(r, c)), NativeMemory.get(x.address(r, c)), evenProducts);
      } else {
        odd += NativeMemory.get(d.address(r, c));
        oddProducts =
            Math.fma(
                NativeMemory.get(d.address(r, c)), NativeMemory.get(x.address(r, c)), oddProducts);
      }
    }
    float shift = (even + odd) / d.rows();
    float slope = (evenProducts + oddProducts) / d.rows();
    for (int r = 0; r < d.rows(); r++) {
      float v =
          Math.fma(
              NativeMemory.get(x.address(r, c)), -slope, NativeMemory.get(d.address(r, c)) - shift);
      NativeMemory.set(d.address(r, c), v * NativeMemory.get(inverse.address(0, c)));
    }
  }
}
