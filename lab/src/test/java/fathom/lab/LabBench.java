package fathom.lab;

import fathom.blas.Blas;
import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.lab.stress.GridCell;
import fathom.nn.Activation;
import fathom.nn.HiddenLayers;
import fathom.optim.Method;

/** What tests of the lab work with, and leave as it is; it lasts as long as their JVM. */
public final class LabBench {
  /** Of two threads. */
  @SuppressWarnings("MustBeClosedChecker")
  public static final Engine ENGINE = engine(2);

  public static final Dataset DIGITS = Digits.load();

  private LabBench() {}

  public static Engine engine(int threads) {
    return new Engine(Blas.openBlas(), Kernels.vector(), threads);
  }

  /** A network without norms and biases, for plain gradient descent. */
  public static GridCell cell(
      int depth,
      int width,
      String activation,
      String init,
      GridCell.Skip skip,
      float rate,
      long seed) {
    return new GridCell(
        depth,
        width,
        Activation.named(activation),
        init,
        1,
        0,
        HiddenLayers.Norm.NONE,
        skip,
        Method.SGD,
        rate,
        seed);
  }
}
