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
   *     row, a segment is on the heap, or C overlaps A or B
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
    long pa = matrix("A", a, aOffset, stored(transA, m, k), stored(transA, k, m), lda, FLOAT);
    long pb = matrix("B", b, bOffset, stored(transB, k, n), stored(transB, n, k), ldb, FLOAT);
    long pc = output(c, cOffset, m, n, ldc, FLOAT);
    disjoint("A", pa, span(stored(transA, m, k), stored(transA, k, m), lda, FLOAT), pc, m, n, ldc);
    disjoint("B", pb, span(stored(transB, k, n), stored(transB, n, k), ldb, FLOAT), pc, m, n, ldc);
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
    if (isEmpty(m, n, 1)) {
      return;
    }
    int in = stored(trans, n, m);
    int out = stored(trans, m, n);
    long pa = matrix("A", a, aOffset, m, n, lda, FLOAT);
    long px = matrix("x", x, xOffset, 1, in, in, FLOAT);
    long py = output(y, yOffset, 1, out, out, FLOAT);
    disjoint("A", pa, span(m, n, lda, FLOAT), py, 1, out, out);
    disjoint("x", px, (long) in * FLOAT, py, 1, out, out);
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
    long pa = matrix("A", a, aOffset, stored(transA, m, k), stored(transA, k, m), lda, DOUBLE);
    long pb = matrix("B", b, bOffset, stored(transB, k, n), stored(transB, n, k), ldb, DOUBLE);
    long pc = output(c, cOffset, m, n, ldc, DOUBLE);
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

  private static long span(int rows, int cols, int ld, int size) {
    return rows == 0 ? 0 : ((rows - 1L) * ld + cols) * size;
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
    long last = span(rows, cols, ld, size);
    if (offset < 0 || offset > (s.byteSize() - last) / size || last > s.byteSize()) {
      throw new IndexOutOfBoundsException(
          String.format(
              "%s is %dx%d with leading dimension %d at offset %d: it passes the end of its segment"
                  + " of %d elements",
              name, rows, cols, ld, offset, s.byteSize() / size));
    }
    return s.address() + offset * size;
  }

  private static void disjoint(
      String name, long address, long bytes, long c, int rows, int cols, int ldc) {
    if (bytes > 0 && address < c + span(rows, cols, ldc, FLOAT) && c < address + bytes) {
      // Interleaved blocks of one larger matrix share a range of addresses, not elements.
      if (ldc == cols || rows == 1) {
        throw new IllegalArgumentException("the output overlaps " + name);
      }
    }
  }
}
