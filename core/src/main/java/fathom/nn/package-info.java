/**
 * Networks: layers, activations, initializers, losses, and the passes that run them.
 *
 * <p>What a caller hands in and gets back has samples in rows: {@code X: B x n}. Inside,
 * activations and their gradients are feature-major (one row a unit, one column a sample), so that
 * a bias is a number per row and threads share a layer by its rows; nothing is ever transposed for
 * it, since the first product reads X as it lies.
 */
package fathom.nn;
