package fathom.jmh.peers;

import fathom.jmh.Workload;
import java.util.SplittableRandom;

/** The numbers that all systems start from: the same inputs, targets and weights, bit for bit. */
public final class Samples {
  /** The learning rate where Adam is timed alone. */
  public static final float ADAM_RATE = 1e-3f;

  private static final long INPUTS = 1;
  private static final long TARGETS = 2;
  private static final long WEIGHTS = 100;

  private Samples() {}

  /** Returns numbers that are evenly spread over [-bound, bound). */
  public static float[] uniform(int n, double bound, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
    }
    return values;
  }

  /** Returns rows of inputs one after the other, whose classes can be told apart. */
  public static float[] inputs(Workload workload, int rows) {
    int features = workload.widths()[0];
    float[] x = uniform(rows * features, Math.sqrt(3) / 2, INPUTS);
    for (int i = 0; i < x.length; i++) {
      if (i % features % workload.classes() == label(workload, i / features)) {
        x[i] += 1;
      }
    }
    return x;
  }

  /** Returns the class of a row. */
  public static int label(Workload workload, int row) {
    return row % workload.classes();
  }

  /** Returns rows of numeric targets one after the other. */
  public static float[] targets(Workload workload) {
    return uniform(workload.batch() * workload.classes(), 1, TARGETS);
  }

  /** Returns the weights of a layer, fan-out x fan-in, that keep a signal's size. */
  public static float[] weights(Workload workload, int layer) {
    int[] widths = workload.widths();
    double variance = workload.activation().equals("tanh") ? 1 : 2;
    double bound = Math.sqrt(3 * variance / widths[layer]);
    return uniform(widths[layer] * widths[layer + 1], bound, WEIGHTS + layer);
  }

  /** Returns what activations are applied to. */
  public static float[] activationInputs(int n) {
    return uniform(n, 4, 5);
  }

  /** Returns the gradients that come from above an activation. */
  public static float[] activationGradients(int n) {
    return uniform(n, 1, 6);
  }

  /** Returns the gradients where an optimizer is timed alone; all parameters are 1 at first. */
  public static float[] optimizerGradients(int n) {
    return uniform(n, 1, 4);
  }
}
