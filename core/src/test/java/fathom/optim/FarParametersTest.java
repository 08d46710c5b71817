package fathom.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.SparseMemory;
import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Slabs of more than 2^31 elements, of which only the last pages are touched. */
class FarParametersTest {
  private static final int ROWS = 60_000;
  private static final int COLS = 40_000;

  /** A matrix of 2.4e9 numbers, or an empty one in its place, and a small one behind it. */
  private static Slab.Layout layout(boolean far) {
    return new Slab.Layout().add("large", far ? ROWS : 0, COLS).add("last", 50, 30);
  }

  private static float[][] scatter(Matrix m, long seed) {
    Random random = new Random(seed);
    for (int r = 0; r < m.rows(); r++) {
      for (int c = 0; c < m.cols(); c++) {
        m.set(r, c, (float) random.nextGaussian());
      }
    }
    return m.toArray();
  }

  @Test
  void slabsAndMatrices() {
    try (SparseMemory arena = new SparseMemory()) {
      Slab slab = new Slab(layout(true), arena);
      Matrix large = slab.get("large");
      Matrix last = slab.get("last");
      assertEquals(2_400_000_000L, last.offset());
      float[][] values = scatter(last, 1);
      large.set(ROWS - 1, COLS - 1, 7);
      large.set(0, 0, 3);
      assertEquals(7, large.get(ROWS - 1, COLS - 1));
      assertEquals(7, large.rows(ROWS - 1, ROWS).get(0, COLS - 1));
      assertEquals(4 * (2_400_000_000L - 1), large.byteOffset(ROWS - 1, COLS - 1));
      assertArrayEquals(values, last.toArray());
      // There is no room for a third matrix, but in the large one's last rows.
      Matrix target = new Matrix(slab.segment(), last.offset() - 40_000, 30, 50, 50);
      target.transposeFrom(last);
      assertEquals(values[3][4], target.get(4, 3));
      Matrix copy = new Matrix(slab.segment(), last.offset() - 80_000, 50, 30, 30);
      copy.copyFrom(last);
      assertArrayEquals(values, copy.toArray());
    }
  }

  @Test
  void optimizersLearnThere() {
    List<Optimizer> optimizers =
        List.of(new Sgd(0.1f), new Sgd(0.1f, 0.9f), new Adam(0.01f), new RmsProp(0.01f));
    for (Optimizer optimizer : optimizers) {
      for (Clipping clipping :
          List.of(Clipping.none(), Clipping.byNorm(1), Clipping.perTensorByNorm(0.5f))) {
        assertArrayEquals(
            learn(optimizer, clipping, false),
            learn(optimizer, clipping, true),
            optimizer.toString());
      }
    }
  }

  private static float[][] learn(Optimizer optimizer, Clipping clipping, boolean far) {
    Engine engine = new Engine(Blas.java(), Kernels.vector(), 1);
    try (Arena arena = far ? new SparseMemory() : Arena.ofShared()) {
      Slab parameters = new Slab(layout(far), arena);
      Slab gradients = new Slab(parameters.layout(), arena);
      scatter(parameters.get("last"), 1);
      OptimizerState state = new OptimizerState(optimizer, parameters, gradients, arena);
      state.clipping(clipping);
      long from = parameters.get("last").offset();
      state.rates(new long[] {0, from}, new float[] {0, 0.5f});
      for (int step = 0; step < 3; step++) {
        scatter(gradients.get("last"), step + 2);
        int blocks = state.blocks();
        state.measure(engine, Math.max(0, blocks - 2), blocks);
        double norm = state.sumUp();
        assertTrue(clipping.scope() == Clipping.Scope.NONE || norm > 10, "norm " + norm);
        state.begin();
        state.update(engine, from, parameters.size());
      }
      return parameters.get("last").toArray();
    }
  }

  @Test
  void constraintsHoldThere() {
    try (SparseMemory arena = new SparseMemory()) {
      Slab parameters = new Slab(layout(true), arena);
      float[][] before = scatter(parameters.get("last"), 1);
      Constraint.Pass pass =
          Constraint.ofMaxNorm(0.5f).on(parameters, parameters.matrices().keySet(), 0);
      assertEquals(ROWS + 50, pass.rows());
      pass.apply(new Engine(Blas.java(), Kernels.vector(), 1), ROWS, ROWS + 50, 0.1f);
      float[][] after = parameters.get("last").toArray();
      for (int r = 0; r < 50; r++) {
        double norm = 0;
        for (float w : after[r]) {
          norm += (double) w * w;
        }
        // Thirty products, each rounded to half an ulp of single precision.
        assertEquals(0.5, Math.sqrt(norm), 0.5 * 30 * 0x1p-24, Arrays.toString(before[r]));
      }
    }
  }
}
