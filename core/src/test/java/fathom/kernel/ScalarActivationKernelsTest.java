package fathom.kernel;

class ScalarActivationKernelsTest extends ActivationKernelsContract {
  @Override
  ActivationKernels kernels() {
    return new ScalarActivationKernels();
  }
}
