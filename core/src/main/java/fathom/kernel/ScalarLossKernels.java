package fathom.kernel;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * Losses one number at a time: column by column, down the rows. {@link VectorLossKernels} computes
 * the same bits, and leaves the columns that fill no register to the static methods here, which
 * start at column {@code from} and go on adding to {@code total}.
 *
 * <p>Sums of losses are doubles. What could pass the range of floats on the way (the difference of
 * two outputs of opposite sign) is computed from halves, which cannot.
 *
 * <p>Exponentials below 2^-100 count as zero: no sum that holds a one can tell, and the gradients
 * stay clear of subnormal numbers, which slow many processors down.
 */
final class ScalarLossKernels implements LossKernels {
  static final float LOG2_E = 0x1.715476p0f;

  /** Adding it rounds a small number to an integer, which is then in the low bits of the sum. */
  static final float ROUNDER = 0x1.8p23f;

  /** ln 2 in two parts. */
  static final float LN2_HIGH = 0x1.63p-1f;

  static final float LN2_LOW = -0x1.bd0106p-13f;

  /** ln 2^-100. */
  static final float NEGLIGIBLE = -69.3147f;

  /** Minimax fit of (exp(r) - 1 - r) / r² on ±ln(2)/2: error 0.05 units in the last place. */
  static final float E2 = 0x1.fffffcp-2f;

  static final float E3 = 0x1.555492p-3f;
  static final float E4 = 0x1.5558aep-5f;
  static final float E5 = 0x1.12398p-7f;
  static final float E6 = 0x1.6a4e74p-10f;

  /** Minimax fit of (log1p(z) - z) / z² on [0, 1]: error 0.09 units in the last place. */
  static final float L2 = -0x1.ffffd2p-2f;

  static final float L3 = 0x1.554ddp-2f;
  static final float L4 = -0x1.ff23e6p-3f;
  static final float L5 = 0x1.934b54p-3f;
  static final float L6 = -0x1.3a435ep-3f;
  static final float L7 = 0x1.b4ae08p-4f;
  static final float L8 = -0x1.d6b08cp-5f;
  static final float L9 = 0x1.4917cep-6f;
  static final float L10 = -0x1.af49cep-9f;

  /** Checks that outputs, targets of their shape and gradients, if any, may be accessed. */
  static void check(Matrix y, Matrix t, Matrix d) {
    NativeMemory.check(y, 0, y.rows(), y.cols());
    NativeMemory.check(t, 0, y.rows(), y.cols());
    if (d != null) {
      NativeMemory.checkOutput(d, 0, y.rows(), y.cols());
    }
  }

  @Override
  public double softmaxCrossEntropy(
      Matrix y, MemorySegment labels, Matrix weights, float smoothing, float scale, Matrix d) {
    check(y, y, d);
    if (weights != null) {
      NativeMemory.check(weights, 0, y.rows(), 1);
    }
    long address = NativeMemory.address(labels, 0, y.cols());
    double share = (double) smoothing / y.rows();
    double total = smoothing == 0 ? 0 : smoothing(y, weights, share, 0, 0);
    double spread = share * totalWeight(y, weights);
    return softmaxCrossEntropy(y, address, weights, smoothing, scale, d, spread, 0, total);
  }

  /**
   * Adds each column's label's share of the loss, and the part of the smoothed share that the
   * logarithm makes up.
   *
   * @param spread the weight that smoothing puts on all classes together
   */
  static double softmaxCrossEntropy(
      Matrix y,
      long labels,
      Matrix weights,
      float smoothing,
      float scale,
      Matrix d,
      double spread,
      int from,
      double total) {
    for (int c = from; c < y.cols(); c++) {
      int label = NativeMemory.getInt(labels + (long) c * Integer.BYTES);
      float max = max(y, c);
      float sum = 0;
      float own = 0;
      float weight = 0;
      for (int r = 0; r < y.rows(); r++) {
        float v = get(y, r, c);
        float x = v - max;
        // Times zero: an infinite output shall not pass for a sound one whose share is zero.
        float e = Math.fma(v, 0, x < NEGLIGIBLE ? 0 : exp(x));
        sum += e;
        if (r == label) {
          own = v;
          weight = weight(weights, r);
        }
        if (d != null) {
          set(d, r, c, e);
        }
      }
      double mass = (1.0 - smoothing) * weight;
      total += mass * ((double) max - own) + (mass + spread) * Math.log(sum);
      if (d != null) {
        gradient(label, weights, smoothing, scale, d, spread, sum, c);
      }
    }
    return total;
  }

  private static void gradient(
      int label,
      Matrix weights,
      float smoothing,
      float scale,
      Matrix d,
      double spread,
      float sum,
      int c) {
    float share = smoothing / d.rows() * scale;
    float target = (1 - smoothing) * scale * weight(weights, label);
    float factor = (target + (float) (spread * scale)) / sum;
    for (int r = 0; r < d.rows(); r++) {
      float g = Math.fma(get(d, r, c), factor, -share * weight(weights, r));
      set(d, r, c, r == label ? g - target : g);
    }
  }

  /** Adds the smoothed share of the loss, as if all logarithms of sums were zero. */
  static double smoothing(Matrix y, Matrix weights, double share, int from, double total) {
    for (int c = from; c < y.cols(); c++) {
      double max = max(y, c);
      double sum = 0;
      for (int r = 0; r < y.rows(); r++) {
        sum += (max - get(y, r, c)) * weight(weights, r);
      }
      total += share * sum;
    }
    return total;
  }

