package fathom.engine;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.blas.Blas;
import fathom.blas.Transpose;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;

/**
 * Orthonormal rows from a Gaussian matrix by Gram and Schmidt, in blocks: a block loses what lies
 * in the rows before it by two products and is made orthonormal row by row, and then both again.
 * Once leaves errors as large as the rows were alike; twice is enough (Giraud et al. 2005). Rows
 * must be orthonormal before they are projected again: those of the last blocks of a square matrix
 * have little of their own, and making them orthonormal enlarges what a projection left by as much
 * as that is small. Since each row keeps a positive share of its own, the result is uniform (Haar)
 * among orthonormal matrices.
 */
public final class Orthogonal {
  private static final int BLOCK = 32;
  private static final int SWEEPS = 2;

  private Orthogonal() {}

  /**
   * Fills w with gain times orthonormal rows, or columns where it has more rows than columns. Holds
   * as much memory again while it works; one thread.
   */
  public static void fill(Engine engine, Matrix w, float gain, long seed, long stream) {
    int rows = Math.min(w.rows(), w.cols());
    int cols = Math.max(w.rows(), w.cols());
    int token = engine.blas().enter();
    try (Arena arena = Arena.ofShared()) {
      Matrix q = Matrix.allocate(arena, rows, cols);
      engine.kernels().fill().normal(q.segment(), 0, 0, (long) rows * cols, seed, stream, 1);
      Matrix shares = Matrix.allocate(arena, BLOCK, rows);
      for (int first = 0; first < rows; first += BLOCK) {
        int height = Math.min(BLOCK, rows - first);
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
          project(engine.blas(), q, shares, first, height);
          for (int r = first; r < first + height; r++) {
            orthonormalize(q, first, r);
          }
        }
      }
      engine.kernels().update().scale(q.segment(), 0, (long) rows * cols, gain);
      if (rows == w.rows()) {
        w.copyFrom(q);
      } else {
        w.transposeFrom(q);
      }
    } finally {
      engine.blas().leave(token);
    }
  }

  /** Takes from a block of rows what lies in the rows before it: {@code B <- B - (B Pᵀ) P}. */
  private static void project(Blas blas, Matrix q, Matrix shares, int first, int height) {
    if (first == 0) {
      return;
    }
    int cols = q.cols();
    long block = (long) first * cols;
    blas.sgemm(
        Transpose.NO,
        Transpose.YES,
        height,
        first,
        cols,
        1,
        q.segment(),
        block,
        cols,
        q.segment(),
        0,
        cols,
        0,
        shares.segment(),
        0,
        shares.stride());
    blas.sgemm(
        Transpose.NO,
        Transpose.NO,
        height,
        cols,
        first,
        -1,
        shares.segment(),
        0,
        shares.stride(),
        q.segment(),
        0,
        cols,
        1,
        q.segment(),
        block,
        cols);
  }

  /** Takes from row r what lies in the rows from first on, and makes its length 1. */
  private static void orthonormalize(Matrix q, int first, int r) {
    for (int p = first; p < r; p++) {
      addRow(q, r, p, -dot(q, r, p));
    }
    double length = Math.sqrt(dot(q, r, r));
    for (int c = 0; c < q.cols(); c++) {
      long at = q.byteOffset(r, c);
      q.segment().set(JAVA_FLOAT, at, (float) (q.segment().get(JAVA_FLOAT, at) / length));
    }
  }

  private static double dot(Matrix q, int a, int b) {
    long first = q.byteOffset(a, 0);
    long second = q.byteOffset(b, 0);
    double sum = 0;
    for (int c = 0; c < q.cols(); c++) {
      long at = (long) c * Float.BYTES;
      sum +=
          (double) q.segment().get(JAVA_FLOAT, first + at)
              * q.segment().get(JAVA_FLOAT, second + at);
    }
    return sum;
  }

  private static void addRow(Matrix q, int to, int from, double factor) {
    long target = q.byteOffset(to, 0);
    long source = q.byteOffset(from, 0);
    for (int c = 0; c < q.cols(); c++) {
      long at = (long) c * Float.BYTES;
      double value = q.segment().get(JAVA_FLOAT, target + at);
      value += factor * q.segment().get(JAVA_FLOAT, source + at);
      q.segment().set(JAVA_FLOAT, target + at, (float) value);
    }
  }
}
