package fathom.jmh;

import java.util.Arrays;

/**
 * The networks that are timed, from the smallest that is worth a call to a wide one. They name no
 * type of Fathom's, since the JVMs of its peers read them too.
 */
// Arrays only look mutable here: nobody writes to them.
@SuppressWarnings("ImmutableEnumChecker")
public enum Workload {
  /** 24-8-2, tanh, batch 200, squared error; the loss and its gradient alone. */
  TINY(200, 2, "tanh", Rule.NONE, 0, 24, 8),
  /** 784-128-10, ReLU, batch 32, SGD. */
  SMALL(32, 10, "relu", Rule.SGD, 0.05, 784, 128),
  /** 784-1024-1024-10, ReLU, batch 128, Adam. */
  MEDIUM(128, 10, "relu", Rule.ADAM, 1e-3, 784, 1024, 1024),
  /** 784-(100 x 256)-10, tanh, batch 128, momentum. */
  DEEP(128, 10, "tanh", Rule.MOMENTUM, 0.01, deep(784, 100, 256)),
  /** 4096-(4 x 4096)-1000, GELU's tanh form, batch 256, Adam. */
  WIDE(256, 1000, "gelu_tanh", Rule.ADAM, 1e-4, deep(4096, 4, 4096)),
  /** 784-(50 x 512, batch norm, ELU)-10, batch 256, Adam. */
  DEEPBN(256, 10, "elu", Rule.ADAM, 1e-3, deep(784, 50, 512));

  /** How parameters follow their gradients. */
  public enum Rule {
    /** They do not: the gradients are all that is asked for. */
    NONE,
    /** Plain gradient descent. */
    SGD,
    /** Momentum {@link #MOMENTUM_FACTOR}. */
    MOMENTUM,
    /** Adam with the paper's betas and epsilon. */
    ADAM
  }

  /** What of the last step's velocity is kept under {@link Rule#MOMENTUM}. */
  public static final float MOMENTUM_FACTOR = 0.9f;

  private final int batch;
  private final int classes;
  private final String activation;
  private final Rule rule;
  private final double rate;
  private final int[] sizes;

  Workload(int batch, int classes, String activation, Rule rule, double rate, int... sizes) {
    this.batch = batch;
    this.classes = classes;
    this.activation = activation;
    this.rule = rule;
    this.rate = rate;
    this.sizes = sizes;
  }

  private static int[] deep(int inputs, int depth, int width) {
    int[] sizes = new int[depth + 1];
    Arrays.fill(sizes, width);
    sizes[0] = inputs;
    return sizes;
  }

  /** Returns the number of samples of a step. */
  public int batch() {
    return batch;
  }

  /** Returns the number of outputs. */
  public int classes() {
    return classes;
  }

  /** Returns the name of what follows each hidden layer. */
  public String activation() {
    return activation;
  }

  /** Returns how the parameters follow their gradients. */
  public Rule rule() {
    return rule;
  }

  /** Returns the learning rate. */
  public float rate() {
    return (float) rate;
  }

  /** Returns whether each hidden layer normalizes its batch before the activation. */
  public boolean batchNorm() {
    return this == DEEPBN;
  }

  /** Returns whether the loss is the mean squared error, not softmax and cross-entropy. */
  public boolean squaredError() {
    return this == TINY;
  }

  /** Returns the sizes of input, hidden layers and output. */
  public int[] widths() {
    int[] widths = Arrays.copyOf(sizes, sizes.length + 1);
    widths[sizes.length] = classes;
    return widths;
  }

  /** Returns the operations of a step's products: forward, weights' and inputs' gradients. */
  public double flops() {
    int[] widths = widths();
    double flops = 0;
    for (int i = 1; i < widths.length; i++) {
      flops += (i == 1 ? 4.0 : 6.0) * widths[i - 1] * widths[i] * batch;
    }
    return flops;
  }

  /** Returns the operations of the products that answer some rows. */
  public double flopsToAnswer(int rows) {
    int[] widths = widths();
    double flops = 0;
    for (int i = 1; i < widths.length; i++) {
      flops += 2.0 * widths[i - 1] * widths[i] * rows;
    }
    return flops;
  }
}
