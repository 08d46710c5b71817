package fathom.nn;

import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The way forward in double precision and training mode, for networks of any layers, by the
 * formulas in the layers' documentation; central differences of it are the gradients that the
 * engine must find. Reads the words of {@link Network#architecture} by itself.
 */
public final class ReferenceForward {
  public final Map<String, double[][]> parameters = new LinkedHashMap<>();

  /**
   * What dropout drew, by layer: the slope and the shift of each element, samples x units. A layer
   * that drew nothing leaves its input as it is, as in inference.
   */
  public final Map<Integer, double[][][]> draws = new LinkedHashMap<>();

  private final String[] words;
  private final String[][] parts;

  /** Of each word that names one; names are looked up once, not for each difference. */
  private final Activation[] functions;

  private final ReferenceRecurrence recurrence = new ReferenceRecurrence();
  private String prefix = "";
  private int module;

  public ReferenceForward(Network network) {
    words = network.architecture().toString().split(" ", -1);
    parts = new String[words.length][];
    functions = new Activation[words.length];
    for (int i = 1; i < words.length; i++) {
      parts[i] = words[i].split(":", -1);
      boolean silent = words[i].matches("(gru|lstm|dropout|alpha_dropout|noise|\\[|\\])(:.*)?");
      functions[i] = silent ? null : Activation.named(parts[i][1]);
    }
    Slab slab = network.parameters();
    for (Map.Entry<String, Matrix> e : slab.matrices().entrySet()) {
      parameters.put(e.getKey(), ReferenceNetwork.doubles(e.getValue().toArray()));
    }
  }

  /** Holds states of this batch where gradients through time are cut, for all later calls. */
  public void hold(double[][] x) {
    recurrence.record(true);
    double[][] unused = outputs(x);
    recurrence.record(false);
  }

  /** Returns the outputs of a batch. */
  public double[][] outputs(double[][] x) {
    prefix = "";
    module = 0;
    Deque<double[][]> forks = new ArrayDeque<>();
    Deque<Object[]> names = new ArrayDeque<>();
    double[][] y = x;
    for (int i = 1; i < words.length; i++) {
      Activation f = functions[i];
      switch (parts[i][0]) {
        case "batch_norm" -> y = activated(scaled(transposed(standardized(transposed(y)))), f);
        case "layer_norm" -> y = activated(scaled(standardized(y)), f);
        case "activation" -> y = activated(y, f);
        case "rnn", "gru", "lstm" -> {
          int steps = Integer.parseInt(words[0].split("x", 2)[0]);
          String rest = String.join(" ", Arrays.asList(words).subList(i + 1, words.length));
          boolean whole = rest.matches("(.* )?(rnn|gru|lstm):.*");
          y = i == 1 ? y : together(y, steps);
          y = recurrence.states(parts[i], f, i, recurrentParameters(), y, steps, whole);
          y = whole ? apart(y, steps) : y;
          module++;
        }
        case "dropout", "alpha_dropout", "noise" -> {
          y = draws.containsKey(i - 1) ? drawn(y, draws.get(i - 1)) : y;
          module++;
        }
        case "[" -> {
          forks.push(y);
          names.push(new Object[] {prefix, module});
          prefix += module + ".";
          module = 0;
        }
        case "]" -> {
          y = joined(forks.pop(), y, Float.parseFloat(parts[i][1]));
          Object[] outer = names.pop();
          prefix = (String) outer[0];
          module = (int) outer[1] + 1;
        }
        default -> y = activated(dense(y, parts[i].length < 3), f);
      }
    }
    return y;
  }

  /** Makes a row of each step: step t of sample s is row t B + s. */
  private static double[][] apart(double[][] x, int steps) {
    int units = x[0].length / steps;
    double[][] y = new double[steps * x.length][];
    for (int r = 0; r < y.length; r++) {
      int from = r / x.length * units;
      y[r] = Arrays.copyOfRange(x[r % x.length], from, from + units);
    }
    return y;
  }

  /** Undoes {@link #apart}. */
  private static double[][] together(double[][] x, int steps) {
    int units = x[0].length;
    double[][] y = new double[x.length / steps][steps * units];
    for (int r = 0; r < x.length; r++) {
      System.arraycopy(x[r], 0, y[r % y.length], r / y.length * units, units);
    }
    return y;
  }

  private double[][] parameter(String name) {
    return parameters.get(prefix + module + "." + name);
  }

  private double[][][] recurrentParameters() {
    return new double[][][] {
      parameter("weight_ih_l0"),
      parameter("weight_hh_l0"),
      parameter("bias_ih_l0"),
      parameter("bias_hh_l0")
    };
  }

  private double[][] dense(double[][] x, boolean biased) {
    double[][] w = parameter("weight");
    double[][] b = biased ? parameter("bias") : null;
    double[][] y = new double[x.length][w.length];
    for (int s = 0; s < x.length; s++) {
      for (int i = 0; i < w.length; i++) {
        y[s][i] = b == null ? 0 : b[i][0];
        for (int j = 0; j < x[s].length; j++) {
          y[s][i] += w[i][j] * x[s][j];
        }
      }
    }
    module++;
    return y;
  }

  /** Rows to mean 0 and variance 1. */
  private static double[][] standardized(double[][] x) {
    double[][] y = new double[x.length][x[0].length];
    for (int r = 0; r < x.length; r++) {
      double mean = 0;
      for (double v : x[r]) {
        mean += v / x[r].length;
      }
      double variance = 0;
      for (double v : x[r]) {
        variance += (v - mean) * (v - mean) / x[r].length;
      }
      for (int c = 0; c < x[r].length; c++) {
        y[r][c] = (x[r][c] - mean) / Math.sqrt(variance + 1e-5f);
      }
    }
    return y;
  }

  private static double[][] transposed(double[][] x) {
    double[][] y = new double[x[0].length][x.length];
    for (int r = 0; r < x.length; r++) {
      for (int c = 0; c < x[r].length; c++) {
        y[c][r] = x[r][c];
      }
    }
    return y;
  }

  private double[][] scaled(double[][] x) {
    double[][] gamma = parameter("weight");
    double[][] beta = parameter("bias");
    double[][] y = new double[x.length][x[0].length];
    for (int s = 0; s < x.length; s++) {
      for (int i = 0; i < gamma.length; i++) {
        y[s][i] = gamma[i][0] * x[s][i] + beta[i][0];
      }
    }
    module++;
    return y;
  }

  private double[][] activated(double[][] x, Activation f) {
    if (f.equals(Activation.IDENTITY)) {
      return x;
    }
    double slope = f.isLearnt() ? parameter("weight")[0][0] : 0;
    module++;
    double[][] y = new double[x.length][x[0].length];
    for (int s = 0; s < x.length; s++) {
      for (int i = 0; i < x[s].length; i++) {
        y[s][i] = ReferenceFunctions.value(f, slope, x[s][i]);
      }
    }
    return y;
  }

  private static double[][] drawn(double[][] x, double[][][] draw) {
    double[][] y = new double[x.length][x[0].length];
    for (int s = 0; s < x.length; s++) {
      for (int i = 0; i < x[s].length; i++) {
        y[s][i] = draw[0][s][i] * x[s][i] + draw[1][s][i];
      }
    }
    return y;
  }

  private static double[][] joined(double[][] skip, double[][] branch, double scale) {
    double[][] y = new double[skip.length][skip[0].length];
    for (int s = 0; s < skip.length; s++) {
      for (int i = 0; i < skip[s].length; i++) {
        y[s][i] = skip[s][i] + scale * branch[s][i];
      }
    }
    return y;
  }
}
