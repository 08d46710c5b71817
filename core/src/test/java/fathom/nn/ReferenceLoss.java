package fathom.nn;

/** The losses in double precision, from their definitions: value, and gradient by the outputs. */
public enum ReferenceLoss {
  SOFTMAX {
    @Override
    double sample(double[] y, int label, double[] t, double[] dy) {
      double max = Double.NEGATIVE_INFINITY;
      for (double v : y) {
        max = Math.max(max, v);
      }
      double sum = 0;
      for (double v : y) {
        sum += Math.exp(v - max);
      }
      for (int k = 0; k < y.length; k++) {
        dy[k] = Math.exp(y[k] - max) / sum - (k == label ? 1 : 0);
      }
      return Math.log(sum) + max - y[label];
    }
  },
  SIGMOID {
    @Override
    double sample(double[] y, int label, double[] t, double[] dy) {
      double loss = 0;
      for (int k = 0; k < y.length; k++) {
        loss += ReferenceFunctions.softplus(y[k]) - t[k] * y[k];
        dy[k] = ReferenceFunctions.logistic(y[k]) - t[k];
      }
      return loss;
    }
  },
  MSE {
    @Override
    double sample(double[] y, int label, double[] t, double[] dy) {
      double loss = 0;
      for (int k = 0; k < y.length; k++) {
        loss += (y[k] - t[k]) * (y[k] - t[k]);
        dy[k] = 2 * (y[k] - t[k]);
      }
      return loss;
    }
  },
  MAE {
    @Override
    double sample(double[] y, int label, double[] t, double[] dy) {
      double loss = 0;
      for (int k = 0; k < y.length; k++) {
        loss += Math.abs(y[k] - t[k]);
        dy[k] = Math.signum(y[k] - t[k]);
      }
      return loss;
    }
  },
  HUBER {
    @Override
    double sample(double[] y, int label, double[] t, double[] dy) {
      double loss = 0;
      for (int k = 0; k < y.length; k++) {
        double e = y[k] - t[k];
        loss += Math.abs(e) <= 1 ? e * e / 2 : Math.abs(e) - 0.5;
        dy[k] = Math.max(-1, Math.min(1, e));
      }
      return loss;
    }
  };

  /** Returns one sample's loss and writes its gradient. */
  abstract double sample(double[] y, int label, double[] t, double[] dy);

  public Loss engines() {
    return switch (this) {
      case SOFTMAX -> Loss.SOFTMAX_CROSS_ENTROPY;
      case SIGMOID -> Loss.SIGMOID_CROSS_ENTROPY;
      case MSE -> Loss.MSE;
      case MAE -> Loss.MAE;
      case HUBER -> Loss.HUBER;
    };
  }

  /** Returns the mean loss of a batch and writes the mean's gradient by each output. */
  public double mean(double[][] y, int[] labels, double[][] t, double[][] dy) {
    double divisor = this == SOFTMAX ? y.length : (double) y.length * y[0].length;
    double sum = 0;
    for (int s = 0; s < y.length; s++) {
      double[] d = new double[y[s].length];
      sum += sample(y[s], labels[s], t[s], d);
      for (int k = 0; k < d.length; k++) {
        dy[s][k] = d[k] / divisor;
      }
    }
    return sum / divisor;
  }
}
