package fathom.blas;

class OpenBlasTest extends BlasContract {
  @Override
  Blas blas() {
    return Blas.openBlas();
  }
}
