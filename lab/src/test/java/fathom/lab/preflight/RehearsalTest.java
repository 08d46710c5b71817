package fathom.lab.preflight;

import static fathom.lab.LabBench.DIGITS;
import static fathom.lab.LabBench.ENGINE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Dataset;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Adam;
import fathom.optim.Clipping;
import fathom.optim.Method;
import fathom.optim.Optimizer;
import fathom.optim.Sgd;
import fathom.train.Trainer;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Rehearsals on a parabola, where each step is known, and that nothing is left of them. */
class RehearsalTest {
  private static Network parabola() {
    return Network.input(1)
        .dense(1, Activation.IDENTITY, Initializer.ZEROS)
        .noBias()
        .engine(ENGINE)
        .build();
  }

  /** The loss is {@code (w - 3)²}: its curvature is 2, a constant answer's loss 9. */
  private static Rehearsal on(Optimizer optimizer, long steps) {
    try (Dataset data = Dataset.ofTargets(new float[][] {{1}, {-1}}, new float[][] {{3}, {-3}});
        Network network = parabola();
        Batches.Iteration batches = data.rows().batchesInOrder(2).iterator()) {
      Batch batch = batches.next();
      return Rehearsal.of(network, batch, Loss.MSE, optimizer, Clipping.none(), steps);
    }
  }

  /**
   * A step of h leaves {@code 1 - 2 h} of the error, and falls by {@code 1 - h} of what the
   * gradient promises: a quarter up to h = 0.75. At a rate of 0.005 that is 150 steps in one, and
   * the largest power of 2 below is 128: 255 steps after eight passes, the rest of 300 in one more.
   */
  @Test
  void stepsGrowAsLongAsTheLossFallsAsPromised() {
    Rehearsal rehearsal = on(new Sgd(0.005f), 300);
    assertEquals(300, rehearsal.covered());
    assertEquals(128, rehearsal.longest());
    assertEquals(1 + 8 + 1, rehearsal.passes());
    assertEquals(9, rehearsal.loss(), 1e-6);
    assertEquals(9, rehearsal.constant(), 1e-6);
    assertEquals(9, rehearsal.most(), 1e-6);
    double error = 1;
    for (int k = 1; k <= 64; k *= 2) {
      error *= 1 - 0.01 * k;
    }
    double at128 = error * (1 - 1.28);
    double atEnd = at128 * (1 - 0.45);
    // The last quarter of ten points are two; single precision rounds each by some 1e-6.
    assertEquals(1 - (at128 * at128 + atEnd * atEnd) / 2, rehearsal.learnt(), 1e-5);
    assertEquals(rehearsal.learnt(), rehearsal.learnt(300), 0);
    assertEquals(2 * rehearsal.learnt(), rehearsal.learnt(600), 1e-12);
  }

  @Test
  void stepsThatAreTooLongAreTakenBack() {
    Rehearsal rehearsal = on(new Sgd(0.005f), 1000);
    assertEquals(1000, rehearsal.covered());
    assertEquals(128, rehearsal.longest());
    // Past 255, 256 in one are taken back, then 64 and 128 done, three times over. Of the 169 left,
    // all in one are too many; a quarter, twice that and the last quarter do.
    assertEquals(1 + 8 + 3 * 3 + 4, rehearsal.passes());
  }

  /** Where the curvature times the rate is 2.5, each step multiplies the loss by 1.5². */
  @Test
  void theTrainingsOwnStepsAreTakenWhateverTheyDo() {
    Rehearsal rehearsal = on(new Sgd(1.25f), 400);
    assertEquals(Rehearsal.PASSES, rehearsal.passes());
    assertEquals(Rehearsal.PASSES - 1, rehearsal.covered());
    assertEquals(1, rehearsal.longest());
    double most = 9 * Math.pow(1.5, 2 * (Rehearsal.PASSES - 1));
    assertEquals(most, rehearsal.most(), 1e-4 * most);
    assertTrue(rehearsal.learnt(400) < -1, rehearsal.toString());
  }

  @Test
  void lossesThatOverflowTeachNothing() {
    Rehearsal rehearsal = on(new Sgd(1e10f), 400);
    assertEquals(Double.POSITIVE_INFINITY, rehearsal.most());
    assertEquals(Double.NEGATIVE_INFINITY, rehearsal.learnt(400));
  }

  /** Momentum of 0.9 makes steps ten times as long in the end, and leaves the first as it is. */
  @Test
  void momentumCountsAsTheRateThatItComesTo() {
    Rehearsal rehearsal = on(new Sgd(0.005f, 0.9f), 30);
    // In single precision, 0.9 is off by up to 3e-8, which is 3e-7 of a tenth.
    assertEquals(30, rehearsal.covered(), 30 * 3e-7);
    assertEquals(12.8, rehearsal.longest(), 12.8 * 3e-7);
  }

  @ParameterizedTest
  @CsvSource({"mse, 1.25", "mae, 1", "huber, 0.5"})
  void constantAnswersAreTheMeanOrTheMedian(String loss, double expected) {
    try (Dataset data =
            Dataset.ofTargets(
                new float[][] {{1}, {2}, {3}, {4}}, new float[][] {{1}, {2}, {3}, {4}});
        Network network = parabola();
        Batches.Iteration batches = data.rows().batchesInOrder(4).iterator();
        Tryout tryout = new Tryout(network, Loss.named(loss))) {
      assertEquals(expected, tryout.constant(batches.next()), 0.13);
    }
  }

