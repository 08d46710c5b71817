/** Fathom's engine: matrices, kernels, networks, optimizers, data and training. */
module fathom.core {
  requires transitive fathom.blas;
  requires jdk.incubator.vector;
  requires jdk.jfr;
  requires com.fasterxml.jackson.core;
  requires de.siegmar.fastcsv;

  exports fathom.data;
  exports fathom.engine;
  exports fathom.kernel;
  exports fathom.matrix;
  exports fathom.nn;
  exports fathom.optim;
  exports fathom.train;
}
