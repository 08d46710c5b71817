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
    FillKernels fill) {}
