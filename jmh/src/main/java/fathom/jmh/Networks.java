package fathom.jmh;

import fathom.engine.Engine;
import fathom.nn.Activation;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Adam;
import fathom.optim.Optimizer;
import fathom.optim.Sgd;

/** The workloads as Fathom builds them. */
public final class Networks {
  private Networks() {}

  /** Builds a workload's network with a fixed seed. */
  public static Network of(Workload workload, Engine engine) {
    int[] widths = workload.widths();
    Activation activation = Activation.named(workload.activation());
    NetworkBuilder builder = Network.input(widths[0]).seed(1).engine(engine);
    for (int i = 1; i < widths.length - 1; i++) {
      if (workload.batchNorm()) {
        builder.dense(widths[i]).batchNorm(activation);
      } else {
        builder.dense(widths[i], activation);
      }
    }
    return builder.dense(workload.classes()).build();
  }

  /** Returns a workload's optimizer; plain gradient descent where the workload has none. */
  public static Optimizer optimizer(Workload workload) {
    return switch (workload.rule()) {
      case ADAM -> new Adam(workload.rate());
      case MOMENTUM -> new Sgd(workload.rate(), Workload.MOMENTUM_FACTOR);
      case SGD, NONE -> new Sgd(workload.rate());
    };
  }
}
