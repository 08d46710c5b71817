package fathom.nn;

import fathom.matrix.Matrix;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The oracle: the same network in double precision, in textbook loops, one sample after another. It
 * shares no code with the engine and is itself checked by central differences.
 */
public final class ReferenceNetwork {
  public final Map<String, double[][]> parameters = new LinkedHashMap<>();

  /** For each learnt slope, the sum of magnitudes of the terms whose sum is its gradient. */
  public final Map<String, Double> magnitudes = new LinkedHashMap<>();

  private final Activation[] activations;
  private final String[] modules;

  /** Copies a network's structure and its parameters as they are now. */
  public ReferenceNetwork(Network network) {
    String[] words = network.architecture().toString().split(" ", -1);
    activations = new Activation[network.depth()];
    modules = new String[network.depth()];
    int module = 0;
    for (int i = 0; i < activations.length; i++) {
      activations[i] = Activation.named(words[i + 1].substring(words[i + 1].indexOf(':') + 1));
      modules[i] = "" + module;
      module += activations[i].equals(Activation.IDENTITY) ? 1 : 2;
    }
    for (Map.Entry<String, Matrix> e : network.parameters().matrices().entrySet()) {
      parameters.put(e.getKey(), doubles(e.getValue().toArray()));
    }
  }

  static double[][] doubles(float[][] values) {
    double[][] copy = new double[values.length][];
    for (int i = 0; i < values.length; i++) {
      copy[i] = new double[values[i].length];
      for (int j = 0; j < values[i].length; j++) {
        copy[i][j] = values[i][j];
      }
    }
    return copy;
  }

  public int depth() {
    return activations.length;
  }

  private double slope(int layer) {
    if (!activations[layer].isLearnt()) {
      return 0;
    }
    return parameters.get(Integer.parseInt(modules[layer]) + 1 + ".weight")[0][0];
  }

  /** Returns the weighted sums of each layer for one sample, then the output. */
  public double[][] sums(double[] x) {
    double[][] sums = new double[activations.length + 1][];
    double[] input = x;
    for (int l = 0; l < activations.length; l++) {
      double[][] w = parameters.get(modules[l] + ".weight");
      double[][] b = parameters.get(modules[l] + ".bias");
      sums[l] = new double[w.length];
      double[] output = new double[w.length];
      for (int i = 0; i < w.length; i++) {
        double sum = b[i][0];
        for (int j = 0; j < input.length; j++) {
          sum += w[i][j] * input[j];
        }
        sums[l][i] = sum;
        output[i] = ReferenceFunctions.value(activations[l], slope(l), sum);
      }
      input = output;
    }
    sums[activations.length] = input;
    return sums;
  }

  public double[][] outputs(double[][] x) {
    double[][] y = new double[x.length][];
    for (int s = 0; s < x.length; s++) {
      y[s] = sums(x[s])[activations.length];
    }
    return y;
  }

  /** Returns the gradient of every parameter, given the loss's gradient by each output. */
  public Map<String, double[][]> gradients(double[][] x, double[][] dy) {
    Map<String, double[][]> gradients = new LinkedHashMap<>();
    parameters.forEach((n, p) -> gradients.put(n, new double[p.length][p[0].length]));
    for (int s = 0; s < x.length; s++) {
      backward(x[s], dy[s], gradients);
    }
    return gradients;
  }

  private void backward(double[] x, double[] dy, Map<String, double[][]> gradients) {
    double[][] sums = sums(x);
    double[] d = dy.clone();
    for (int l = activations.length - 1; l >= 0; l--) {
      double[][] w = parameters.get(modules[l] + ".weight");
      double[][] dw = gradients.get(modules[l] + ".weight");
      double[][] db = gradients.get(modules[l] + ".bias");
      double[] input = l == 0 ? x : outputsOf(l - 1, sums[l - 1]);
      double[] below = new double[input.length];
      for (int i = 0; i < w.length; i++) {
        if (activations[l].isLearnt()) {
          String name = Integer.parseInt(modules[l]) + 1 + ".weight";
          double term = d[i] * Math.min(0, sums[l][i]);
          gradients.get(name)[0][0] += term;
          magnitudes.merge(name, Math.abs(term), Double::sum);
        }
        double dz = d[i] * ReferenceFunctions.derivative(activations[l], slope(l), sums[l][i]);
        db[i][0] += dz;
        for (int j = 0; j < input.length; j++) {
          dw[i][j] += dz * input[j];
          below[j] += dz * w[i][j];
        }
      }
      d = below;
    }
  }

  private double[] outputsOf(int layer, double[] sums) {
    double[] output = new double[sums.length];
    for (int i = 0; i < sums.length; i++) {
      output[i] = ReferenceFunctions.value(activations[layer], slope(layer), sums[i]);
    }
    return output;
  }
}
