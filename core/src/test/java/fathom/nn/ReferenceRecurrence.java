package fathom.nn;

import java.util.HashMap;
import java.util.Map;

/**
 * A recurrent layer in double precision, one sample and step after another, by PyTorch's formulas.
 * Where gradients are cut, the states of the run that was recorded stand in for those of the run
 * under way, so that differences of runs do not see what came before the cut.
 */
final class ReferenceRecurrence {
  private final Map<String, double[]> held = new HashMap<>();
  private boolean recording;

  void record(boolean on) {
    recording = on;
  }

  /**
   * Returns states.
   *
   * @param word of the architecture
   * @param f of an Elman layer; null for gates
   * @param place of the layer, to tell its held states from others'
   * @param p weight_ih, weight_hh, bias_ih, bias_hh
   * @param whole whether the states of all steps are wanted, or the last one's
   */
  double[][] states(
      String[] word,
      Activation f,
      int place,
      double[][][] p,
      double[][] x,
      int steps,
      boolean whole) {
    int sizeAt = word[0].equals("rnn") ? 2 : 1;
    int units = Integer.parseInt(word[sizeAt]);
    int window = word.length > sizeAt + 1 ? Integer.parseInt(word[sizeAt + 1]) : steps;
    double[][] y = new double[x.length][whole ? steps * units : units];
    for (int s = 0; s < x.length; s++) {
      int features = x[s].length / steps;
      double[] state = new double[2 * units];
      for (int t = 0; t < steps; t++) {
        if (t > 0 && (steps - t) % window == 0) {
          state = held(place + " " + s + " " + t, state);
        }
        double[] input = new double[features];
        System.arraycopy(x[s], t * features, input, 0, features);
        state = step(word[0], f, p, input, state, units);
        if (whole || t == steps - 1) {
          System.arraycopy(state, 0, y[s], whole ? t * units : 0, units);
        }
      }
    }
    return y;
  }

  private double[] held(String key, double[] state) {
    if (recording) {
      held.put(key, state.clone());
    }
    return held.get(key).clone();
  }

  /** Takes h, and c behind it, a step on. */
  private static double[] step(
      String kind, Activation a, double[][][] p, double[] x, double[] state, int units) {
    double[] next = state.clone();
    for (int k = 0; k < units; k++) {
      double[] in = new double[p[0].length / units];
      double[] back = new double[in.length];
      for (int g = 0; g < in.length; g++) {
        in[g] = sum(p[0], p[2], g * units + k, x);
        back[g] = sum(p[1], p[3], g * units + k, state);
      }
      switch (kind) {
        case "rnn" -> next[k] = ReferenceFunctions.value(a, 0, in[0] + back[0]);
        case "gru" -> {
          double r = ReferenceFunctions.logistic(in[0] + back[0]);
          double z = ReferenceFunctions.logistic(in[1] + back[1]);
          next[k] = (1 - z) * Math.tanh(in[2] + r * back[2]) + z * state[k];
        }
        case "lstm" -> {
          double i = ReferenceFunctions.logistic(in[0] + back[0]);
          double f = ReferenceFunctions.logistic(in[1] + back[1]);
          double o = ReferenceFunctions.logistic(in[3] + back[3]);
          next[units + k] = f * state[units + k] + i * Math.tanh(in[2] + back[2]);
          next[k] = o * Math.tanh(next[units + k]);
        }
        default -> throw new AssertionError(kind);
      }
    }
    return next;
  }

  private static double sum(double[][] w, double[][] b, int row, double[] x) {
    double sum = b[row][0];
    for (int j = 0; j < w[row].length; j++) {
      sum += w[row][j] * x[j];
    }
    return sum;
  }
}
