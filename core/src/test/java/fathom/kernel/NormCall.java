package fathom.kernel;

import fathom.kernel.ActivationPlacementContract.Shape;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;

/** A kernel of {@link NormKernels}, called on given operands. */
enum NormCall {
  STANDARDIZE_ROWS,
  STANDARDIZE_ROWS_IN_PLACE,
  SCALE_ROWS,
  SCALE_ROWS_IN_PLACE,
  BATCH_NORM_BACKWARD,
  SCALE_BACKWARD,
  STANDARDIZE_COLUMNS,
  STANDARDIZE_COLUMNS_IN_PLACE,
  LAYER_NORM_BACKWARD,
  ADD_SCALED,
  ADD_SCALED_TO_A,
  ADD_SCALED_TO_B,
  MULTIPLY;

  static final float EPSILON = 1e-5f;

  /** Three matrices, four columns and a row. */
  record Operands(
      Guarded x, Guarded y, Guarded w, Guarded p, Guarded q, Guarded s, Guarded t, Guarded row) {
    /** Normal numbers; q, a variance, is not negative. */
    static Operands normal(Arena arena, Shape shape, Random random) {
      int rows = shape.rows();
      int cols = shape.cols();
      Operands o =
          new Operands(
              new Guarded(arena, rows, cols, shape.gap()),
              new Guarded(arena, rows, cols, 2 * shape.gap()),
              new Guarded(arena, rows, cols, 0),
              new Guarded(arena, rows, 1, 0),
              new Guarded(arena, rows, 1, shape.gap()),
              new Guarded(arena, rows, 1, 0),
              new Guarded(arena, rows, 1, 0),
              new Guarded(arena, 1, cols, 0));
      for (Guarded g : o.all()) {
        g.normal(random, 1);
      }
      for (int r = 0; r < rows; r++) {
        o.q.matrix.set(r, 0, Math.abs(o.q.matrix.get(r, 0)));
      }
      return o;
    }

    Operands special(Random random) {
      for (Guarded g : all()) {
        g.special(random);
      }
      return this;
    }

    Operands copy(Arena arena, Shape shape) {
      Operands o = normal(arena, shape, new Random(0));
      for (int i = 0; i < all().size(); i++) {
        o.all().get(i).copy(all().get(i));
      }
      return o;
    }

    List<Guarded> all() {
      return List.of(x, y, w, p, q, s, t, row);
    }
  }

  /** Returns whether the range is one of columns. */
  boolean isOfColumns() {
    return this == STANDARDIZE_COLUMNS
        || this == STANDARDIZE_COLUMNS_IN_PLACE
        || this == LAYER_NORM_BACKWARD;
  }

  /** Returns the end of the longest range. */
  int size(Shape shape) {
    return isOfColumns() ? shape.cols() : shape.rows();
  }

  void apply(NormKernels k, Operands o, int from, int to) {
    switch (this) {
      case STANDARDIZE_ROWS ->
          k.standardizeRows(o.x.matrix, o.y.matrix, o.p.matrix, o.q.matrix, EPSILON, from, to);
      case STANDARDIZE_ROWS_IN_PLACE ->
          k.standardizeRows(o.x.matrix, o.x.matrix, o.p.matrix, o.q.matrix, EPSILON, from, to);
      case SCALE_ROWS -> k.scaleRows(o.x.matrix, o.p.matrix, o.y.matrix, from, to);
      case SCALE_ROWS_IN_PLACE -> k.scaleRows(o.x.matrix, o.p.matrix, o.x.matrix, from, to);
      case BATCH_NORM_BACKWARD ->
          k.batchNormBackward(
              o.x.matrix,
              o.y.matrix,
              o.p.matrix,
              o.q.matrix,
              EPSILON,
              o.s.matrix,
              o.t.matrix,
              from,
              to);
      case SCALE_BACKWARD ->
          k.scaleBackward(o.x.matrix, o.y.matrix, o.p.matrix, o.s.matrix, from, to);
      case STANDARDIZE_COLUMNS ->
          k.standardizeColumns(o.x.matrix, o.y.matrix, o.row.matrix, EPSILON, from, to);
      case STANDARDIZE_COLUMNS_IN_PLACE ->
          k.standardizeColumns(o.x.matrix, o.x.matrix, o.row.matrix, EPSILON, from, to);
      case LAYER_NORM_BACKWARD ->
          k.layerNormBackward(o.x.matrix, o.y.matrix, o.row.matrix, from, to);
      case ADD_SCALED -> k.addScaled(o.x.matrix, 0.3f, o.y.matrix, o.w.matrix, from, to);
      case ADD_SCALED_TO_A -> k.addScaled(o.x.matrix, 0.3f, o.y.matrix, o.x.matrix, from, to);
      case ADD_SCALED_TO_B -> k.addScaled(o.x.matrix, 0.3f, o.y.matrix, o.y.matrix, from, to);
      case MULTIPLY -> k.multiply(o.x.matrix, o.y.matrix, from, to);
    }
  }
}
