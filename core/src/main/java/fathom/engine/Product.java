package fathom.engine;

import fathom.blas.Blas;
import fathom.blas.Transpose;
import fathom.matrix.Matrix;

/**
 * A matrix product C of one shape, cut into blocks of rows of C that threads take in any order. How
 * it is cut depends on the shape and the library's kernels alone, never on the number of threads:
 * BLAS may choose another kernel for another size of block, and then round differently, so fixed
 * blocks are what makes results the same on any number of threads.
 *
 * <p>Two cuts were measured. OpenBLAS's kernels for AVX-512 have a path without packing for
 * products of at most 100³ multiplications. Tiles that stay on it, with long sums cut into pieces
 * that add up in one order, run at 155 to 215 GFLOP/s on two cores of a Zen 4 server, where the
 * packing path reaches 110 to 190 at the sizes of deep nets. Such products with B transposed as
 * touch more pages than a processor remembers, and all products on other kernels, are packed; their
 * blocks are as large as threads allow, since each packs its operands anew.
 */
public final class Product {
  private static final int TILE = 32;
  private static final int WIDE_TILE = 64;

  /** The longest sums that keep a tile of one width by another within 100³ multiplications. */
  private static final int NARROW_INNER = 976;

  private static final int MIDDLE_INNER = 488;
  private static final int WIDE_INNER = 244;

  /**
   * Pages of 4 KiB whose places the second-level buffers of today's processors hold: 1.5 to 3 K.
   */
  private static final double PAGES = 2500;

  private static final double PAGE = 4096.0 / Float.BYTES;

  private final Blas blas;
  private final Form form;
  private final int rows;
  private final int cols;
  private final int inner;
  private final int blockRows;
  private final int tileCols;
  private final int tileInner;

  Product(Blas blas, Form form, int rows, int cols, int inner) {
    this.blas = blas;
    this.form = form;
    this.rows = rows;
    this.cols = cols;
    this.inner = inner;
    if (hasUnpackedPath(blas.core()) && !(form == Form.NT && pages() > PAGES)) {
      // Kernels for sums along rows of both operands have registers for a square of 32 alone. The
      // others like long rows of C; TN loses less by reading A in long rows.
      boolean narrow = form == Form.NT || (inner > MIDDLE_INNER && inner <= NARROW_INNER);
      boolean wide = !narrow && (inner <= WIDE_INNER || inner > NARROW_INNER);
      blockRows = wide || (!narrow && form == Form.TN) ? WIDE_TILE : TILE;
      tileCols = wide || (!narrow && form == Form.NN) ? WIDE_TILE : TILE;
      tileInner = piece(wide ? WIDE_INNER : narrow ? NARROW_INNER : MIDDLE_INNER);
    } else {
      int blocks = packedBlocks(flops());
      int perBlock = (rows + blocks - 1) / blocks;
      blockRows = Math.max(1, (perBlock + 15) / 16 * 16);
      tileCols = Math.max(1, cols);
      tileInner = Math.max(1, inner);
    }
  }

  /** Returns the length of a sum's pieces, as alike as they can be. */
  private int piece(int longest) {
    int pieces = Math.max(1, (inner + longest - 1) / longest);
    return Math.max(1, (inner + pieces - 1) / pieces);
  }

  /** Returns how many pages the rows of a transposed B touch while a block of A passes. */
  private double pages() {
    return cols * Math.min(inner / PAGE, piece(NARROW_INNER) / PAGE + 1);
  }

  static boolean hasUnpackedPath(String core) {
    return core.equals("SkylakeX") || core.equals("Cooperlake") || core.equals("SapphireRapids");
  }

  private static int packedBlocks(double flops) {
    if (flops < 2e6) {
      return 1;
    }
    int blocks = 2;
    while (blocks < 16 && flops >= 64e6 * 2 * blocks) {
      blocks *= 2;
    }
    return blocks;
  }

  /** Returns the number of blocks of rows. */
  public int blocks() {
    return (rows + blockRows - 1) / blockRows;
  }

  /** Returns the first row of a block. */
  public int from(int block) {
    return block * blockRows;
  }

