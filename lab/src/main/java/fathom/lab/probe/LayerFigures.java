package fathom.lab.probe;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.train.Saturation;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Sums over a layer's outputs, units x B, in double precision and in one order. */
final class LayerFigures {
  private static final int QUANTILE_SAMPLE = 1024;

  private final Matrix a;
  private double sum;
  private double squares;
  private double deviations;
  private double correlation;

  LayerFigures(Matrix a) {
    this.a = a;
    double[] lengths = new double[a.cols()];
    double[] products = new double[a.cols() / 2];
    float[] row = new float[a.cols()];
    for (int r = 0; r < a.rows(); r++) {
      read(a, r, row);
      for (int c = 0; c < row.length; c++) {
        sum += row[c];
        lengths[c] += (double) row[c] * row[c];
      }
      for (int p = 0; p < products.length; p++) {
        products[p] += (double) row[2 * p] * row[2 * p + 1];
      }
    }
    squares = Arrays.stream(lengths).sum();
    for (int p = 0; p < products.length; p++) {
      correlation += products[p] / Math.sqrt(lengths[2 * p] * lengths[2 * p + 1]);
    }
    correlation /= products.length;
    double mean = mean();
    for (int r = 0; r < a.rows(); r++) {
      read(a, r, row);
      for (float x : row) {
        deviations += (x - mean) * (x - mean);
      }
    }
  }

  private static void read(Matrix m, int r, float[] row) {
    MemorySegment.copy(m.segment(), JAVA_FLOAT, m.byteOffset(r, 0), row, 0, row.length);
  }

  private double count() {
    return (double) a.rows() * a.cols();
  }

  double mean() {
    return sum / count();
  }

  double variance() {
    return deviations / count();
  }

  double q() {
    return squares / count();
  }

  /** Returns the mean cosine of samples 0 and 1, 2 and 3, and so on. */
  double correlation() {
    return correlation;
  }

  /**
   * Returns the saturated share.
   *
   * @param slope the derivatives, where the activation keeps them; else null
   */
  double saturated(Activation f, Matrix slope) {
    Saturation known = f == null ? null : Saturation.of(f);
    Matrix x = known != null && known.bySlope() ? slope : a;
    if (known == null || x == null) {
      return Double.NaN;
    }
    float[] row = new float[x.cols()];
    long found = 0;
    for (int r = 0; r < x.rows(); r++) {
      read(x, r, row);
      for (float value : row) {
        found += known.holds(value) ? 1 : 0;
      }
    }
    return found / count();
  }

  /** Returns the share of units that are 0 for all samples, NaN unless a ReLU's. */
  double dead(Activation f) {
    if (!Activation.RELU.equals(f)) {
      return Double.NaN;
    }
    float[] row = new float[a.cols()];
    int dead = 0;
    for (int r = 0; r < a.rows(); r++) {
      read(a, r, row);
      boolean zero = true;
      for (float x : row) {
        zero &= x == 0;
      }
      dead += zero ? 1 : 0;
    }
    return (double) dead / a.rows();
  }

  Quantiles quantiles() {
    long size = (long) a.rows() * a.cols();
    // An odd stride, so that not always the same samples are seen.
    long stride = Math.max(1, size / QUANTILE_SAMPLE) | 1;
    float[] values = new float[(int) ((size + stride - 1) / stride)];
    for (int i = 0; i < values.length; i++) {
      long at = i * stride;
      values[i] = a.get((int) (at / a.cols()), (int) (at % a.cols()));
    }
    return Quantiles.of(values);
  }
}
