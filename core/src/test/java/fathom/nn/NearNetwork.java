package fathom.nn;

import fathom.matrix.Matrix;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * The answers of a network in double precision, one sample at a time, each with a bound on how far
 * the engine's may be from it: rounding errors are followed through the layers as they arise
 * (running error analysis, Higham 2002, 3.3). Reads the words of {@link Network#architecture} by
 * itself. Where all numbers are whole ones, or halves, and small, bounds are 0.
 */
public final class NearNetwork {
  private final Network network;
  private final int more;
  private final String[] words;
  private final Map<String, NearSums> sums = new HashMap<>();
  private String prefix = "";
  private int module;

  /**
   * Reads a network's parameters as they are, once.
   *
   * @param more roundings that each weight and bias of a dense layer has behind it
   */
  public NearNetwork(Network network, int more) {
    this.network = network;
    this.more = more;
    words = network.architecture().toString().split(" ", -1);
  }

  /** Returns the answer to a row. */
  public Near[] answer(float[] x) {
    prefix = "";
    module = 0;
    String[] row = words[0].split("x", 2);
    Near[][] y = steps(x, row.length == 1 ? 1 : Integer.parseInt(row[0]));
    Deque<Near[][]> forks = new ArrayDeque<>();
    Deque<Object[]> names = new ArrayDeque<>();
    int recurrent = 0;
    for (int i = 1; i < words.length; i++) {
      recurrent += words[i].matches("(rnn|gru|lstm):.*") ? 1 : 0;
    }
    for (int i = 1; i < words.length; i++) {
      String[] parts = words[i].split(":", -1);
      switch (parts[0]) {
        case "rnn", "gru", "lstm" -> {
          y = recurrent(parts).run(y);
          module++;
          recurrent--;
          y = recurrent == 0 ? new Near[][] {y[y.length - 1]} : y;
        }
        case "dropout", "alpha_dropout", "noise" -> module++;
        case "[" -> {
          forks.push(y);
          names.push(new Object[] {prefix, module});
          prefix += module + ".";
          module = 0;
        }
        case "]" -> {
          y = joined(forks.pop(), y, Near.exactly(Float.parseFloat(parts[1])));
          Object[] outer = names.pop();
          prefix = (String) outer[0];
          module = (int) outer[1] + 1;
        }
        default -> y = layer(parts, y);
      }
    }
    return y[0];
  }

  private static Near[][] steps(float[] x, int steps) {
    Near[][] y = new Near[steps][x.length / steps];
    for (int i = 0; i < x.length; i++) {
      y[i / y[0].length][i % y[0].length] = Near.exactly(x[i]);
    }
    return y;
  }

  private Matrix parameter(String name) {
    return network.parameters().get(prefix + module + "." + name);
  }

  private NearSums sums(String name) {
    return sums.computeIfAbsent(
        prefix + module + "." + name, key -> new NearSums(network.parameters().get(key)));
  }

  private NearRecurrence recurrent(String[] parts) {
    return new NearRecurrence(
        parts[0],
        parts[0].equals("rnn") ? Activation.named(parts[1]) : null,
        parameter("weight_ih_l0"),
        parameter("weight_hh_l0"),
        parameter("bias_ih_l0"),
        parameter("bias_hh_l0"));
  }

  /** Each step by itself. */
  private Near[][] layer(String[] parts, Near[][] x) {
    Near[][] y = new Near[x.length][];
    for (int t = 0; t < y.length; t++) {
      y[t] =
          switch (parts[0]) {
            case "batch_norm" -> batchNorm(x[t], Float.parseFloat(parts[3]));
            case "layer_norm" -> layerNorm(x[t], Float.parseFloat(parts[2]));
            case "activation" -> x[t];
            default -> dense(x[t], parts.length < 3);
          };
    }
    module += parts[0].equals("activation") ? 0 : 1;
    return activated(y, Activation.named(parts[1]), parts[0].equals("activation"));
  }

  private Near[][] activated(Near[][] x, Activation f, boolean isLayer) {
    if (f.equals(Activation.IDENTITY)) {
      module += isLayer ? 1 : 0;
      return x;
    }
    double slope = f.isLearnt() ? parameter("weight").get(0, 0) : 0;
    Near[][] y = new Near[x.length][x[0].length];
    for (int t = 0; t < y.length; t++) {
      for (int i = 0; i < y[t].length; i++) {
        y[t][i] = x[t][i].activated(f, slope);
      }
    }
    module++;
    return y;
  }

  private Near[] dense(Near[] x, boolean biased) {
    NearSums w = sums("weight");
    Matrix b = biased ? parameter("bias") : null;
    Near[] y = new Near[w.rows()];
    for (int r = 0; r < y.length; r++) {
      y[r] = w.row(r, x, b == null ? Near.ZERO : Near.exactly(b.get(r, 0)), more);
    }
    return y;
  }

  /**
   * {@code fl(s z) + fl(beta - fl(mean s))} with a rounded {@code s = gamma / sqrt(variance +
   * epsilon)}: what has most roundings, the mean, has four.
   */
  private Near[] batchNorm(Near[] z, double epsilon) {
    Matrix gamma = parameter("weight");
    Matrix beta = parameter("bias");
    Matrix mean = network.statistics().get(prefix + module + ".running_mean");
    Matrix variance = network.statistics().get(prefix + module + ".running_var");
    Near[] y = new Near[z.length];
    for (int r = 0; r < y.length; r++) {
      double s = gamma.get(r, 0) / Math.sqrt(variance.get(r, 0) + epsilon);
      double value = s * (z[r].value() - mean.get(r, 0)) + beta.get(r, 0);
      double size = Math.abs(s) * (z[r].size() + Math.abs(mean.get(r, 0)));
      size += Math.abs(beta.get(r, 0));
      y[r] = new Near(value, Math.abs(s) * z[r].error()).rounded(4, size);
    }
    return y;
  }

  /** Two passes over n units; means are sums of n with a quotient. */
  private Near[] layerNorm(Near[] z, double epsilon) {
    int n = z.length;
    Near mean = Near.ZERO;
    double size = 0;
    for (Near v : z) {
      mean = new Near(mean.value() + v.value() / n, mean.error() + v.error() / n);
      size += v.size() / n;
    }
    mean = mean.rounded(n + 1, size);
    Near[] centered = new Near[n];
    double value = 0;
    double error = 0;
    size = 0;
    for (int i = 0; i < n; i++) {
      Near d = z[i].minus(mean);
      centered[i] = d;
      value += d.value() * d.value() / n;
      error += d.error() * (d.size() + Math.abs(d.value())) / n;
      size += d.size() * d.size() / n;
    }
    Near factor = new Near(value, error).rounded(n + 2, size).inverseRoot(epsilon);
    Near[] y = new Near[n];
    for (int i = 0; i < n; i++) {
      Near gamma = Near.exactly(parameter("weight").get(i, 0));
      Near beta = Near.exactly(parameter("bias").get(i, 0));
      y[i] = centered[i].times(factor).times(gamma).plus(beta);
    }
    return y;
  }

  private static Near[][] joined(Near[][] skip, Near[][] branch, Near scale) {
    Near[][] y = new Near[skip.length][skip[0].length];
    for (int t = 0; t < y.length; t++) {
      for (int i = 0; i < y[t].length; i++) {
        y[t][i] = skip[t][i].plus(scale.times(branch[t][i]));
      }
    }
    return y;
  }
}
