package fathom.jmh;

import fathom.kernel.Engine;
import fathom.nn.Activation;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Adam;
import fathom.optim.Optimizer;
import fathom.optim.Sgd;
import java.util.Arrays;

/** The networks that are timed, from the smallest that is worth a thread to a wide one. */
// Arrays and interfaces only look mutable here: nobody writes to them.
@SuppressWarnings("ImmutableEnumChecker")
public enum Workload {
  /** 784-128-10, ReLU, batch 32, SGD. */
  SMALL(32, 10, Activation.RELU, new Sgd(0.05f), 784, 128),
  /** 784-1024-1024-10, ReLU, batch 128, Adam. */
  MEDIUM(128, 10, Activation.RELU, new Adam(1e-3f), 784, 1024, 1024),
  /** 784-(100 x 256)-10, tanh, batch 128, momentum. */
  DEEP(128, 10, Activation.TANH, new Sgd(0.01f, 0.9f), deep(784, 100, 256)),
  /** 4096-(4 x 4096)-1000, GELU's tanh form, batch 256, Adam. */
  WIDE(256, 1000, Activation.GELU_TANH, new Adam(1e-4f), deep(4096, 4, 4096));

  final int batch;
  final int classes;
  final Activation activation;
  final Optimizer optimizer;
  private final int[] sizes;

  Workload(int batch, int classes, Activation activation, Optimizer optimizer, int... sizes) {
    this.batch = batch;
    this.classes = classes;
    this.activation = activation;
    this.optimizer = optimizer;
    this.sizes = sizes;
  }

  private static int[] deep(int inputs, int depth, int width) {
    int[] sizes = new int[depth + 1];
    Arrays.fill(sizes, width);
    sizes[0] = inputs;
    return sizes;
  }

  /** Returns the sizes of input, hidden layers and output. */
  int[] widths() {
    int[] widths = Arrays.copyOf(sizes, sizes.length + 1);
    widths[sizes.length] = classes;
    return widths;
  }

  Network network(Engine engine) {
    NetworkBuilder builder = Network.input(sizes[0]).seed(1).engine(engine);
    for (int i = 1; i < sizes.length; i++) {
      builder.dense(sizes[i], activation);
    }
    return builder.dense(classes).build();
  }

  /** Returns the operations of a step's products: forward, weights' and inputs' gradients. */
  double flops() {
    int[] widths = widths();
    double flops = 0;
    for (int i = 1; i < widths.length; i++) {
      flops += (i == 1 ? 4.0 : 6.0) * widths[i - 1] * widths[i] * batch;
    }
    return flops;
  }
}
