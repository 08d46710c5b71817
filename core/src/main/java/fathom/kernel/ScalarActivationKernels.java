package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * Activations one number at a time: where no vectors are to be had, the ends of rows that fill no
 * vector, and what tests compare vectors with, bit for bit.
 *
 * <p>A row sum is that of {@code lanes} partial sums over the multiple of {@code lanes} columns
 * that fit, neighbours added first, and then of the remaining columns from the left.
 */
final class ScalarActivationKernels implements ActivationKernels {
  private final int lanes;

  /** Uses as many partial sums as vectors of 512 bits would. */
  ScalarActivationKernels() {
    this(16);
  }

  /** Uses the given power of two of partial sums per row sum. */
  ScalarActivationKernels(int lanes) {
    this.lanes = lanes;
  }

  @Override
  public void activate(Function f, float alpha, Matrix z, Matrix bias, int from, int to) {
    for (int r = from; r < to; r++) {
      activate(f, alpha, z.segment(), z.byteOffset(r, 0), z.cols(), bias.get(r, 0));
    }
  }

  @Override
  public void activateAndSlope(
      Function f, float alpha, Matrix z, Matrix bias, Matrix a, int from, int to) {
    for (int r = from; r < to; r++) {
      activateAndSlope(
          f,
          z.segment(),
          z.byteOffset(r, 0),
          a.segment(),
          a.byteOffset(r, 0),
          z.cols(),
          bias.get(r, 0));
    }
  }

  @Override
  public void derive(Function f, float alpha, Matrix a, Matrix d, Matrix db, int from, int to) {
    int whole = d.cols() - d.cols() % lanes;
    for (int r = from; r < to; r++) {
      MemorySegment as = a.segment();
      MemorySegment ds = d.segment();
      long aAt = a.byteOffset(r, 0);
      long dAt = d.byteOffset(r, 0);
      derive(f, alpha, as, aAt, ds, dAt, whole, 0);
      float sum = sum(ds, dAt, whole, 0, lanes);
      aAt += 4L * whole;
      dAt += 4L * whole;
      db.set(r, 0, derive(f, alpha, as, aAt, ds, dAt, d.cols() - whole, sum));
    }
  }

  @Override
  public void multiplySlope(Matrix slope, Matrix d, Matrix db, int from, int to) {
    int whole = d.cols() - d.cols() % lanes;
    for (int r = from; r < to; r++) {
      MemorySegment ss = slope.segment();
      MemorySegment ds = d.segment();
      long sAt = slope.byteOffset(r, 0);
      long dAt = d.byteOffset(r, 0);
      multiplySlope(ss, sAt, ds, dAt, whole, 0);
      float sum = sum(ds, dAt, whole, 0, lanes);
      sAt += 4L * whole;
      dAt += 4L * whole;
      db.set(r, 0, multiplySlope(ss, sAt, ds, dAt, d.cols() - whole, sum));
    }
  }

  @Override
  public void prelu(float slope, Matrix z, Matrix bias, Matrix a, int from, int to) {
    for (int r = from; r < to; r++) {
      long zAt = z.byteOffset(r, 0);
      prelu(slope, z.segment(), zAt, a.segment(), a.byteOffset(r, 0), z.cols(), bias.get(r, 0));
    }
  }

  @Override
  public double preluDerive(float slope, Matrix z, Matrix d, Matrix db, int from, int to) {
    int whole = d.cols() - d.cols() % lanes;
    double total = 0;
    for (int r = from; r < to; r++) {
      long zAt = z.byteOffset(r, 0);
      long dAt = d.byteOffset(r, 0);
      float share = preluShare(z.segment(), zAt, d.segment(), dAt, whole, 0, lanes);
      preluDerive(slope, z.segment(), zAt, d.segment(), dAt, whole);
      db.set(r, 0, sum(d.segment(), dAt, whole, 0, lanes));
      total += preluDeriveRest(slope, z, d, db, r, whole, share);
    }
    return total;
  }

  /** {@link ActivationKernels#activate} on n numbers that follow each other. */
  static void activate(Function f, float alpha, MemorySegment z, long at, int n, float bias) {
    for (long p = at; p < at + 4L * n; p += 4) {
      z.set(JAVA_FLOAT, p, value(f, alpha, z.get(JAVA_FLOAT, p) + bias));
    }
  }

  /** {@link ActivationKernels#activateAndSlope} on n numbers that follow each other. */
  static void activateAndSlope(
      Function f, MemorySegment z, long zAt, MemorySegment a, long aAt, int n, float bias) {
    for (long p = 0; p < 4L * n; p += 4) {
      float x = z.get(JAVA_FLOAT, zAt + p) + bias;
      a.set(JAVA_FLOAT, aAt + p, value(f, 0, x));
      z.set(JAVA_FLOAT, zAt + p, slope(f, x));
    }
  }

  /** {@link ActivationKernels#prelu} on n numbers that follow each other. */
  static void prelu(
      float slope, MemorySegment z, long zAt, MemorySegment a, long aAt, int n, float bias) {
    for (long p = 0; p < 4L * n; p += 4) {
      float x = z.get(JAVA_FLOAT, zAt + p) + bias;
      z.set(JAVA_FLOAT, zAt + p, x);
      a.set(JAVA_FLOAT, aAt + p, x > 0 ? x : x * slope);
    }
  }

