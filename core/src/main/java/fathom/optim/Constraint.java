package fathom.optim;

import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Set;

/**
 * What is done to weights after each step: one pass over the rows of the matrices, a row being the
 * weights into one unit. Whatever the optimizer was, in this order:
 *
 * <pre>
 *   w   = sign(w) max(|w| - rate l1, 0)         the proximal step of an L1 penalty: exact zeros
 *   row = row min(1, maxNorm / norm(row))       max-norm
 * </pre>
 *
 * <p>The rate is that of the step, so that the penalty follows the schedule as the gradient does.
 *
 * @param l1 strength of the L1 penalty, {@code l1 sum |w|} beside the loss; 0 for none
 * @param maxNorm the largest Euclidean norm of a row, above 0; infinity for none
 * @see <a href="https://jmlr.org/papers/v10/duchi09a.html">Duchi and Singer, Efficient online and
 *     batch learning using forward backward splitting, 2009</a>
 * @see <a href="https://jmlr.org/papers/v15/srivastava14a.html">Srivastava et al., Dropout: A
 *     simple way to prevent neural networks from overfitting, 2014</a>
 */
public record Constraint(float l1, float maxNorm) {
  private static final Constraint NONE = new Constraint(0, Float.POSITIVE_INFINITY);

  /**
   * Checks both.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Constraint {
    Hyperparameter.notNegative("the L1 penalty", l1);
    if (!(maxNorm > 0)) {
      throw new IllegalArgumentException(
          "the largest norm of a unit must be above 0, not " + maxNorm);
    }
  }

  /** Weights as they are. */
  public static Constraint none() {
    return NONE;
  }

  /** An L1 penalty alone. */
  public static Constraint ofL1(float strength) {
    return new Constraint(strength, Float.POSITIVE_INFINITY);
  }

  /** A limit of the norm of each unit's incoming weights alone. */
  public static Constraint ofMaxNorm(float limit) {
    return new Constraint(0, limit);
  }

  /** Returns whether nothing is done. */
  public boolean isNone() {
    return l1 == 0 && maxNorm == Float.POSITIVE_INFINITY;
  }

  /**
   * Binds this to the matrices of some names that do not lie before an element of their slab.
   *
   * @param from where the parameters that learn begin
   */
  public Pass on(Slab parameters, Set<String> names, long from) {
    return new Pass(
        this,
        parameters.matrices().entrySet().stream()
            .filter(e -> names.contains(e.getKey()) && e.getValue().offset() >= from)
            .map(Map.Entry::getValue)
            .toArray(Matrix[]::new));
  }

  /** A constraint at work. Each row is one thread's, so that any cut gives the same bits. */
  public static final class Pass {
    private final Constraint constraint;
    private final Matrix[] weights;
    private final long rows;

    private Pass(Constraint constraint, Matrix[] weights) {
      this.constraint = constraint;
      this.weights = weights;
      long sum = 0;
      for (Matrix matrix : weights) {
        sum += matrix.rows();
      }
      rows = sum;
    }

    /** Returns the number of rows of all matrices. */
    public long rows() {
      return rows;
    }

    /** Does the pass for rows {@code [from, to)}; nothing is allocated. */
    public void apply(Engine engine, long from, long to, float rate) {
      float threshold = rate * constraint.l1;
      long first = 0;
      for (Matrix matrix : weights) {
        long end = Math.min(to, first + matrix.rows());
        for (long row = Math.max(from, first); row < end; row++) {
          long start = matrix.offset() + (row - first) * matrix.stride();
          apply(engine, matrix.segment(), start, start + matrix.cols(), threshold);
        }
        first += matrix.rows();
      }
    }

    private void apply(Engine engine, MemorySegment w, long from, long to, float threshold) {
      if (threshold > 0) {
        engine.kernels().update().shrink(w, from, to, threshold);
      }
      double limit = constraint.maxNorm;
      if (limit == Double.POSITIVE_INFINITY) {
        return;
      }
      double squares = engine.kernels().update().sumOfSquares(w, from, to);
      if (squares > limit * limit) {
        engine.kernels().update().scale(w, from, to, (float) (limit / Math.sqrt(squares)));
      }
    }
  }
}