  /** Returns the end of a block's rows, exclusive. */
  public int to(int block) {
    return Math.min(rows, (block + 1) * blockRows);
  }

  /** Returns the floating-point operations of the whole product. */
  public double flops() {
    return 2.0 * rows * cols * inner;
  }

  /**
   * Computes one block of C; the old C is not read.
   *
   * @throws IllegalArgumentException if the matrices are not of this product's shape
   */
  public void run(Matrix a, Matrix b, Matrix c, int block) {
    check(a, b, c, rows);
    run(a, b, c, 0, block, 0);
  }

  /**
   * Computes one block of C into a matrix that holds nothing else, from its first row on.
   *
   * @param own at least {@link #tallest} x the columns of C
   * @throws IllegalArgumentException if the matrices are not of this product's shape
   */
  public void runApart(Matrix a, Matrix b, Matrix own, int block) {
    check(a, b, own, tallest());
    run(a, b, own, from(block), block, 0);
  }

  /** Returns the number of rows of the tallest block. */
  public int tallest() {
    return Math.min(rows, blockRows);
  }

  /**
   * Adds one block of the product to that of C.
   *
   * @throws IllegalArgumentException if the matrices are not of this product's shape
   */
  public void add(Matrix a, Matrix b, Matrix c, int block) {
    check(a, b, c, rows);
    run(a, b, c, 0, block, 1);
  }

  /** Computes a block of C, whose row cFirst is the first one of the matrix c. */
  private void run(Matrix a, Matrix b, Matrix c, int cFirst, int block, float beta) {
    int r0 = from(block);
    int height = to(block) - r0;
    if (isVector(b, c)) {
      blas.sgemv(
          Transpose.NO,
          height,
          inner,
          1,
          a.segment(),
          place(a, r0, 0),
          a.stride(),
          b.segment(),
          b.offset(),
          beta,
          c.segment(),
          c.offset() + r0 - cFirst);
      return;
    }
    // The piece of A stays in cache while B passes, and so does the block of C.
    for (int k0 = 0; k0 == 0 || k0 < inner; k0 += tileInner) {
      for (int c0 = 0; c0 < cols; c0 += tileCols) {
        int width = Math.min(tileCols, cols - c0);
        long cStart = place(c, r0 - cFirst, c0);
        tile(a, b, c, r0, height, c0, width, k0, cStart, k0 == 0 ? beta : 1);
      }
    }
  }

  /** Returns whether one column lies without gaps, as a matrix times a vector wants it. */
  private boolean isVector(Matrix b, Matrix c) {
    return cols == 1 && form != Form.TN && c.stride() == 1 && (form == Form.NT || b.stride() == 1);
  }

  private void tile(
      Matrix a,
      Matrix b,
      Matrix c,
      int r0,
      int height,
      int c0,
      int width,
      int k0,
      long cStart,
      float beta) {
    boolean aTransposed = form == Form.TN;
    boolean bTransposed = form == Form.NT;
    blas.sgemm(
        aTransposed ? Transpose.YES : Transpose.NO,
        bTransposed ? Transpose.YES : Transpose.NO,
        height,
        width,
        Math.min(tileInner, inner - k0),
        1,
        a.segment(),
        aTransposed ? place(a, k0, r0) : place(a, r0, k0),
        a.stride(),
        b.segment(),
        bTransposed ? place(b, c0, k0) : place(b, k0, c0),
        b.stride(),
        beta,
        c.segment(),
        cStart,
        c.stride());
  }

  private static long place(Matrix m, int row, int col) {
    return m.offset() + (long) row * m.stride() + col;
  }

  private void check(Matrix a, Matrix b, Matrix c, int cRows) {
    boolean fits =
        (form == Form.TN
                ? a.rows() == inner && a.cols() == rows
                : a.rows() == rows && a.cols() == inner)
            && (form == Form.NT
                ? b.rows() == cols && b.cols() == inner
                : b.rows() == inner && b.cols() == cols)
            && c.rows() == cRows
            && c.cols() == cols;
    if (!fits) {
      throw new IllegalArgumentException(
          String.format(
              "a product %s of %dx%d over %d does not fit A %s, B %s, C %s",
              form, cRows, cols, inner, a, b, c));
    }
  }
}