  @Test
  void constantAnswersToClassesAreTheirShares() {
    try (Dataset data =
            Dataset.ofLabels(new float[][] {{0}, {1}, {2}, {3}}, new int[] {0, 1, 0, 0}, 3);
        Network network = Network.input(1).dense(3).engine(ENGINE).build();
        Batches.Iteration batches = data.rows().batchesInOrder(4).iterator();
        Tryout tryout = new Tryout(network, Loss.SOFTMAX_CROSS_ENTROPY)) {
      double entropy = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
      assertEquals(entropy, tryout.constant(batches.next()), 1e-6);
    }
  }

  @Test
  void constantAnswersToOneLabelAreTheLogitOfItsShare() {
    try (Dataset data =
            Dataset.ofTargets(
                new float[][] {{1}, {2}, {3}, {4}}, new float[][] {{0}, {1}, {0}, {0}});
        Network network = parabola();
        Batches.Iteration batches = data.rows().batchesInOrder(4).iterator();
        Tryout tryout = new Tryout(network, Loss.SIGMOID_CROSS_ENTROPY)) {
      double entropy = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
      assertEquals(entropy, tryout.constant(batches.next()), 1e-6);
    }
  }

  @Test
  void batchesThatDoNotFitAreRefusedAndTheNetworkGoesOn() {
    try (Dataset data = Dataset.ofTargets(new float[][] {{1, 2}}, new float[][] {{3}});
        Network network = parabola();
        Batches.Iteration batches = data.rows().batchesInOrder(1).iterator()) {
      Batch batch = batches.next();
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> Rehearsal.of(network, batch, Loss.MSE, new Sgd(0.1f), Clipping.none(), 10));
      assertEquals("the batch has rows of 2 numbers, the network takes rows of 1", e.getMessage());
      // Nothing is held: what waits for steps under way gets its answer.
      try (Arena arena = Arena.ofConfined()) {
        Matrix y = Matrix.allocate(arena, 1, 1);
        network.predict(Matrix.of(arena, new float[][] {{1}}), y);
        assertEquals(0, y.get(0, 0));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Method.class,
      names = {"SGD", "NESTEROV", "RMSPROP", "ADAM"})
  void nothingIsLeftOfIt(Method method) {
    try (Network network =
            Network.input(64)
                .dense(20, Activation.IDENTITY, Initializer.HE_NORMAL)
                .noBias()
                .batchNorm(Activation.RELU)
                .dense(10)
                .seed(3)
                .engine(ENGINE)
                .build();
        Batches.Iteration batches = DIGITS.rows().batches(64, 1).iterator()) {
      float[] parameters = numbers(network.parameters());
      float[] statistics = numbers(network.statistics());
      Batch batch = batches.next();
      Optimizer optimizer = method.optimizer(method.rate(), null, null);
      Rehearsal once =
          Rehearsal.of(
              network, batch, Loss.SOFTMAX_CROSS_ENTROPY, optimizer, Clipping.byNorm(1), 200);
      assertTrue(once.learnt() > 0, once.toString());
      assertArrayEquals(parameters, numbers(network.parameters()));
      assertArrayEquals(statistics, numbers(network.statistics()));
      assertEquals(
          once,
          Rehearsal.of(
              network, batch, Loss.SOFTMAX_CROSS_ENTROPY, optimizer, Clipping.byNorm(1), 200));
    }
  }

  @Test
  void ofAdamItIsTheTrainingItself() {
    try (Network network =
        Network.input(64).dense(20, Activation.RELU).dense(10).seed(3).engine(ENGINE).build()) {
      float[] parameters = numbers(network.parameters());
      Rehearsal rehearsal = overDigits(network, 30);
      assertArrayEquals(parameters, numbers(network.parameters()));
      assertEquals(30, rehearsal.covered());
      assertEquals(31, rehearsal.passes());
      double[] losses = new double[31];
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(1e-3f));
      try (Batches.Iteration batches = DIGITS.rows().batches(32, 0, 0).iterator()) {
        for (int i = 0; i < losses.length; i++) {
          losses[i] = trainer.step(batches.next());
        }
      }
      assertEquals(losses[0], rehearsal.loss());
      assertEquals((losses[28] + losses[29] + losses[30]) / 3, rehearsal.end(), 1e-15);
    }
  }

  /** Forty steps as they are, and 79 of two in one. */
  @Test
  void ofAdamNoMoreThanTwoStepsAreOne() {
    try (Network network = Network.input(64).dense(10).engine(ENGINE).build()) {
      Rehearsal rehearsal = overDigits(network, 400);
      assertEquals(120, rehearsal.passes());
      assertEquals(40 + 2 * 79, rehearsal.covered());
      assertEquals(2, rehearsal.longest());
      assertEquals(rehearsal.learnt() * 400 / 198, rehearsal.learnt(400), 1e-12);
    }
  }

  private static Rehearsal overDigits(Network network, long steps) {
    return Rehearsal.over(
        network,
        DIGITS.rows(),
        32,
        Loss.SOFTMAX_CROSS_ENTROPY,
        new Adam(1e-3f),
        Clipping.none(),
        steps);
  }

  private static float[] numbers(Slab slab) {
    return slab.segment().toArray(ValueLayout.JAVA_FLOAT);
  }
}
