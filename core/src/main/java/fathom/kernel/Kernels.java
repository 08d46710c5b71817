package fathom.kernel;

/**
 * One family of kernels.
 *
 * @param name {@code vector} or {@code scalar}
 * @param bits the width of a vector register in use, 32 for scalar kernels
 */
public record Kernels(
    String name,
    int bits,
    ActivationKernels activation,
    LossKernels loss,
    UpdateKernels update,
    FillKernels fill,
    NormKernels norm,
    DropoutKernels dropout,
    GateKernels gates,
    TallyKernels tally) {
  private static final Kernels SCALAR =
      new Kernels(
          "scalar",
          Float.SIZE,
          new ScalarActivationKernels(),
          new ScalarLossKernels(),
          new ScalarUpdateKernels(),
          ScalarFillKernels.INSTANCE,
          new ScalarNormKernels(),
          new ScalarDropoutKernels(),
          new ScalarGateKernels(),
          new ScalarTallyKernels());

  /** Loaded when somebody asks, for a JVM may be without the Vector API. */
  private static final class Vectors {
    static final Kernels KERNELS =
        new Kernels(
            "vector",
            VectorMath.SPECIES.vectorBitSize(),
            new VectorActivationKernels(),
            new VectorLossKernels(),
            new VectorUpdateKernels(),
            VectorFillKernels.INSTANCE,
            new VectorNormKernels(),
            new VectorDropoutKernels(),
            new VectorGateKernels(),
            new VectorTallyKernels());
  }

  /**
   * Returns kernels in the Vector API, at the machine's preferred width.
   *
   * @throws IllegalStateException if the JVM was started without it, with the option to add
   */
  public static Kernels vector() {
    VectorApi.require();
    return Vectors.KERNELS;
  }

  /** Returns the scalar twins: an explicit choice for comparisons, never a fallback. */
  public static Kernels scalar() {
    return SCALAR;
  }
}
