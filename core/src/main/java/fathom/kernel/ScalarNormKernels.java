package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;

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
    for (int r = from; r < to; r++) {
      float m = sum(z, null, 0, r) / z.cols();
      float v = sum(z, z, m, r) / z.cols();
      mean.set(r, 0, m);
      variance.set(r, 0, v);
      center(
          z.segment(),
          z.byteOffset(r, 0),
          x.segment(),
          x.byteOffset(r, 0),
          z.cols(),
          m,
          inverse(v, epsilon));
    }
  }

  @Override
  public void scaleRows(Matrix x, Matrix scale, Matrix y, int from, int to) {
    for (int r = from; r < to; r++) {
      scale(
          x.segment(),
          x.byteOffset(r, 0),
          y.segment(),
          y.byteOffset(r, 0),
          x.cols(),
          scale.get(r, 0));
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
    for (int r = from; r < to; r++) {
      dGamma.set(r, 0, sum(d, x, 0, r));
      correct(
          x.segment(),
          x.byteOffset(r, 0),
          d.segment(),
          d.byteOffset(r, 0),
          d.cols(),
          dBeta.get(r, 0) / d.cols(),
          dGamma.get(r, 0) / d.cols(),
          gamma.get(r, 0) * inverse(variance.get(r, 0), epsilon));
    }
  }

  @Override
  public void scaleBackward(Matrix x, Matrix d, Matrix gamma, Matrix dGamma, int from, int to) {
    for (int r = from; r < to; r++) {
      dGamma.set(r, 0, sum(d, x, 0, r));
    }
    scaleRows(d, gamma, d, from, to);
  }

  @Override
  public void standardizeColumns(
      Matrix z, Matrix x, Matrix inverse, float epsilon, int from, int to) {
    for (int c = from; c < to; c++) {
      standardizeColumn(z, x, inverse, epsilon, c);
    }
  }

  @Override
  public void layerNormBackward(Matrix x, Matrix d, Matrix inverse, int from, int to) {
    for (int c = from; c < to; c++) {
      layerNormBackward(x, d, inverse, c);
    }
  }

  @Override
  public void addScaled(Matrix a, float s, Matrix b, Matrix c, int from, int to) {
    for (int r = from; r < to; r++) {
      addScaled(
          a.segment(),
          a.byteOffset(r, 0),
          s,
          b.segment(),
          b.byteOffset(r, 0),
          c.segment(),
          c.byteOffset(r, 0),
          c.cols());
    }
  }

  @Override
  public void multiply(Matrix m, Matrix d, int from, int to) {
    for (int r = from; r < to; r++) {
      multiply(m.segment(), m.byteOffset(r, 0), d.segment(), d.byteOffset(r, 0), d.cols());
    }
  }

  /** Returns the sum of (A - shift) * (B - shift) along a row, or of A where B is null. */
  private float sum(Matrix a, Matrix b, float shift, int r) {
    MemorySegment as = a.segment();
    MemorySegment bs = b == null ? null : b.segment();
    long aAt = a.byteOffset(r, 0);
    long bAt = b == null ? 0 : b.byteOffset(r, 0);
    int whole = a.cols() - a.cols() % lanes;
    float sum = lanes(as, aAt, bs, bAt, shift, whole, 0, lanes);
    return add(as, aAt, bs, bAt, shift, whole, a.cols(), 1, sum);
  }

  private float lanes(
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      float shift,
      int n,
      int lane,
      int count) {
    if (count > 1) {
      return lanes(a, aAt, b, bAt, shift, n, lane, count / 2)
          + lanes(a, aAt, b, bAt, shift, n, lane + count / 2, count / 2);
    }
    int step = ACCUMULATORS * lanes;
    int end = n - n % step;
    float first = add(a, aAt, b, bAt, shift, lane, end, step, 0);
    first = add(a, aAt, b, bAt, shift, end + lane, n, lanes, first);
    float second = add(a, aAt, b, bAt, shift, lanes + lane, end, step, 0);
    float third = add(a, aAt, b, bAt, shift, 2 * lanes + lane, end, step, 0);
    float fourth = add(a, aAt, b, bAt, shift, 3 * lanes + lane, end, step, 0);
    return (first + second) + (third + fourth);
  }

  /** Adds terms of {@link #sum} from the left, of every {@code step}th column. */
  static float add(
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      float shift,
      int from,
      int to,
      int step,
      float sum) {
    for (int c = from; c < to; c += step) {
      float v = a.get(JAVA_FLOAT, aAt + 4L * c);
      if (b == null) {
        sum += v;
      } else {
        sum = Math.fma(v - shift, b.get(JAVA_FLOAT, bAt + 4L * c) - shift, sum);
      }
    }
    return sum;
  }

  /** Rounds the root once: it is exact enough in double precision. */
  static float inverse(float variance, float epsilon) {
    return 1 / (float) Math.sqrt(variance + epsilon);
  }

  /** {@code x <- (z - mean) * factor} on n numbers that follow each other. */
  static void center(
      MemorySegment z, long zAt, MemorySegment x, long xAt, int n, float mean, float factor) {
    for (long p = 0; p < 4L * n; p += 4) {
      x.set(JAVA_FLOAT, xAt + p, (z.get(JAVA_FLOAT, zAt + p) - mean) * factor);
    }
  }

  /** {@code y <- x * factor} likewise. */
  static void scale(MemorySegment x, long xAt, MemorySegment y, long yAt, int n, float factor) {
    for (long p = 0; p < 4L * n; p += 4) {
      y.set(JAVA_FLOAT, yAt + p, x.get(JAVA_FLOAT, xAt + p) * factor);
    }
  }

  /** {@code d <- (d - shift - x * slope) * factor} likewise. */
  static void correct(
      MemorySegment x,
      long xAt,
      MemorySegment d,
      long dAt,
      int n,
      float shift,
      float slope,
      float factor) {
    for (long p = 0; p < 4L * n; p += 4) {
      float v = d.get(JAVA_FLOAT, dAt + p) - shift;
      d.set(JAVA_FLOAT, dAt + p, Math.fma(x.get(JAVA_FLOAT, xAt + p), -slope, v) * factor);
    }
  }

  /** {@code c <- a + s b} likewise. */
  static void addScaled(
      MemorySegment a,
      long aAt,
      float s,
      MemorySegment b,
      long bAt,
      MemorySegment c,
      long cAt,
      long n) {
    for (long p = 0; p < 4 * n; p += 4) {
      float v = Math.fma(b.get(JAVA_FLOAT, bAt + p), s, a.get(JAVA_FLOAT, aAt + p));
      c.set(JAVA_FLOAT, cAt + p, v);
    }
  }

  /** {@code d <- d * m} likewise. */
  static void multiply(MemorySegment m, long mAt, MemorySegment d, long dAt, long n) {
    for (long p = 0; p < 4 * n; p += 4) {
      d.set(JAVA_FLOAT, dAt + p, d.get(JAVA_FLOAT, dAt + p) * m.get(JAVA_FLOAT, mAt + p));
    }
  }

  /** {@link NormKernels#standardizeColumns} of one column. */
  static void standardizeColumn(Matrix z, Matrix x, Matrix inverse, float epsilon, int c) {
    float even = 0;
    float odd = 0;
    for (int r = 0; r < z.rows(); r++) {
      if (r % 2 == 0) {
        even += z.get(r, c);
      } else {
        odd += z.get(r, c);
      }
    }
    float mean = (even + odd) / z.rows();
    even = 0;
    odd = 0;
    for (int r = 0; r < z.rows(); r++) {
      float v = z.get(r, c) - mean;
      if (r % 2 == 0) {
        even = Math.fma(v, v, even);
      } else {
        odd = Math.fma(v, v, odd);
      }
    }
    float factor = inverse((even + odd) / z.rows(), epsilon);
    inverse.set(0, c, factor);
    for (int r = 0; r < z.rows(); r++) {
      x.set(r, c, (z.get(r, c) - mean) * factor);
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
        even += d.get(r, c);
        evenProducts = Math.fma(d.get(r, c), x.get(r, c), evenProducts);
      } else {
        odd += d.get(r, c);
        oddProducts = Math.fma(d.get(r, c), x.get(r, c), oddProducts);
      }
    }
    float shift = (even + odd) / d.rows();
    float slope = (evenProducts + oddProducts) / d.rows();
    for (int r = 0; r < d.rows(); r++) {
      float v = Math.fma(x.get(r, c), -slope, d.get(r, c) - shift);
      d.set(r, c, v * inverse.get(0, c));
    }
  }
}
