package fathom.jmh.peers;

import fathom.jmh.Workload;

/** A network in plain loops of double precision, and the elementwise functions: what is right. */
final class PlainLoops {
  private static final double SELU_SCALE = 1.0507009873554805;
  private static final double SELU_ALPHA = 1.6732632423543772;

  private final Workload workload;
  private final int[] widths;
  private final double[][] weights;

  PlainLoops(Workload workload) {
    this.workload = workload;
    widths = workload.widths();
    weights = new double[widths.length - 1][];
    for (int i = 0; i < weights.length; i++) {
      float[] drawn = Samples.weights(workload, i);
      weights[i] = new double[drawn.length];
      for (int j = 0; j < drawn.length; j++) {
        weights[i][j] = drawn[j];
      }
    }
  }

  /** Adds to one weight of the first layer. */
  void nudge(int index, double by) {
    weights[0][index] += by;
  }

  /** Returns the outputs for one of several rows. */
  double[] answer(float[] x, int row) {
    double[] a = new double[widths[0]];
    for (int i = 0; i < a.length; i++) {
      a[i] = x[row * a.length + i];
    }
    for (int layer = 0; layer < weights.length; layer++) {
      double[] z = new double[widths[layer + 1]];
      for (int r = 0; r < z.length; r++) {
        for (int c = 0; c < a.length; c++) {
          z[r] += weights[layer][r * a.length + c] * a[c];
        }
        if (layer < weights.length - 1) {
          z[r] = function(workload.activation(), z[r]);
        }
      }
      a = z;
    }
    return a;
  }

  /** Returns the mean squared error over a batch. */
  double squaredError(float[] x, float[] targets) {
    double sum = 0;
    int outputs = workload.classes();
    for (int row = 0; row < workload.batch(); row++) {
      double[] y = answer(x, row);
      for (int c = 0; c < outputs; c++) {
        double error = y[c] - targets[row * outputs + c];
        sum += error * error;
      }
    }
    return sum / (workload.batch() * outputs);
  }

  /** Returns f(x) of the function of a name. */
  static double function(String name, double x) {
    return switch (name) {
      case "logistic" -> logistic(x);
      case "tanh" -> Math.tanh(x);
      case "relu" -> Math.max(0, x);
      case "leaky_relu" -> x > 0 ? x : 0.01 * x;
      case "elu" -> x > 0 ? x : Math.expm1(x);
      case "selu" -> SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x));
      case "gelu" -> x / 2 * (1 + erf(x / Math.sqrt(2)));
      case "gelu_tanh" ->
          x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case "silu" -> x * logistic(x);
      case "softplus" -> Math.log1p(Math.exp(x));
      case "softsign" -> x / (1 + Math.abs(x));
      case "hardtanh" -> Math.clamp(x, -1, 1);
      case "hardsigmoid" -> Math.clamp(x / 6 + 0.5, 0, 1);
      case "hardswish" -> x * Math.clamp(x / 6 + 0.5, 0, 1);
      case "mish" -> x * Math.tanh(Math.log1p(Math.exp(x)));
      default -> throw new IllegalArgumentException("no plain loop for '" + name + "'");
    };
  }

  private static double logistic(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** Abramowitz and Stegun 7.1.26: within 1.5e-7. */
  private static double erf(double x) {
    double t = 1 / (1 + 0.3275911 * Math.abs(x));
    double p = 1.061405429;
    for (double c : new double[] {-1.453152027, 1.421413741, -0.284496736, 0.254829592}) {
      p = p * t + c;
    }
    return Math.copySign(1 - p * t * Math.exp(-x * x), x);
  }
}
