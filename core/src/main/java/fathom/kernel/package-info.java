/**
 * Loops over off-heap numbers: elementwise passes, reductions, updates and random fills. Only files
 * named {@code Vector*} know the Vector API; each has a scalar twin that computes the same bits
 * wherever no order of sums is involved.
 *
 * <p>Inside a network, activations and their gradients are feature-major: one row a unit, one
 * column a sample. Kernels take a range of rows, so that threads share a matrix by its rows.
 */
package fathom.kernel;
