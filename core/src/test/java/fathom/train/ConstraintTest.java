package fathom.train;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Constraint;
import fathom.optim.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is done to weights after a step: the L1 penalty and max-norm. */
class ConstraintTest {
  private static final float RATE = 0.1f;

  private static Network network(Engine engine) {
    return Network.input(64).dense(45, Activation.RELU).dense(10).seed(3).engine(engine).build();
  }

  private static byte[] train(int threads, int frozen, Constraint constraint, int epochs) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
        Dataset data = Digits.load();
        Network network = network(engine)) {
      network.freeze(frozen);
      try (Trainer trainer =
          new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(RATE)).constraint(constraint)) {
        for (int epoch = 0; epoch < epochs; epoch++) {
          double unused = trainer.epoch(data.batches(450, epoch));
        }
      }
      return network.parameters().segment().toArray(JAVA_BYTE);
    }
  }

  @Test
  void theSameBitsOnOneTwoAndFourThreads() {
    Constraint both = new Constraint(1e-3f, 0.8f);
    byte[] one = train(1, 0, both, 3);
    assertArrayEquals(one, train(2, 0, both, 3));
    assertArrayEquals(one, train(4, 0, both, 3));
    assertTrue(
        MemorySegment.ofArray(one)
                .mismatch(MemorySegment.ofArray(train(1, 0, Constraint.none(), 3)))
            >= 0,
        "nothing was done");
  }

  /** One step with the constraint is a step without it, and then the constraint as defined. */
  @Test
  void aStepIsFollowedByTheDefinition() {
    float l1 = 0.02f;
    float limit = 0.9f;
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Dataset data = Digits.load();
        Network plain = network(engine);
        Network network = network(engine)) {
      new Trainer(plain, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(RATE))
          .epoch(data.batchesInOrder(1797));
      new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(RATE))
          .constraint(new Constraint(l1, limit))
          .epoch(data.batchesInOrder(1797));
      int zeros = 0;
      for (String name : plain.parameters().layout().names()) {
        float[][] before = plain.parameters().get(name).toArray();
        Matrix after = network.parameters().get(name);
        for (int r = 0; r < before.length; r++) {
          double[] row = new double[before[r].length];
          double squares = 0;
          for (int c = 0; c < row.length; c++) {
            double w = before[r][c];
            boolean weight = network.weightNames().contains(name);
            row[c] = weight ? Math.signum(w) * Math.max(Math.abs(w) - RATE * l1, 0) : w;
            squares += row[c] * row[c];
            zeros += weight && row[c] == 0 && after.get(r, c) == 0 ? 1 : 0;
          }
          boolean over = network.weightNames().contains(name) && Math.sqrt(squares) > limit;
          double factor = over ? limit / Math.sqrt(squares) : 1;
          for (int c = 0; c < row.length; c++) {
            // Three roundings of single precision: the threshold, the difference, the product.
            double slack = 3 * 0x1p-24 * (Math.abs(before[r][c]) + RATE * l1);
            assertEquals(factor * row[c], after.get(r, c), slack, name + " " + r + ", " + c);
          }
        }
      }
      assertTrue(zeros > 10, zeros + " zeros");
    }
  }

  @Test
  void noUnitPassesTheNorm() {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 2);
        Dataset data = Digits.load();
        Network network = network(engine);
        Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(1))) {
      trainer.constraint(Constraint.ofMaxNorm(1.5f));
      int limited = 0;
      for (int epoch = 0; epoch < 3; epoch++) {
        double unused = trainer.epoch(data.batches(64, epoch));
        for (String name : network.weightNames()) {
          for (float[] row : network.parameters().get(name).toArray()) {
            double squares = 0;
            for (float w : row) {
              squares += (double) w * w;
            }
            // A factor and a product, each rounded once.
            assertTrue(Math.sqrt(squares) <= 1.5 * (1 + 2 * 0x1p-24), name);
            limited += Math.sqrt(squares) > 1.499 ? 1 : 0;
          }
        }
      }
      assertTrue(limited > 0, "no unit came to the limit");
    }
  }

  @Test
  void frozenLayersStayAsTheyAre() {
    byte[] one = train(1, 1, new Constraint(0.1f, 0.1f), 1);
    byte[] fresh = train(1, 0, Constraint.none(), 0);
    int still = 64 * 45 * Float.BYTES;
    MemorySegment a = MemorySegment.ofArray(one);
    MemorySegment b = MemorySegment.ofArray(fresh);
    assertEquals(-1, a.asSlice(0, still).mismatch(b.asSlice(0, still)));
    assertTrue(a.mismatch(b) >= still);
  }

  @Test
  void shrinkingHasTheBitsOfTheScalarTwin() {
    Random random = new Random(8);
    try (Arena arena = Arena.ofConfined()) {
      for (int n : new int[] {0, 1, 7, 16, 33, 500}) {
        MemorySegment x = arena.allocate(4L * (n + 2), 64);
        for (int i = 0; i < n + 2; i++) {
          x.setAtIndex(JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        if (n > 20) {
          x.setAtIndex(JAVA_FLOAT, 3, Float.NaN);
          x.setAtIndex(JAVA_FLOAT, 5, Float.NEGATIVE_INFINITY);
          x.setAtIndex(JAVA_FLOAT, 6, -0.0f);
          x.setAtIndex(JAVA_FLOAT, 7, Float.MIN_VALUE);
        }
        MemorySegment y = arena.allocate(x.byteSize(), 64).copyFrom(x);
        float[] before = x.toArray(JAVA_FLOAT);
        Kernels.vector().update().shrink(x, 1, n + 1, 0.5f);
        Kernels.scalar().update().shrink(y, 1, n + 1, 0.5f);
        assertEquals(-1, x.mismatch(y), n + " elements, seed 8");
        assertEquals(before[0], x.getAtIndex(JAVA_FLOAT, 0));
        assertEquals(before[n + 1], x.getAtIndex(JAVA_FLOAT, n + 1));
        for (int i = 1; i <= n; i++) {
          float w = before[i];
          float expected = Float.isNaN(w) ? w : w > 0.5f ? w - 0.5f : w < -0.5f ? w + 0.5f : 0;
          assertEquals(expected, x.getAtIndex(JAVA_FLOAT, i));
        }
      }
    }
  }

  @Test
  void refusesWhatMakesNoSense() {
    assertThrows(IllegalArgumentException.class, () -> new Constraint(-1, 1));
    assertThrows(IllegalArgumentException.class, () -> Constraint.ofMaxNorm(0));
    assertThrows(IllegalArgumentException.class, () -> Constraint.ofL1(Float.NaN));
  }
}
