package fathom.blas;

/** How a product reads a matrix: as it lies, or transposed. */
public enum Transpose {
  /** op(A) = A. */
  NO,
  /** op(A) = Aᵀ. */
  YES
}