  /**
   * {@link ActivationKernels#derive} on n numbers that follow each other.
   *
   * @return what comes in, and the new numbers of D added from the left
   */
  static float derive(
      Function f,
      float alpha,
      MemorySegment a,
      long aAt,
      MemorySegment d,
      long dAt,
      int n,
      float sum) {
    for (long p = 0; p < 4L * n; p += 4) {
      float v = derived(f, alpha, a.get(JAVA_FLOAT, aAt + p), d.get(JAVA_FLOAT, dAt + p));
      d.set(JAVA_FLOAT, dAt + p, v);
      sum += v;
    }
    return sum;
  }

  /** {@link ActivationKernels#multiplySlope} likewise. */
  static float multiplySlope(
      MemorySegment s, long sAt, MemorySegment d, long dAt, int n, float sum) {
    for (long p = 0; p < 4L * n; p += 4) {
      float v = d.get(JAVA_FLOAT, dAt + p) * s.get(JAVA_FLOAT, sAt + p);
      d.set(JAVA_FLOAT, dAt + p, v);
      sum += v;
    }
    return sum;
  }

  /** The columns of a row after the first {@code whole}; returns the slope's share, added to. */
  static float preluDeriveRest(
      float slope, Matrix z, Matrix d, Matrix db, int r, int whole, float share) {
    float sum = db.get(r, 0);
    for (int c = whole; c < d.cols(); c++) {
      float x = z.get(r, c);
      float old = d.get(r, c);
      float v = x > 0 ? old : old * slope;
      d.set(r, c, v);
      sum += v;
      share += old * (x > 0 ? 0 : x);
    }
    db.set(r, 0, sum);
    return share;
  }

  private static void preluDerive(
      float slope, MemorySegment z, long zAt, MemorySegment d, long dAt, int n) {
    for (long p = 0; p < 4L * n; p += 4) {
      if (!(z.get(JAVA_FLOAT, zAt + p) > 0)) {
        d.set(JAVA_FLOAT, dAt + p, d.get(JAVA_FLOAT, dAt + p) * slope);
      }
    }
  }

  private float sum(MemorySegment d, long at, int n, int lane, int count) {
    if (count > 1) {
      return sum(d, at, n, lane, count / 2) + sum(d, at, n, lane + count / 2, count / 2);
    }
    float sum = 0;
    for (int c = lane; c < n; c += lanes) {
      sum += d.get(JAVA_FLOAT, at + 4L * c);
    }
    return sum;
  }

  private float preluShare(
      MemorySegment z, long zAt, MemorySegment d, long dAt, int n, int lane, int count) {
    if (count > 1) {
      return preluShare(z, zAt, d, dAt, n, lane, count / 2)
          + preluShare(z, zAt, d, dAt, n, lane + count / 2, count / 2);
    }
    float sum = 0;
    for (int c = lane; c < n; c += lanes) {
      float x = z.get(JAVA_FLOAT, zAt + 4L * c);
      sum += d.get(JAVA_FLOAT, dAt + 4L * c) * (x > 0 ? 0 : x);
    }
    return sum;
  }

  /** f(x). */
  static float value(Function f, float alpha, float x) {
    return switch (f) {
      case IDENTITY -> x;
      case LOGISTIC -> ScalarMath.logistic(x);
      case TANH -> ScalarMath.tanh(x);
      case RELU -> x <= 0 ? 0 : x;
      case LEAKY_RELU -> x > 0 ? x : x * alpha;
      case ELU -> ScalarMath.elu(x, alpha);
      case SELU -> ScalarMath.selu(x);
      case SOFTPLUS -> ScalarMath.softplus(x);
      case SOFTSIGN -> ScalarMath.softsign(x);
      case HARD_TANH -> ScalarMath.between(x, -1, 1);
      case HARD_SIGMOID -> ScalarMath.hardSigmoid(x);
      case HARD_SWISH -> ScalarMath.hardSwish(x);
      case GELU -> ScalarMath.gelu(x);
      case GELU_TANH -> ScalarMath.geluTanh(x);
      case SILU -> ScalarMath.silu(x);
      case MISH -> ScalarMath.mish(x);
    };
  }

  /** f'(x), of the functions that keep it. */
  static float slope(Function f, float x) {
    return switch (f) {
      case SOFTPLUS -> ScalarMath.softplusSlope(x);
      case HARD_SWISH -> ScalarMath.hardSwishSlope(x);
      case GELU -> ScalarMath.geluSlope(x);
      case GELU_TANH -> ScalarMath.geluTanhSlope(x);
      case SILU -> ScalarMath.siluSlope(x);
      case MISH -> ScalarMath.mishSlope(x);
      default -> throw new IllegalArgumentException(f + " keeps no slope: use derive");
    };
  }

  /** d times f' where f is a. */
  private static float derived(Function f, float alpha, float a, float d) {
    return switch (f) {
      case IDENTITY -> d;
      case LOGISTIC -> d * (a * (1 - a));
      case TANH -> d * Math.fma(-a, a, 1);
      case RELU -> a <= 0 ? 0 : d;
      case LEAKY_RELU -> a > 0 ? d : d * alpha;
      case ELU -> a > 0 ? d : d * (a + alpha);
      case SELU -> d * (a > 0 ? ScalarMath.SELU_LAMBDA : a + ScalarMath.SELU_LAMBDA_ALPHA);
      case SOFTSIGN -> {
        float u = 1 - Math.abs(a);
        yield d * (u * u);
      }
      case HARD_TANH -> Math.abs(a) >= 1 ? 0 : d;
      case HARD_SIGMOID -> a <= 0 || a >= 1 ? 0 : d * ScalarMath.SIXTH;
      default -> throw new IllegalArgumentException(f + " keeps its slope: use multiplySlope");
    };
  }
}
