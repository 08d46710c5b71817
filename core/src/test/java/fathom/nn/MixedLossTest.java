package fathom.nn;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Cross-entropy against two labels of a sample, compared with its definition in double. */
class MixedLossTest {
  private static final List<Engine> ENGINES =
      List.of(Engine.scalar(1), new Engine(Blas.java(), Kernels.vector(), 1));

  private static final int CLASSES = 7;

  private static double[] target(int label, int partner, double share, double smoothing) {
    double[] t = new double[CLASSES];
    java.util.Arrays.fill(t, smoothing / CLASSES);
    t[label] += (1 - smoothing) * share;
    t[partner] += (1 - smoothing) * (1 - share);
    return t;
  }

  @Test
  void lossAndGradientAreThoseOfTheDefinition() {
    Random random = new Random(5);
    for (Engine engine : ENGINES) {
      for (int batch : new int[] {1, 5, 33}) {
        for (float smoothing : new float[] {0, 0.1f}) {
          for (float share : new float[] {0.5f, 0.8f, 1}) {
            compare(engine, random, batch, smoothing, share);
          }
        }
      }
    }
  }

  private static void compare(
      Engine engine, Random random, int batch, float smoothing, float share) {
    try (Arena arena = Arena.ofConfined()) {
      Matrix y = Matrix.allocate(arena, CLASSES, batch);
      MemorySegment labels = arena.allocate(4L * batch, 64);
      MemorySegment partners = arena.allocate(4L * batch, 64);
      double loss = 0;
      double[][] gradient = new double[CLASSES][batch];
      for (int i = 0; i < batch; i++) {
        labels.setAtIndex(JAVA_INT, i, random.nextInt(CLASSES));
        partners.setAtIndex(JAVA_INT, i, random.nextInt(CLASSES));
        double sum = 0;
        for (int k = 0; k < CLASSES; k++) {
          y.set(k, i, 3 * (float) random.nextGaussian());
          sum += Math.exp(y.get(k, i));
        }
        double[] t =
            target(
                labels.getAtIndex(JAVA_INT, i), partners.getAtIndex(JAVA_INT, i), share, smoothing);
        for (int k = 0; k < CLASSES; k++) {
          loss += t[k] * (Math.log(sum) - y.get(k, i)) / batch;
          gradient[k][i] = (Math.exp(y.get(k, i)) / sum - t[k]) / batch;
        }
      }
      Loss.Objective objective =
          Loss.SOFTMAX_CROSS_ENTROPY.labelSmoothing(smoothing).bind(CLASSES, arena);
      String what = batch + " samples, smoothing " + smoothing + ", share " + share + ", seed 5";
      // A logarithm of a sum of 7 exponentials, each within 2 ulp: 16 roundings of single precision
      // of numbers below 16.
      assertEquals(
          loss, objective.mixed(engine, y, labels, partners, share, null), 16 * 16e-7, what);
      // In place, as the interface allows.
      assertEquals(loss, objective.mixed(engine, y, labels, partners, share, y), 16 * 16e-7, what);
      for (int k = 0; k < CLASSES; k++) {
        for (int i = 0; i < batch; i++) {
          // The same roundings, of numbers below 2 / B.
          assertEquals(gradient[k][i], y.get(k, i), 16 * 2e-7 / batch, what);
        }
      }
    }
  }

  @Test
  void refusesWhatIsNotDefined() {
    try (Arena arena = Arena.ofConfined()) {
      Matrix y = Matrix.allocate(arena, 2, 1);
      MemorySegment labels = arena.allocate(4, 64);
      for (Loss loss : List.of(Loss.MSE, Loss.SOFTMAX_CROSS_ENTROPY.classWeights(1, 2))) {
        Loss.Objective objective = loss.bind(2, arena);
        String message =
            assertThrows(
                    IllegalArgumentException.class,
                    () -> objective.mixed(ENGINES.get(0), y, labels, labels, 0.5f, null))
                .getMessage();
        assertTrue(message.contains(loss.toString()), message);
      }
    }
  }
}
