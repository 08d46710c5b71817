package fathom.kernel;

/**
 * The losses in double precision, straight from their definitions, one column of outputs at a time.
 * Each returns the loss and adds its gradient, unscaled, to {@code d}.
 */
final class DoubleLosses {
  private DoubleLosses() {}

  /** Returns {@code -sum_c q_c w_c ln p_c}, with q the smoothed target. */
  static double softmaxCrossEntropy(
      double[] y, int label, double[] weights, double smoothing, double[] d) {
    double max = Double.NEGATIVE_INFINITY;
    for (double v : y) {
      max = Math.max(max, v);
    }
    double sum = 0;
    for (double v : y) {
      sum += Math.exp(v - max);
    }
    double loss = 0;
    double mass = 0;
    for (int c = 0; c < y.length; c++) {
      double target = target(c, label, y.length, smoothing) * weights[c];
      loss += target * (max - y[c] + Math.log(sum));
      mass += target;
    }
    for (int c = 0; c < y.length; c++) {
      double target = target(c, label, y.length, smoothing) * weights[c];
      d[c] += mass * Math.exp(y[c] - max) / sum - target;
    }
    return loss;
  }

  private static double target(int c, int label, int classes, double smoothing) {
    return smoothing / classes + (c == label ? 1 - smoothing : 0);
  }

  static double sigmoidCrossEntropy(double[] y, double[] t, double[] d) {
    double loss = 0;
    for (int r = 0; r < y.length; r++) {
      double far = y[r] > 0 ? 1 - t[r] : t[r];
      double z = Math.exp(-Math.abs(y[r]));
      loss += Math.abs(y[r]) * far + Math.log1p(z);
      d[r] += y[r] > 0 ? far - z / (1 + z) : z / (1 + z) - far;
    }
    return loss;
  }

  static double squaredError(double[] y, double[] t, double[] d) {
    double loss = 0;
    for (int r = 0; r < y.length; r++) {
      loss += (y[r] - t[r]) * (y[r] - t[r]);
      d[r] += 2 * (y[r] - t[r]);
    }
    return loss;
  }

  static double absoluteError(double[] y, double[] t, double[] d) {
    double loss = 0;
    for (int r = 0; r < y.length; r++) {
      loss += Math.abs(y[r] - t[r]);
      d[r] += Math.signum(y[r] - t[r]);
    }
    return loss;
  }

  static double huber(double[] y, double[] t, double delta, double[] d) {
    double loss = 0;
    for (int r = 0; r < y.length; r++) {
      double e = y[r] - t[r];
      boolean near = Math.abs(e) <= delta;
      loss += near ? e * e / 2 : delta * (Math.abs(e) - delta / 2);
      d[r] += near ? e : delta * Math.signum(e);
    }
    return loss;
  }
}
