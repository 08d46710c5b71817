package fathom.lab.probe;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.engine.Engine;
import fathom.engine.Member;
import fathom.engine.Task;
import fathom.matrix.Matrix;
import fathom.nn.Linearization;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.function.LongToIntFunction;

/**
 * Finds singular values of a Jacobian through its products with vectors: the largest by power
 * iteration and their mean square by random signs, at the cost of some passes however large it is;
 * or all of a small one, which is built column by column for that.
 */
final class Spectrum {
  /** Random vectors for the mean square; each serves all samples at once. */
  private static final int VECTORS = 8;

  private static final int MOST_ROUNDS = 60;
  private static final double SETTLED = 1e-4;

  private final Engine engine;
  private final boolean shared;
  private final Linearization jacobian;
  private final boolean mixed;
  private final Random random;
  private final Product forward = new Product(true);
  private final Product backward = new Product(false);

  /**
   * Binds a Jacobian.
   *
   * @param mixed whether samples have one Jacobian together
   */
  Spectrum(Engine engine, boolean shared, Linearization jacobian, boolean mixed, long seed) {
    this.engine = engine;
    this.shared = shared;
    this.jacobian = jacobian;
    this.mixed = mixed;
    random = new Random(seed);
  }

  /** Returns all singular values, of all samples together, the largest first. */
  double[] all() {
    Matrix above = jacobian.above();
    Matrix below = jacobian.below();
    double[][] rows = new double[above.rows() * above.cols()][];
    for (int k = 0; k < rows.length; k++) {
      int unit = k;
      fill(above, i -> i == unit ? 1 : 0);
      engine.run(backward, shared);
      rows[k] = numbers(below);
    }
    return SingularValues.of(rows);
  }

  private static double[] numbers(Matrix m) {
    double[] numbers = new double[m.rows() * m.cols()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = m.get(i / m.cols(), i % m.cols());
    }
    return numbers;
  }

  /** Returns the largest and the mean square, as estimates that say how good they are. */
  Jacobian estimate() {
    Matrix above = jacobian.above();
    int samples = above.cols();
    int side = Math.min(above.rows(), jacobian.below().rows());
    double sum = 0;
    double squares = 0;
    for (int k = 0; k < VECTORS; k++) {
      fillSigns(above);
      engine.run(backward, shared);
      double norm = 0;
      for (double square : squares(jacobian.below())) {
        norm += square;
      }
      double share = norm / side / samples;
      sum += share;
      squares += share * share;
    }
    double mean = sum / VECTORS;
    double variance = Math.max(0, (squares / VECTORS - mean * mean) / (VECTORS - 1));
    return largest(mean, Math.sqrt(variance));
  }

  private Jacobian largest(double meanSquare, double error) {
    fillSigns(jacobian.above());
    engine.run(backward, shared);
    double before = 0;
    double largest = 0;
    double change = Double.NaN;
    for (int round = 0; round < MOST_ROUNDS; round++) {
      if (!normalize(jacobian.below())) {
        return new Jacobian(largest, change, meanSquare, error);
      }
      engine.run(forward, shared);
      largest = Math.max(largest, largestNorm(jacobian.above()));
      change = largest == 0 ? 0 : 1 - before / largest;
      if (change < SETTLED || !normalize(jacobian.above())) {
        break;
      }
      before = largest;
      engine.run(backward, shared);
    }
    return new Jacobian(largest, change, meanSquare, error);
  }

  private void fillSigns(Matrix m) {
    fill(m, i -> random.nextBoolean() ? 1 : -1);
  }

  private static void fill(Matrix m, LongToIntFunction value) {
    for (int r = 0; r < m.rows(); r++) {
      for (int c = 0; c < m.cols(); c++) {
        m.set(r, c, value.applyAsInt((long) r * m.cols() + c));
      }
    }
  }

  private double largestNorm(Matrix m) {
    double most = 0;
    double all = 0;
    for (double square : squares(m)) {
      most = Math.max(most, square);
      all += square;
    }
    return Math.sqrt(mixed ? all : most);
  }

  /** Brings each vector to length 1; returns whether any is longer than 0, and all are finite. */
  private boolean normalize(Matrix m) {
    double[] squares = squares(m);
    double all = 0;
    for (double square : squares) {
      all += square;
    }
    if (!(all > 0 && all < Double.POSITIVE_INFINITY)) {
      return false;
    }
    double[] factors = new double[squares.length];
    for (int c = 0; c < factors.length; c++) {
      double square = mixed ? all : squares[c];
      factors[c] = square == 0 ? 0 : 1 / Math.sqrt(square);
    }
    for (int r = 0; r < m.rows(); r++) {
      for (int c = 0; c < m.cols(); c++) {
        m.set(r, c, (float) (m.get(r, c) * factors[c]));
      }
    }
    return true;
  }

  /** Returns each sample's sum of squares. */
  private static double[] squares(Matrix m) {
    double[] sums = new double[m.cols()];
    float[] row = new float[m.cols()];
    for (int r = 0; r < m.rows(); r++) {
      MemorySegment.copy(m.segment(), JAVA_FLOAT, m.byteOffset(r, 0), row, 0, row.length);
      for (int c = 0; c < row.length; c++) {
        sums[c] += (double) row[c] * row[c];
      }
    }
    return sums;
  }

  private final class Product extends Task {
    private final boolean ahead;

    Product(boolean ahead) {
      this.ahead = ahead;
    }

    @Override
    protected void share(Member member) {
      if (ahead) {
        jacobian.forward(member);
      } else {
        jacobian.backward(member);
      }
    }
  }
}
