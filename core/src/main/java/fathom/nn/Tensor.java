package fathom.nn;

import fathom.matrix.Slab;
import java.util.List;

/**
 * The name and shape of numbers that a layer holds, named as by PyTorch's {@code nn.Sequential}.
 *
 * @param role what the numbers are
 * @param cols 1 unless the numbers are weights
 */
public record Tensor(String name, Role role, int rows, int cols) {
  /** What the numbers of a tensor are. */
  public enum Role {
    /** A matrix that is learnt. */
    WEIGHT,
    /** One number for each unit, or a single one, that is learnt. */
    VECTOR,
    /** One number for each unit that is kept and not learnt. */
    STATISTIC
  }

  static Tensor weight(String name, int rows, int cols) {
    return new Tensor(name, Role.WEIGHT, rows, cols);
  }

  static Tensor vector(String name, int rows) {
    return new Tensor(name, Role.VECTOR, rows, 1);
  }

  static Tensor statistic(String name, int rows) {
    return new Tensor(name, Role.STATISTIC, rows, 1);
  }

  /** Returns whether the numbers are learnt. */
  public boolean isLearnt() {
    return role != Role.STATISTIC;
  }

  /** Returns the sizes as files have them: two of weights, one of all else. */
  public List<Long> shape() {
    return role == Role.WEIGHT ? List.of((long) rows, (long) cols) : List.of((long) rows);
  }

  /** Returns how many numbers there are. */
  public long numbers() {
    return (long) rows * cols;
  }

  /** Adds the tensor to the slab that it belongs to. */
  void addTo(Slab.Layout parameters, Slab.Layout statistics) {
    Slab.Layout unused = (isLearnt() ? parameters : statistics).add(name, rows, cols);
  }
}
