package fathom.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every implementation has to do wherever an element lies, and where it must not write. */
abstract class ActivationPlacementContract {
  static final float ALPHA = 0.7f;
  static final long SEED = 20260131;

  abstract ActivationKernels kernels();

  /** Rows, columns, elements between rows. */
  record Shape(int rows, int cols, int gap) {}

  /** Sizes around those of vectors of any width, in rows, in columns and in all. */
  static List<Shape> shapes() {
    List<Shape> shapes = new ArrayList<>();
    for (int lanes : new int[] {2, 4, 8, 16}) {
      for (int cols : new int[] {lanes - 1, lanes, lanes + 1, 4 * lanes - 1, 4 * lanes + 1}) {
        shapes.add(new Shape(3, cols, 0));
        shapes.add(new Shape(3, cols, 5));
      }
    }
    shapes.add(new Shape(0, 7, 0));
    shapes.add(new Shape(5, 0, 3));
    shapes.add(new Shape(1, 1, 0));
    shapes.add(new Shape(67, 1, 0));
    shapes.add(new Shape(67, 1, 2));
    shapes.add(new Shape(1031, 10, 0));
    shapes.add(new Shape(2, 4999, 0));
    shapes.add(new Shape(3, 101, 1));
    return shapes;
  }

  @ParameterizedTest
  @EnumSource
  void resultsDoNotDependOnTheirPlace(Function f) {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (int i = 0; i < 40; i++) {
        float x = (float) (4 * random.nextGaussian());
        float b = (float) random.nextGaussian();
        Matrix one = Matrix.of(arena, new float[][] {{x}});
        kernels().activate(f, ALPHA, one, Matrix.of(arena, new float[][] {{b}}), 0, 1);
        int rows = 1 + random.nextInt(40);
        int cols = 1 + random.nextInt(60);
        Guarded z = new Guarded(arena, rows, cols, random.nextInt(2));
        Guarded bias = new Guarded(arena, rows, 1, 0).normal(random, 1);
        z.normal(random, 4).special(random);
        int r = random.nextInt(rows);
        int c = random.nextInt(cols);
        z.matrix.set(r, c, x);
        bias.matrix.set(r, 0, b);
        kernels().activate(f, ALPHA, z.matrix, bias.matrix, 0, rows);
        String what = f + "(" + x + " + " + b + ") at " + r + ", " + c + " of " + z.matrix;
        assertEquals(one.get(0, 0), z.matrix.get(r, c), what);
      }
    }
  }

  @Test
  void rowsAreTheSameHoweverTheyAreShared() {
    Random random = new Random(SEED);
    ActivationKernels k = kernels();
    try (Arena arena = Arena.ofConfined()) {
      for (int cols : new int[] {1, 10, 32, 45}) {
        Guarded z = new Guarded(arena, 70, cols, 0).normal(random, 2);
        Guarded bias = new Guarded(arena, 70, 1, 0).normal(random, 1);
        Guarded d = new Guarded(arena, 70, cols, 0).normal(random, 1);
        Guarded db = zeros(arena, 70);
        Guarded z2 = new Guarded(arena, 70, cols, 0).copy(z);
        Guarded d2 = new Guarded(arena, 70, cols, 0).copy(d);
        Guarded db2 = zeros(arena, 70);
        k.activate(Function.TANH, 0, z.matrix, bias.matrix, 0, 70);
        k.derive(Function.TANH, 0, z.matrix, d.matrix, db.matrix, 0, 70);
        for (int from = 0, to; from < 70; from = to) {
          to = Math.min(70, from + 1 + random.nextInt(23));
          k.activate(Function.TANH, 0, z2.matrix, bias.matrix, from, to);
          k.derive(Function.TANH, 0, z2.matrix, d2.matrix, db2.matrix, from, to);
        }
        z2.assertSame(z, 0, 70, "A of " + cols + " columns");
        d2.assertSame(d, 0, 70, "D of " + cols + " columns");
        db2.assertSame(db, 0, 70, "db of " + cols + " columns");
      }
    }
  }

  @Test
  void otherRowsStayAsTheyAre() {
    Random random = new Random(SEED);
    ActivationKernels k = kernels();
    try (Arena arena = Arena.ofConfined()) {
      for (int cols : new int[] {1, 10, 16, 21}) {
        Guarded z = new Guarded(arena, 40, cols, 0).normal(random, 1);
        Guarded a = new Guarded(arena, 40, cols, 0).normal(random, 1);
        Guarded b = new Guarded(arena, 40, 1, 0).normal(random, 1);
        Guarded z0 = new Guarded(arena, 40, cols, 0).copy(z);
        Guarded a0 = new Guarded(arena, 40, cols, 0).copy(a);
        Guarded b0 = new Guarded(arena, 40, 1, 0).copy(b);
        k.activate(Function.RELU, 0, z.matrix, b.matrix, 7, 31);
        k.activateAndSlope(Function.MISH, 0, z.matrix, b.matrix, a.matrix, 7, 31);
        k.derive(Function.LOGISTIC, 0, a.matrix, z.matrix, b.matrix, 7, 31);
        k.multiplySlope(a.matrix, z.matrix, b.matrix, 7, 31);
        k.prelu(0.1f, z.matrix, b.matrix, a.matrix, 7, 31);
        k.preluDerive(0.1f, z.matrix, a.matrix, b.matrix, 7, 31);
        k.activate(Function.RELU, 0, z.matrix, b.matrix, 9, 9);
        for (int[] range : new int[][] {{0, 7}, {31, 40}}) {
          z.assertSame(z0, range[0], range[1], "Z");
          a.assertSame(a0, range[0], range[1], "A");
          b.assertSame(b0, range[0], range[1], "b");
        }
      }
    }
  }

  static Guarded zeros(Arena arena, int rows) {
    Guarded zeros = new Guarded(arena, rows, 1, 0);
    for (int r = 0; r < rows; r++) {
      zeros.matrix.set(r, 0, 0);
    }
    return zeros;
  }
}
