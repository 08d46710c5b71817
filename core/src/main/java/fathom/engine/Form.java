package fathom.engine;

/** Which operand of a product is read transposed. */
public enum Form {
  /** C = A B: A is rows x inner, B is inner x cols. */
  NN,
  /** C = A Bᵀ: A is rows x inner, B is cols x inner. */
  NT,
  /** C = Aᵀ B: A is inner x rows, B is inner x cols. */
  TN
}
