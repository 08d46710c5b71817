/**
 * Matrix products on off-heap memory, behind the one checked door {@link fathom.blas.Blas}.
 *
 * <p>The contract of every routine: matrices are row-major, single precision unless the name starts
 * with {@code d}; a leading dimension is the distance between rows, in elements; offsets count
 * elements from the start of the segment; segments are native and stay alive until the call
 * returns. Outputs must not overlap inputs. Nothing is allocated.
 */
package fathom.blas;
