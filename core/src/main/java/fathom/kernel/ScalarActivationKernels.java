package fathom.kernel;

import fathom.matrix.Matrix;

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
    checkForward(z, z, bias, from, to);
    for (int r = from; r < to; r++) {
      activate(f, alpha, z.address(r, 0), z.cols(), NativeMemory.get(bias.address(r, 0)));
    }
  }

  @Override
  public void activateAndSlope(
      Function f, float alpha, Matrix z, Matrix bias, Matrix a, int from, int to) {
    checkForward(z, a, bias, from, to);
    for (int r = from; r < to; r++) {
      activateAndSlope(
          f, z.address(r, 0), a.address(r, 0), z.cols(), NativeMemory.get(bias.address(r, 0)));
    }
  }

  @Override
  public void derive(Function f, float alpha, Matrix a, Matrix d, Matrix db, int from, int to) {
    checkBackward(d, a, db, from, to);
    int whole = d.cols() - d.cols() % lanes;
    for (int r = from; r < to; r++) {
      long aAt = a.address(r, 0);
      long dAt = d.address(r, 0);
      derive(f, alpha, aAt, dAt, whole, 0);
      float sum = sum(dAt, whole, 0, lanes);
      aAt += 4L * whole;
      dAt += 4L * whole;
      NativeMemory.set(db.address(r, 0), derive(f, alpha, aAt, dAt, d.cols() - whole, sum));
    }
  }

  @Override
  public void multiplySlope(Matrix slope, Matrix d, Matrix db, int from, int to) {
    checkBackward(d, slope, db, from, to);
    int whole = d.cols() - d.cols() % lanes;
    for (int r = from; r < to; r++) {
      long sAt = slope.address(r, 0);
      long dAt = d.address(r, 0);
      multiplySlope(sAt, dAt, whole, 0);
      float sum = sum(dAt, whole, 0, lanes);
      sAt += 4L * whole;
      dAt += 4L * whole;
      NativeMemory.set(db.address(r, 0), multiplySlope(sAt, dAt, d.cols() - whole, sum));
    }
  }

  @Override
  public void prelu(float slope, Matrix z, Matrix bias, Matrix a, int from, int to) {
    checkForward(z, a, bias, from, to);
    for (int r = from; r < to; r++) {
      long zAt = z.address(r, 0);
      prelu(slope, zAt, a.address(r, 0), z.cols(), NativeMemory.get(bias.address(r, 0)));
    }
  }

  @Override
  public double preluDerive(float slope, Matrix z, Matrix d, Matrix db, int from, int to) {
    checkBackward(d, z, db, from, to);
    int whole = d.cols() - d.cols() % lanes;
    double total = 0;
    for (int r = from; r < to; r++) {
      long zAt = z.address(r, 0);
      long dAt = d.address(r, 0);
      float share = preluShare(zAt, dAt, whole, 0, lanes);
      preluDerive(slope, zAt, dAt, whole);
      NativeMemory.set(db.address(r, 0), sum(dAt, whole, 0, lanes));
      total += preluDeriveRest(slope, z, d, db, r, whole, share);
    }
    return total;
  }

  /** Checks two matrices of one shape that are written, and biases. */
  static void checkForward(Matrix z, Matrix a, Matrix bias, int from, int to) {
    NativeMemory.checkOutput(z, from, to, z.cols());
    NativeMemory.checkOutput(a, from, to, z.cols());
    NativeMemory.check(bias, from, to, 1);
  }

  /** Checks gradients and a column of sums, which are written, and what the first depend on. */
  static void checkBackward(Matrix d, Matrix a, Matrix db, int from, int to) {
    NativeMemory.checkOutput(d, from, to, d.cols());
    NativeMemory.check(a, from, to, d.cols());
    NativeMemory.checkOutput(db, from, to, 1);
  }

  /** {@link ActivationKernels#activate} on n numbers that follow each other. */
  static void activate(Function f, float alpha, long at, int n, float bias) {
    for (long p = at; p < at + 4L * n; p += 4) {
      NativeMemory.set(p, value(f, alpha, NativeMemory.get(p) + bias));
    }
  }

  /** {@link ActivationKernels#activateAndSlope} on n numbers that follow each other. */
  static void activateAndSlope(Function f, long zAt, long aAt, int n, float bias) {
    for (long p = 0; p < 4L * n; p += 4) {
      float x = NativeMemory.get(zAt + p) + bias;
      NativeMemory.set(aAt + p, value(f, 0, x));
      NativeMemory.set(zAt + p, slope(f, x));
    }
  }

  /** {@link ActivationKernels#prelu} on n numbers that follow each other. */
  static void prelu(float slope, long zAt, long aAt, int n, float bias) {
    for (long p = 0; p < 4L * n; p += 4) {
      float x = NativeMemory.get(zAt + p) + bias;
      NativeMemory.set(zAt + p, x);
      NativeMemory.set(aAt + p, x > 0 ? x : x * slope);
    }
  }

  /**
   * {@link ActivationKernels#derive} on n numbers that follow each other.
   *
   * @return what comes in, and the new numbers of D added from the left
   */
  static float derive(Function f, float alpha, long aAt, long dAt, int n, float sum) {
    for (long p = 0; p < 4L * n; p += 4) {
      float v = derived(f, alpha, NativeMemory.get(aAt + p), NativeMemory.get(dAt + p));
      NativeMemory.set(dAt + p, v);
      sum += v;
    }
    return sum;
  }

  /** {@link ActivationKernels#multiplySlope} likewise. */
  static float multiplySlope(long sAt, long dAt, int n, float sum) {
    for (long p = 0; p < 4L * n; p += 4) {
      float v = NativeMemory.get(dAt + p) * NativeMemory.get(sAt + p);
      NativeMemory.set(dAt + p, v);
      sum += v;
    }
    return sum;
  }

  /** The columns of a row after the first {@code whole}; returns the slope's share, added to. */
  static float preluDeriveRest(
      float slope, Matrix z, Matrix d, Matrix db, int r, int whole, float share) {
    float sum = NativeMemory.get(db.address(r, 0));
    for (int c = whole; c < d.cols(); c++) {
      float x = NativeMemory.get(z.address(r, c));
      float old = NativeMemory.get(d.address(r, c));
      float v = x > 0 ? old : old * slope;
      NativeMemory.set(d.address(r, c), v);
      sum += v;
      share += old * (x > 0 ? 0 : x);
    }
    NativeMemory.set(db.address(r, 0), sum);
    return share;
  }

  private static void preluDerive(float slope, long zAt, long dAt, int n) {
    for (long p = 0; p < 4L * n; p += 4) {
      if (!(NativeMemory.get(zAt + p) > 0)) {
        NativeMemory.set(dAt + p, NativeMemory.get(dAt + p) * slope);
      }
    }
  }

  private float sum(long at, int n, int lane, int count) {
    if (count > 1) {
      return sum(at, n, lane, count / 2) + sum(at, n, lane + count / 2, count / 2);
    }
    float sum = 0;
    for (int c = lane; c < n; c += lanes) {
      sum += NativeMemory.get(at + 4L * c);
    }
    return sum;
  }

  private float preluShare(long zAt, long dAt, int n, int lane, int count) {
    if (count > 1) {
      return preluShare(zAt, dAt, n, lane, count / 2)
          + preluShare(zAt, dAt, n, lane + count / 2, count / 2);
    }
    float sum = 0;
    for (int c = lane; c < n; c += lanes) {
      float x = NativeMemory.get(zAt + 4L * c);
      sum += NativeMemory.get(dAt + 4L * c) * (x > 0 ? 0 : x);
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
