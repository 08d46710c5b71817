package fathom.blas;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * The plain control: textbook loops that accumulate in double precision. An explicit choice, for
 * tests and for a look at what BLAS saves; never a fallback.
 */
final class JavaBlas extends Blas {
  static final JavaBlas INSTANCE = new JavaBlas();

  @SuppressWarnings("restricted")
  private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private JavaBlas() {}

  @Override
  public String name() {
    return "Java";
  }

  @Override
  public String core() {
    return "scalar";
  }

  @Override
  public int enter() {
    return 1;
  }

  @Override
  public void leave(int token) {}

  @Override
  void sgemmKernel(
      Transpose transA,
      Transpose transB,
      int m,
      int n,
      int k,
      float alpha,
      long a,
      int lda,
      long b,
      int ldb,
      float beta,
      long c,
      int ldc) {
    long aRow = transA == Transpose.NO ? lda : 1;
    long aCol = transA == Transpose.NO ? 1 : lda;
    long bRow = transB == Transpose.NO ? ldb : 1;
    long bCol = transB == Transpose.NO ? 1 : ldb;
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int p = 0; p < k; p++) {
          sum += (double) f(a, i * aRow + p * aCol) * f(b, p * bRow + j * bCol);
        }
        long ij = (long) i * ldc + j;
        double old = beta == 0 ? 0 : (double) beta * f(c, ij);
        MEMORY.set(JAVA_FLOAT, c + ij * Float.BYTES, (float) (alpha * sum + old));
      }
    }
  }

  @Override
  void sgemvKernel(
      Transpose trans, int m, int n, float alpha, long a, int lda, long x, float beta, long y) {
    int rows = trans == Transpose.NO ? m : n;
    int inner = trans == Transpose.NO ? n : m;
    sgemmKernel(trans, Transpose.NO, rows, 1, inner, alpha, a, lda, x, 1, beta, y, 1);
  }

  @Override
  void dgemmKernel(
      Transpose transA,
      Transpose transB,
      int m,
      int n,
      int k,
      double alpha,
      long a,
      int lda,
      long b,
      int ldb,
      double beta,
      long c,
      int ldc) {
    long aRow = transA == Transpose.NO ? lda : 1;
    long aCol = transA == Transpose.NO ? 1 : lda;
    long bRow = transB == Transpose.NO ? ldb : 1;
    long bCol = transB == Transpose.NO ? 1 : ldb;
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int p = 0; p < k; p++) {
          sum += d(a, i * aRow + p * aCol) * d(b, p * bRow + j * bCol);
        }
        long ij = (long) i * ldc + j;
        double old = beta == 0 ? 0 : beta * d(c, ij);
        MEMORY.set(JAVA_DOUBLE, c + ij * Double.BYTES, alpha * sum + old);
      }
    }
  }

  private static float f(long base, long index) {
    return MEMORY.get(JAVA_FLOAT, base + index * Float.BYTES);
  }

  private static double d(long base, long index) {
    return MEMORY.get(JAVA_DOUBLE, base + index * Double.BYTES);
  }
}
