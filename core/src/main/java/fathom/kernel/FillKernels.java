package fathom.kernel;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * Fills flat memory with constants or with random numbers from a counter-based generator (Threefry
 * 4x32, Salmon et al. 2011). The number at an index is a function of (seed, stream, index) and of
 * nothing else: not of the range, the thread, the vector width or the machine, bit for bit. A
 * tensor is a stream. Indices count elements of the stream and are long; index i is written to
 * element {@code base + i} of the segment.
 */
public interface FillKernels {
  /** Writes a value to elements {@code [from, to)}. */
  void constant(MemorySegment x, long base, long from, long to, float value);

  /** Writes uniform numbers of {@code [-bound, bound]}: exact in both bounds, mean 0. */
  void uniform(MemorySegment x, long base, long from, long to, long seed, long stream, float bound);

  /** Writes normal numbers of mean 0 and the given standard deviation (Box-Muller). */
  void normal(MemorySegment x, long base, long from, long to, long seed, long stream, float sigma);

  /**
   * Writes normal numbers to rows {@code [from, to)} of a matrix: element (r, c) is number {@code r
   * cols + c} of the stream, whatever the stride. What lies between rows is left as it is.
   */
  default void normal(Matrix x, int from, int to, long seed, long stream, float sigma) {
    long cols = x.cols();
    if (x.stride() == cols) {
      normal(x.segment(), x.offset(), from * cols, to * cols, seed, stream, sigma);
      return;
    }
    for (int r = from; r < to; r++) {
      long base = x.offset(r) - r * cols;
      normal(x.segment(), base, r * cols, (r + 1) * cols, seed, stream, sigma);
    }
  }
}
