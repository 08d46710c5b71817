package fathom.train;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.data.DataException;
import fathom.data.Safetensors;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Network;
import java.nio.file.Path;
import java.util.Map;

/**
 * The first number of a tensor that is not finite.
 *
 * @param tensor its name
 * @param row from 0
 * @param column from 0
 */
record NonFinite(String tensor, int row, int column, float value) {
  /** Which numbers that are not finite a tensor may hold. */
  enum Allowed {
    /** None, as of parameters. */
    NONE,
    /**
     * Infinities, as of an optimizer's moments: Adam's second may overflow, and the step is then 0.
     * A NaN stays and spreads.
     */
    INFINITE,
    /** All, of what is never used. */
    ALL;

    boolean allows(double number) {
      return this == ALL || (this == INFINITE ? !Double.isNaN(number) : Double.isFinite(number));
    }
  }

  /** Returns the first number of a slab that is not allowed, or null if all are. */
  static NonFinite in(Network network, Slab slab, Allowed allowed) {
    return allowed.allows(sum(network, slab)) ? null : search(slab, allowed);
  }

  /** Returns the first number of a network's parameters and statistics that is not finite. */
  static NonFinite in(Network network) {
    NonFinite found = in(network, network.parameters(), Allowed.NONE);
    return found != null ? found : in(network, network.statistics(), Allowed.NONE);
  }

  /**
   * Squares of floats and their sums are finite in double precision, and no square is negative, so
   * that the sum is finite if all numbers are and NaN if one is.
   */
  private static double sum(Network network, Slab slab) {
    return network.engine().kernels().update().sumOfSquares(slab.segment(), 0, slab.size());
  }

  private static NonFinite search(Slab slab, Allowed allowed) {
    for (Map.Entry<String, Matrix> e : slab.matrices().entrySet()) {
      NonFinite found = search(e.getKey(), e.getValue(), allowed);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  /** Returns the first such number of a matrix, or null. */
  static NonFinite in(String tensor, Matrix matrix) {
    return search(tensor, matrix, Allowed.NONE);
  }

  private static NonFinite search(String tensor, Matrix matrix, Allowed allowed) {
    for (int r = 0; r < matrix.rows(); r++) {
      for (int c = 0; c < matrix.cols(); c++) {
        float value = matrix.segment().get(JAVA_FLOAT, matrix.byteOffset(r, c));
        if (!allowed.allows(value)) {
          return new NonFinite(tensor, r, c, value);
        }
      }
    }
    return null;
  }

  /**
   * Requires that a file's tensor holds what is allowed.
   *
   * @throws DataException if it does not
   */
  static void requireNone(Safetensors read, Path file, String tensor, Allowed allowed) {
    long place = read.find(tensor, x -> !allowed.allows(x));
    if (place >= 0) {
      throw new DataException(
          String.format(
              "%s: number %d of tensor '%s' is %s; the training diverged, or the file is damaged:"
                  + " use an earlier one",
              file, place + 1, tensor, allowed == Allowed.NONE ? "NaN or infinite" : "NaN"));
    }
  }

  @Override
  public String toString() {
    return String.format("'%s' holds %s in row %d, column %d", tensor, value, row + 1, column + 1);
  }
}
