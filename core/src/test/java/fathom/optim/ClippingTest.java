package fathom.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ClippingTest {
  private static final List<Engine> ENGINES =
      List.of(Engine.scalar(1), new Engine(Blas.java(), Kernels.vector(), 1));

  private final Arena arena = Arena.ofShared();

  /** Tensors of less than a block, of many blocks, and gaps between them. */
  private final Slab.Layout layout =
      new Slab.Layout().add("a", 7, 3).add("b", 400, 101).add("c", 1, 17);

  private final Slab parameters = new Slab(layout, arena);
  private final Slab gradients = new Slab(layout, arena);

  @AfterEach
  void close() {
    arena.close();
  }

  static Stream<Optimizer> optimizers() {
    return OptimizerTest.optimizers();
  }

  private static void randomize(Slab slab, float scale, Random random) {
    for (Matrix m : slab.matrices().values()) {
      for (int r = 0; r < m.rows(); r++) {
        for (int c = 0; c < m.cols(); c++) {
          m.set(r, c, scale * (float) random.nextGaussian());
        }
      }
    }
  }

  private static double norm(Iterable<Matrix> matrices) {
    double sum = 0;
    for (Matrix m : matrices) {
      for (float[] row : m.toArray()) {
        for (float x : row) {
          sum += (double) x * x;
        }
      }
    }
    return Math.sqrt(sum);
  }

  /** Clips as PyTorch says, writing the gradients. */
  private static void clip(Slab slab, Clipping clipping) {
    double all = norm(slab.matrices().values());
    for (Matrix m : slab.matrices().values()) {
      double size = clipping.scope() == Clipping.Scope.NORM ? all : norm(List.of(m));
      float factor = (float) Math.min(1, clipping.limit() / (size + 1e-6));
      for (int r = 0; r < m.rows(); r++) {
        for (int c = 0; c < m.cols(); c++) {
          float g = m.get(r, c);
          float cut = Math.max(-clipping.limit(), Math.min(clipping.limit(), g));
          m.set(r, c, clipping.scope() == Clipping.Scope.VALUE ? cut : g * factor);
        }
      }
    }
  }

  private static void step(OptimizerState state, Engine engine, long size) {
    state.measure(engine, 0, state.blocks());
    double unused = state.sumUp();
    state.begin();
    state.update(engine, 0, 10);
    state.update(engine, 10, 20_000);
    state.update(engine, 20_000, size);
  }

  private static boolean same(Slab x, Slab y) {
    return x.segment().mismatch(y.segment()) == -1;
  }

  /** Clipping on the way does what clipping beforehand does, and leaves the gradients alone. */
  @ParameterizedTest
  @MethodSource("optimizers")
  void aClippedStepIsThatOfClippedGradients(Optimizer optimizer) {
    // The norms are near 4.6, 201 and 4.1: some are clipped, some not.
    for (Clipping clipping :
        List.of(
            Clipping.byNorm(1),
            Clipping.byNorm(1000),
            Clipping.byValue(0.5f),
            Clipping.perTensorByNorm(20))) {
      for (Engine engine : ENGINES) {
        Random random = new Random(3);
        randomize(parameters, 1, random);
        Slab expected = new Slab(layout, arena);
        expected.matrices().forEach((name, m) -> m.copyFrom(parameters.get(name)));
        Slab clipped = new Slab(layout, arena);
        OptimizerState state = new OptimizerState(optimizer, parameters, gradients, arena);
        state.clipping(clipping);
        OptimizerState plain = new OptimizerState(optimizer, expected, clipped, arena);
        for (int step = 0; step < 2; step++) {
          randomize(gradients, 1, random);
          Slab before = new Slab(layout, arena);
          before.segment().copyFrom(gradients.segment());
          clipped.segment().copyFrom(gradients.segment());
          clip(clipped, clipping);
          step(state, engine, layout.size());
          step(plain, engine, layout.size());
          String what = optimizer + ", " + clipping + ", seed 3";
          assertTrue(same(expected, parameters), what);
          assertTrue(same(before, gradients), what);
        }
      }
    }
  }

  @Test
  void theNormIsThatBeforeClippingAndDoesNotDependOnTheCut() {
    Random random = new Random(4);
    randomize(gradients, 1, random);
    OptimizerState state = new OptimizerState(new Sgd(1), parameters, gradients, arena);
    assertEquals(0, state.blocks());
    assertTrue(Double.isNaN(state.gradientNorm()));
    for (Clipping clipping :
        List.of(Clipping.byNorm(2), Clipping.byValue(2), Clipping.perTensorByNorm(2))) {
      state.clipping(clipping);
      assertEquals(clipping, state.clipping());
      assertEquals(1 + 3 + 1, state.blocks());
      double[] norms = new double[10];
      for (int i = 0; i < norms.length; i++) {
        int first = random.nextInt(6);
        Engine engine = ENGINES.get(i % 2);
        state.measure(engine, first, 5);
        state.measure(engine, 0, first);
        norms[i] = state.sumUp();
        assertEquals(norms[0], norms[i], clipping + " seed 4");
        assertEquals(norms[i], state.gradientNorm());
      }
      double expected = norm(gradients.matrices().values());
      // Both sums add at most 41,000 exact squares, and the root halves the error.
      assertEquals(expected, norms[0], 41_000 * 0x1p-53 * expected, clipping + " seed 4");
    }
    state.clipping(Clipping.none());
    assertEquals(0, state.blocks());
    assertTrue(Double.isNaN(state.sumUp()));
  }

  @Test
  void aNormThatIsNoNumberIsTold() {
    OptimizerState state = new OptimizerState(new Sgd(1), parameters, gradients, arena);
    state.clipping(Clipping.byNorm(1));
    for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      gradients.get("c").set(0, 16, bad);
      state.measure(ENGINES.get(1), 0, state.blocks());
      assertFalse(Double.isFinite(state.sumUp()));
    }
  }

  @Test
  void gradientsOfZeroStayZero() {
    randomize(parameters, 1, new Random(5));
    float[][] before = parameters.get("b").toArray();
    for (Clipping clipping :
        List.of(Clipping.byNorm(2), Clipping.byValue(2), Clipping.perTensorByNorm(2))) {
      OptimizerState state = new OptimizerState(new Sgd(1), parameters, gradients, arena);
      state.clipping(clipping);
      step(state, ENGINES.get(1), layout.size());
      assertEquals(0, state.gradientNorm());
      assertTrue(Arrays.deepEquals(before, parameters.get("b").toArray()), clipping + " seed 5");
    }
  }

  @Test
  void misuseIsNamed() {
    for (float bad : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      Exception e = assertThrows(IllegalArgumentException.class, () -> Clipping.byNorm(bad));
      assertEquals("a limit of gradients must be finite and above 0, not " + bad, e.getMessage());
      assertThrows(IllegalArgumentException.class, () -> Clipping.byValue(bad));
      assertThrows(IllegalArgumentException.class, () -> Clipping.perTensorByNorm(bad));
    }
    OptimizerState state = new OptimizerState(new Sgd(1), parameters, gradients, arena);
    state.clipping(Clipping.byNorm(1));
    Exception e =
        assertThrows(IndexOutOfBoundsException.class, () -> state.measure(ENGINES.get(0), 2, 6));
    assertEquals("blocks 2 to 6 of 5", e.getMessage());
  }
}
