package fathom.blas;

import java.lang.foreign.MemorySegment;

/**
 * The door to matrix products. Every public routine checks what it was given, in meaning and in
 * memory (sizes, leading dimensions, the last element that it would touch), and only then calls the
 * kernel; kernels check nothing.
 *
 * <p>Instances are stateless and safe for any number of threads. See the package for the contract
 * of memory.
 */
public abstract sealed class Blas permits OpenBlas, JavaBlas {
  private static final int FLOAT = Float.BYTES;
  private static final int DOUBLE = Double.BYTES;

  /**
   * The largest distance between rows: kernels for AVX-512 gather sixteen rows and more by offsets
   * of 32 bits.
   */
  private static final int LONGEST_ROW = 1 << 26;

  Blas() {}

  /**
   * Returns the native library that the JavaCPP presets load: OpenBLAS, or MKL where {@code
   * -Dorg.bytedeco.openblas.load=mkl_rt} asks for it. It is loaded at the first call.
   *
   * @throws BlasUnavailableException if it cannot be loaded; there is no silent fallback
   */
  public static Blas openBlas() {
    return OpenBlas.load();
  }

  /** Returns plain loops in Java: slow, always there, the control that tests compare with. */
  public static Blas java() {
    return JavaBlas.INSTANCE;
  }

  /** Returns the library's name and version, such as {@code OpenBLAS 0.3.31}. */
  public abstract String name();

  /** Returns the kernels that the library chose for this CPU, such as {@code SkylakeX}. */
  public abstract String core();

  /**
   * Opens a stretch of calls in which the library computes on the calling thread alone, so that an
   * engine's threads do not multiply with the library's. The process-wide setting of an embedder is
   * back as soon as the last open stretch is closed.
   *
   * @return a token for {@link #leave}
   */
  public abstract int enter();

  /**
   * Closes the stretch that {@link #enter} opened, on the same thread.
   *
   * @param token what {@code enter} returned
   */
  public abstract void leave(int token);

  /**
   * {@code C = alpha op(A) op(B) + beta C} in single precision, with op(A): m x k, op(B): k x n, C:
   * m x n. With {@code beta == 0}, C is written without being read.
   *
   * @param transA whether A is stored k x m
   * @param transB whether B is stored n x k
   * @param aOffset the first element of A, in elements
   * @param lda distance between rows of A as stored, in elements
   * @throws IllegalArgumentException if a size is negative, a leading dimension is shorter than a
   *     row or above 2^26, a segment is on the heap, or C overlaps A or B
   * @throws IndexOutOfBoundsException if a matrix does not lie within its segment
   */
  public final void sgemm(
      Transpose transA,
      Transpose transB,
      int m,
      int n,
      int k,
      float alpha,
      MemorySegment a,
      long aOffset,
      int lda,
      MemorySegment b,
      long bOffset,
      int ldb,
      float beta,
      MemorySegment c,
      long cOffset,
      int ldc) {
    if (isEmpty(m, n, k)) {
      return;
    }
    int am = stored(transA, m, k);
    int ak = stored(transA, k, m);
    int bk = stored(transB, k, n);
    int bn = stored(transB, n, k);
    long pa = matrix("A", a, aOffset, am, ak, lda, FLOAT);
    long pb = matrix("B", b, bOffset, bk, bn, ldb, FLOAT);
    long pc = output(c, cOffset, m, n, ldc, FLOAT);
    disjoint("A", pa, am, ak, lda, pc, m, n, ldc, FLOAT);
    disjoint("B", pb, bk, bn, ldb, pc, m, n, ldc, FLOAT);
    sgemmKernel(transA, transB, m, n, k, alpha, pa, lda, pb, ldb, beta, pc, ldc);
  }

  /**
   * {@code y = alpha op(A) x + beta y} in single precision, with A: m x n as stored, x and y dense
   * vectors. With {@code beta == 0}, y is written without being read.
   *
   * @param trans whether op(A) = Aᵀ, so that x has m elements and y has n
   * @throws IllegalArgumentException as {@link #sgemm}
   * @throws IndexOutOfBoundsException as {@link #sgemm}
   */
  public final void sgemv(
      Transpose trans,
      int m,
      int n,
      float alpha,
      MemorySegment a,
      long aOffset,
      int lda,
      MemorySegment x,
      long xOffset,
      float beta,
      MemorySegment y,
      long yOffset) {
    int in = stored(trans, n, m);
    int out = stored(trans, m, n);
    if (isEmpty(m, n, 1) && out == 0) {
      return;
    }
    long pa = matrix("A", a, aOffset, m, n, lda, FLOAT);
    long px = matrix("x", x, xOffset, 1, in, Math.max(1, in), FLOAT);
    long py = output(y, yOffset, 1, out, out, FLOAT);
    disjoint("A", pa, m, n, lda, py, 1, out, out, FLOAT);
    disjoint("x", px, 1, in, Math.max(1, in), py, 1, out, out, FLOAT);
    if (in == 0) {
      // BLAS would leave y as it is.
      sgemmKernel(Transpose.NO, Transpose.NO, out, 1, 0, alpha, pa, 1, px, 1, beta, py, 1);
      return;
    }
    sgemvKernel(trans, m, n, alpha, pa, lda, px, beta, py);
  }

