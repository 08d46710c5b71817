/**
 * What computes: a BLAS, a family of kernels and a crew of threads, and the matrix products that
 * they share. An {@link fathom.engine.Engine} runs a {@link fathom.engine.Task} on its {@link
 * fathom.engine.Member}s, which take blocks of the work that depend on shapes alone, so that no
 * result depends on the number of threads.
 */
package fathom.engine;
