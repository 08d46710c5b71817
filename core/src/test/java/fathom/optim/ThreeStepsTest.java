package fathom.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Three steps from w = 1 with gradients 2, 3 and 1, worked out with pen and paper. */
class ThreeStepsTest {
  private static final float EPSILON = 0x1p-20f;
  private static final List<Engine> ENGINES =
      List.of(Engine.scalar(1), new Engine(Blas.java(), Kernels.vector(), 1));

  private final Arena arena = Arena.ofShared();

  @AfterEach
  void close() {
    arena.close();
  }

  @Test
  void threeSgdSteps() {
    assertSteps(new Sgd(0.25f), 0.5, -0.25, -0.5);
    // g' = 2.5, 3.1875, 0.890625
    assertSteps(new Sgd(0.25f, 0, 0, 0.5f, false), 0.375, -0.421875, -0.61914062);
    // v = 2, 4, 3
    assertSteps(new Sgd(0.25f, 0.5f), 0.5, -0.5, -1.25);
    // v = 2, 1 + 2.25, 1.625 + 0.75
    assertSteps(new Sgd(0.25f, 0.5f, 0.25f, 0, false), 0.5, -0.3125, -0.90625);
    // v = 2, 4, 3; steps 2 + 1, 3 + 2, 1 + 1.5
    assertSteps(Sgd.nesterov(0.25f, 0.5f), 0.25, -1, -1.625);
  }

  @Test
  void threeAdamSteps() {
    // m = 1, 2, 1.5, corrected 2, 8/3, 12/7; v = 1, 3, 2.5, corrected 4, 48/7, 160/37
    assertSteps(new Adam(0.125f, 0.5f, 0.75f, EPSILON, 0), 0.87500006, 0.74770634, 0.64465968);
    // g' = 2.5, 3.4375, 1.3739003: v = 1.5625, 4.1259766, 3.5663829
    assertSteps(new Adam(0.125f, 0.5f, 0.75f, EPSILON, 0.5f), 0.87500005, 0.7478005, 0.64088586);
    // The steps of the first case, each after w (1 - 0.0625)
    assertSteps(new AdamW(0.125f, 0.5f, 0.75f, EPSILON, 0.5f), 0.81250006, 0.63442508, 0.49172686);
  }

  @Test
  void threeAmsgradSteps() {
    // m as Adam's; v = 2, 5.5, 3.25, of which the largest is 2, 5.5, 5.5
    assertSteps(new Adam(0.125f, 0.5f, 0.5f, EPSILON, 0, true), 0.87500006, 0.75190861, 0.66643821);
  }

  @Test
  void threeAdaGradSteps() {
    // s = 4, 13, 14; rates 1/4, 1/6, 1/8
    assertSteps(new AdaGrad(0.25f, 0.5f, EPSILON, 0), 0.75000012, 0.61132511, 0.57791746);
  }

  @Test
  void threeRmsPropSteps() {
    // v = 1, 3, 2.5; steps 2, 1.7320498, 0.6324552
    assertSteps(
        new RmsProp(0.25f, 0.75f, EPSILON, 0, false, 0), 0.50000048, 0.06698801, -0.09112577);
    // g' = 2.5, 3.25, 0.9169405; v = 1.5625, 3.8125, 3.0695702
    assertSteps(
        new RmsProp(0.25f, 0.75f, EPSILON, 0.5f, false, 0.5f),
        0.50000038,
        -0.16611909,
        -0.63001931);
    // m = 0.5, 1.125, 1.09375; v - m² = 0.75, 1.734375, 1.3037109
    assertSteps(
        new RmsProp(0.25f, 0.75f, EPSILON, 0.5f, true, 0), 0.42265037, -0.43551884, -1.08355547);
  }

  @Test
  void threeAdaDeltaSteps() {
    // v = 2, 5.5, 3.25; steps 2/3, 0.8597270, 0.4569077; u = 2/9, 0.4806763, 0.3447205
    assertSteps(new AdaDelta(0.5f, 0.5f, 0.25f, 0), 0.66666667, 0.23680319, 0.00834933);
  }

  @Test
  void threeAdaMaxSteps() {
    // m as Adam's; u = 2, 3, 2.25
    assertSteps(new AdaMax(0.125f, 0.5f, 0.75f, EPSILON, 0), 0.87500006, 0.76388898, 0.66865092);
  }

  @Test
  void threeNadamSteps() {
    // Momenta 1/4: g' times 1, 0.8, 0.7619048; m times 4/15, 16/63, 64/255; m and v as Adam's
    assertSteps(
        new Nadam(0.125f, 0.5f, 0.75f, EPSILON, 0, 0, false), 0.8583334, 0.71952263, 0.65109426);
  }

  @Test
  void threeRadamSteps() {
    // rho = 1, 13/7, 97/37: not yet above 5, so that the steps are 2, 8/3, 12/7 eighths
    assertSteps(new RAdam(0.125f, 0.5f, 0.75f, EPSILON, 0, false), 0.75, 0.41666667, 0.20238095);
  }

  @Test
  void threeLionSteps() {
    // Always down by a quarter, after w times 7/8
    assertSteps(new Lion(0.25f, 0.5f, 0.75f, 0.5f), 0.625, 0.296875, 0.00976562);
  }

  private void assertSteps(Optimizer optimizer, double... expected) {
    float[] gradients = {2, 3, 1};
    for (Engine engine : ENGINES) {
      Slab parameters = new Slab(new Slab.Layout().add("w", 1, 19), arena);
      Slab slopes = new Slab(parameters.layout(), arena);
      fill(parameters.get("w"), 1);
      OptimizerState state = new OptimizerState(optimizer, parameters, slopes, arena);
      for (int step = 0; step < 3; step++) {
        fill(slopes.get("w"), gradients[step]);
        state.begin();
        state.update(engine, 0, parameters.size());
        for (int i = 0; i < 19; i++) {
          // Ten roundings a step of numbers below 4, and the last digit of the expected value.
          double tolerance = (step + 1) * 10 * 0x1p-22 + 1e-8;
          float w = parameters.get("w").get(0, i);
          assertEquals(expected[step], w, tolerance, optimizer + " step " + (step + 1));
        }
      }
    }
  }

  private static void fill(Matrix m, float value) {
    for (int r = 0; r < m.rows(); r++) {
      for (int c = 0; c < m.cols(); c++) {
        m.set(r, c, value);
      }
    }
  }
}