  /**
   * {@code C = alpha op(A) op(B) + beta C} in double precision; otherwise as {@link #sgemm}.
   *
   * @throws IllegalArgumentException as {@link #sgemm}
   * @throws IndexOutOfBoundsException as {@link #sgemm}
   */
  public final void dgemm(
      Transpose transA,
      Transpose transB,
      int m,
      int n,
      int k,
      double alpha,
      MemorySegment a,
      long aOffset,
      int lda,
      MemorySegment b,
      long bOffset,
      int ldb,
      double beta,
      MemorySegment c,
      long cOffset,
      int ldc) {
    if (isEmpty(m, n, k)) {
      return;
    }
    int am = stored(transA, m, k);
    int ak = stored(transA, k, m);
    int bk = stored(transB, k, n);
    int bn = stored(transB, n, k);
    long pa = matrix("A", a, aOffset, am, ak, lda, DOUBLE);
    long pb = matrix("B", b, bOffset, bk, bn, ldb, DOUBLE);
    long pc = output(c, cOffset, m, n, ldc, DOUBLE);
    disjoint("A", pa, am, ak, lda, pc, m, n, ldc, DOUBLE);
    disjoint("B", pb, bk, bn, ldb, pc, m, n, ldc, DOUBLE);
    dgemmKernel(transA, transB, m, n, k, alpha, pa, lda, pb, ldb, beta, pc, ldc);
  }

  abstract void sgemmKernel(
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
      int ldc);

  abstract void sgemvKernel(
      Transpose trans, int m, int n, float alpha, long a, int lda, long x, float beta, long y);

  abstract void dgemmKernel(
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
      int ldc);

  private static int stored(Transpose trans, int asIs, int transposed) {
    return trans == Transpose.NO ? asIs : transposed;
  }

  private static boolean isEmpty(int m, int n, int k) {
    if ((m | n | k) < 0) {
      throw new IllegalArgumentException(
          "sizes m=" + m + ", n=" + n + ", k=" + k + " must not be negative");
    }
    return m == 0 || n == 0;
  }

  /** Returns the elements from the first to the last of a matrix; at most 2^62, so never wrong. */
  private static long span(int rows, int cols, int ld) {
    return rows == 0 || cols == 0 ? 0 : (rows - 1L) * ld + cols;
  }

  private static long output(MemorySegment s, long offset, int rows, int cols, int ld, int size) {
    if (s.isReadOnly()) {
      throw new IllegalArgumentException("the output lies in a read-only segment");
    }
    return matrix("the output", s, offset, rows, cols, ld, size);
  }

  /** Returns the address of a matrix that was found to lie within its live native segment. */
  private static long matrix(
      String name, MemorySegment s, long offset, int rows, int cols, int ld, int size) {
    if (!s.isNative()) {
      throw new IllegalArgumentException(name + " lies on the heap; BLAS needs native memory");
    }
    if (!s.scope().isAlive()) {
      throw new IllegalStateException(name + " lies in memory that was closed");
    }
    if (ld < Math.max(1, cols)) {
      throw new IllegalArgumentException(
          name + " is " + rows + "x" + cols + ": its leading dimension " + ld + " is too short");
    }
    long room = s.byteSize() / size - span(rows, cols, ld);
    if (offset < 0 || offset > room) {
      throw new IndexOutOfBoundsException(
          String.format(
              "%s is %dx%d with leading dimension %d at offset %d: it passes the end of its segment"
                  + " of %d elements",
              name, rows, cols, ld, offset, s.byteSize() / size));
    }
    if (rows > 1 && ld > LONGEST_ROW) {
      throw new IllegalArgumentException(
          String.format(
              "%s is %dx%d: its leading dimension %d passes the %d that kernels take; copy it closer",
              name, rows, cols, ld, LONGEST_ROW));
    }
    return s.address() + offset * size;
  }

  /** Throws if an input, at address a, shares an element with the output, at address c. */
  private static void disjoint(
      String name,
      long a,
      int aRows,
      int aCols,
      int lda,
      long c,
      int cRows,
      int cCols,
      int ldc,
      int size) {
    if (a >= c + span(cRows, cCols, ldc) * size || c >= a + span(aRows, aCols, lda) * size) {
      return;
    }
    // Side by side in one larger matrix, blocks share a range of addresses and no element.
    int ld = cRows == 1 ? lda : ldc;
    long column = Math.floorMod((a - c) / size, (long) ld);
    boolean sideBySide =
        (aRows == 1 || lda == ld) && (a - c) % size == 0 && column >= cCols && column + aCols <= ld;
    if (!sideBySide) {
      throw new IllegalArgumentException("the output overlaps " + name);
    }
  }
}