  /** Returns the sum of the class weights. */
  static double totalWeight(Matrix y, Matrix weights) {
    double sum = 0;
    for (int r = 0; r < y.rows(); r++) {
      sum += weight(weights, r);
    }
    return sum;
  }

  static float weight(Matrix weights, int r) {
    return weights == null ? 1 : get(weights, r, 0);
  }

  private static float max(Matrix y, int c) {
    float max = Float.NEGATIVE_INFINITY;
    for (int r = 0; r < y.rows(); r++) {
      float v = get(y, r, c);
      max = v > max ? v : max;
    }
    return max;
  }

  @Override
  public double sigmoidCrossEntropy(Matrix y, Matrix t, float scale, Matrix d) {
    check(y, t, d);
    return sigmoidCrossEntropy(y, t, scale, d, 0, 0);
  }

  static double sigmoidCrossEntropy(
      Matrix y, Matrix t, float scale, Matrix d, int from, double total) {
    for (int c = from; c < y.cols(); c++) {
      double sum = 0;
      for (int r = 0; r < y.rows(); r++) {
        float v = get(y, r, c);
        float target = get(t, r, c);
        float x = -Math.abs(v);
        float z = x < NEGLIGIBLE ? 0 : exp(x);
        float far = v > 0 ? 1 - target : target;
        sum += Math.fma(Math.abs(v), far, log1p(z));
        if (d != null) {
          float q = far - z / (1 + z);
          set(d, r, c, (v > 0 ? q : -q) * scale);
        }
      }
      total += sum;
    }
    return total;
  }

  @Override
  public double squaredError(Matrix y, Matrix t, float scale, Matrix d) {
    check(y, t, d);
    return squaredError(y, t, scale, d, 0, 0);
  }

  static double squaredError(Matrix y, Matrix t, float scale, Matrix d, int from, double total) {
    for (int c = from; c < y.cols(); c++) {
      double sum = 0;
      for (int r = 0; r < y.rows(); r++) {
        float half = Math.fma(get(y, r, c), 0.5f, get(t, r, c) * -0.5f);
        sum += (double) half * half;
        if (d != null) {
          set(d, r, c, clip(half * (4 * scale), Float.MAX_VALUE));
        }
      }
      total += 4 * sum;
    }
    return total;
  }

  @Override
  public double absoluteError(Matrix y, Matrix t, float scale, Matrix d) {
    check(y, t, d);
    return absoluteError(y, t, scale, d, 0, 0);
  }

  static double absoluteError(Matrix y, Matrix t, float scale, Matrix d, int from, double total) {
    for (int c = from; c < y.cols(); c++) {
      double sum = 0;
      for (int r = 0; r < y.rows(); r++) {
        float v = get(y, r, c);
        float target = get(t, r, c);
        sum += Math.abs(Math.fma(v, 0.5f, target * -0.5f));
        if (d != null) {
          set(d, r, c, v > target ? scale : v < target ? -scale : v - target);
        }
      }
      total += 2 * sum;
    }
    return total;
  }

  @Override
  public double huber(Matrix y, Matrix t, float delta, float scale, Matrix d) {
    check(y, t, d);
    return huber(y, t, delta, scale, d, 0, 0);
  }

  static double huber(
      Matrix y, Matrix t, float delta, float scale, Matrix d, int from, double total) {
    for (int c = from; c < y.cols(); c++) {
      double sum = 0;
      for (int r = 0; r < y.rows(); r++) {
        float v = get(y, r, c);
        float target = get(t, r, c);
        double size = 2.0 * Math.abs(Math.fma(v, 0.5f, target * -0.5f));
        double near = size > delta ? delta : size;
        sum += near * (size - 0.5 * near);
        if (d != null) {
          set(d, r, c, clip(v - target, delta) * scale);
        }
      }
      total += sum;
    }
    return total;
  }

  /** Clips to ±limit and leaves NaN alone. */
  private static float clip(float x, float limit) {
    float y = x > limit ? limit : x;
    return y < -limit ? -limit : y;
  }

  /** Returns exp(x) for x in [-87, 0], within 1 unit in the last place; NaN for NaN. */
  private static float exp(float x) {
    float shifted = Math.fma(x, LOG2_E, ROUNDER);
    float n = shifted - ROUNDER;
    float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
    float p = Math.fma(Math.fma(Math.fma(Math.fma(E6, r, E5), r, E4), r, E3), r, E2);
    p = Math.fma(p, r * r, r) + 1;
    int exponent = Float.floatToRawIntBits(shifted) << 23;
    return Float.intBitsToFloat(Float.floatToRawIntBits(p) + exponent);
  }

  /** Returns ln(1 + z) for z in [0, 1], within 1.1 units in the last place; NaN for NaN. */
  private static float log1p(float z) {
    float p = Math.fma(Math.fma(Math.fma(Math.fma(L10, z, L9), z, L8), z, L7), z, L6);
    p = Math.fma(Math.fma(Math.fma(Math.fma(p, z, L5), z, L4), z, L3), z, L2);
    return Math.fma(p * z, z, z);
  }

  private static float get(Matrix m, int r, int c) {
    return NativeMemory.get(m.address(r, c));
  }

  private static void set(Matrix m, int r, int c, float value) {
    NativeMemory.set(m.address(r, c), value);
  }
}
