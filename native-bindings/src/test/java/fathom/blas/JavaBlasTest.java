package fathom.blas;

class JavaBlasTest extends BlasContract {
  @Override
  Blas blas() {
    return Blas.java();
  }
}
