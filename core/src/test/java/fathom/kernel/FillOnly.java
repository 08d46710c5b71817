package fathom.kernel;

/** Families of which only the fills are there, for tests in other packages. */
public final class FillOnly {
  public static final Kernels SCALAR =
      new Kernels(
          "scalar", 32, null, null, null, ScalarFillKernels.INSTANCE, null, null, null, null);
  public static final Kernels VECTOR =
      new Kernels(
          "vector",
          VectorThreefry.LANES * 32,
          null,
          null,
          null,
          new VectorFillKernels(true),
          null,
          null,
          null,
          null);

  private FillOnly() {}
}
