package fathom.kernel;

import java.util.Arrays;

/** Normalization of one row or column in double precision. */
final class DoubleNorms {
  private DoubleNorms() {}

  static double mean(double[] z) {
    return Arrays.stream(z).sum() / z.length;
  }

  /** Returns the biased variance. */
  static double variance(double[] z) {
    double mean = mean(z);
    return Arrays.stream(z).map(v -> (v - mean) * (v - mean)).sum() / z.length;
  }

  static double[] standardize(double[] z, double epsilon) {
    double mean = mean(z);
    double root = Math.sqrt(variance(z) + epsilon);
    return Arrays.stream(z).map(v -> (v - mean) / root).toArray();
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** Returns {@code factor (d - shift - slope x)}. */
  static double[] correct(double[] x, double[] d, double shift, double slope, double factor) {
    double[] result = new double[d.length];
    for (int i = 0; i < d.length; i++) {
      result[i] = factor * (d[i] - shift - slope * x[i]);
    }
    return result;
  }

  /** Returns the gradient by z of {@code d · gamma standardize(z)}. */
  static double[] backward(double[] z, double[] d, double gamma, double epsilon) {
    double[] x = standardize(z, epsilon);
    double factor = gamma / Math.sqrt(variance(z) + epsilon);
    return correct(x, d, mean(d), dot(d, x) / z.length, factor);
  }
}
