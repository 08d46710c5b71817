/** One checked door to BLAS over off-heap memory. */
module fathom.blas {
  requires org.bytedeco.javacpp;
  requires org.bytedeco.openblas;

  exports fathom.blas;
}
