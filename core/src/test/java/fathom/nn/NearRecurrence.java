package fathom.nn;

import fathom.matrix.Matrix;
import java.util.Arrays;

/** A recurrent layer on one sample, by PyTorch's formulas, with bounds. */
final class NearRecurrence {
  private final String kind;
  private final Activation f;
  private final int units;
  private final NearSums inputs;
  private final NearSums states;
  private final Matrix inputBias;
  private final Matrix stateBias;

  /**
   * Reads a layer.
   *
   * @param f of an Elman layer
   * @param p weight_ih, weight_hh, bias_ih, bias_hh
   */
  NearRecurrence(String kind, Activation f, Matrix... p) {
    this.kind = kind;
    this.f = f;
    inputs = new NearSums(p[0]);
    states = new NearSums(p[1]);
    inputBias = p[2];
    stateBias = p[3];
    units = p[1].cols();
  }

  /** Returns the states of all steps. */
  Near[][] run(Near[][] x) {
    Near[][] all = new Near[x.length][];
    Near[] h = zeros();
    Near[] c = zeros();
    for (int t = 0; t < x.length; t++) {
      Near[] before = h;
      h = new Near[units];
      for (int k = 0; k < units; k++) {
        h[k] =
            switch (kind) {
              case "rnn" -> gate(0, k, x[t], before).activated(f, 0);
              case "gru" -> gru(k, x[t], before);
              default -> lstm(k, x[t], before, c);
            };
      }
      all[t] = h;
    }
    return all;
  }

  private Near[] zeros() {
    Near[] zeros = new Near[units];
    Arrays.fill(zeros, Near.ZERO);
    return zeros;
  }

  private Near bias(Matrix bias, int row) {
    return Near.exactly(bias.get(row, 0));
  }

  /** The state's part is added to the input's, then the sum of both biases. */
  private Near gate(int g, int k, Near[] x, Near[] before) {
    int row = g * units + k;
    Near sum = states.row(row, before, inputs.row(row, x, Near.ZERO, 0), 0);
    return sum.plus(bias(inputBias, row).plus(bias(stateBias, row)));
  }

  private Near gru(int k, Near[] x, Near[] before) {
    Near reset = gate(0, k, x, before).activated(Activation.LOGISTIC, 0);
    Near keep = gate(1, k, x, before).activated(Activation.LOGISTIC, 0);
    int row = 2 * units + k;
    Near state = states.row(row, before, Near.ZERO, 0).plus(bias(stateBias, row));
    Near sum = inputs.row(row, x, Near.ZERO, 0).plus(reset.times(state));
    Near candidate = sum.plus(bias(inputBias, row)).activated(Activation.TANH, 0);
    return candidate.plus(keep.times(before[k].minus(candidate)));
  }

  private Near lstm(int k, Near[] x, Near[] before, Near[] c) {
    Near in = gate(0, k, x, before).activated(Activation.LOGISTIC, 0);
    Near forget = gate(1, k, x, before).activated(Activation.LOGISTIC, 0);
    Near cell = gate(2, k, x, before).activated(Activation.TANH, 0);
    Near out = gate(3, k, x, before).activated(Activation.LOGISTIC, 0);
    c[k] = forget.times(c[k]).plus(in.times(cell));
    return out.times(c[k].activated(Activation.TANH, 0));
  }
}
