package fathom.nn;

import fathom.matrix.Matrix;
import java.util.Arrays;

/**
 * A weight matrix as the rows of what is not zero in it: sums over them take the time of those
 * alone, and have their roundings alone, since to add a zero rounds nothing.
 */
final class NearSums {
  private final int[][] places;
  private final double[][] weights;

  NearSums(Matrix w) {
    places = new int[w.rows()][];
    weights = new double[w.rows()][];
    for (int r = 0; r < w.rows(); r++) {
      int[] at = new int[w.cols()];
      int count = 0;
      for (int c = 0; c < w.cols(); c++) {
        if (w.get(r, c) != 0) {
          at[count++] = c;
        }
      }
      places[r] = Arrays.copyOf(at, count);
      weights[r] = new double[count];
      for (int i = 0; i < count; i++) {
        weights[r][i] = w.get(r, at[i]);
      }
    }
  }

  int rows() {
    return places.length;
  }

  /**
   * Returns a row's sum and what is added to it. In whatever order n products and one more are
   * added, each passes through n + 1 roundings at most, and one more of its own (Higham 2002, 3.1).
   * None of them rounds where all that is added are multiples of some 2^k, and the sum of their
   * sizes is not above 2^(k + 24).
   *
   * @param more roundings of each number that is added, before it came here
   */
  Near row(int r, Near[] x, Near added, int more) {
    double sum = added.value();
    double error = added.error();
    double size = added.size();
    double grain = grain(added.value());
    for (int i = 0; i < places[r].length; i++) {
      Near in = x[places[r][i]];
      double w = weights[r][i];
      sum += w * in.value();
      error += Math.abs(w) * in.error();
      size += Math.abs(w) * in.size();
      grain = Math.min(grain, grain(w) * grain(in.value()));
    }
    if (error == 0 && more == 0 && size <= 0x1p24 * grain) {
      return Near.exactly(sum);
    }
    return new Near(sum, error).rounded(places[r].length + 2 + more, size);
  }

  /** Returns the greatest power of two that a number is a multiple of. */
  private static double grain(double v) {
    if (v == 0) {
      return Double.POSITIVE_INFINITY;
    }
    long mantissa = (Double.doubleToRawLongBits(v) & ((1L << 52) - 1)) | (1L << 52);
    return Math.ulp(v) * Long.lowestOneBit(mantissa);
  }
}
