package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Adam;
import fathom.optim.Schedule;
import fathom.optim.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of trainings that diverge. */
class AnomalyTest {
  /** A finite loss of 5e39 in double, whose gradient 1e20 * 2e30 is more than a float holds. */
  private static Dataset overflowing() {
    return Dataset.ofTargets(new float[][] {{1e20f, 1}}, new float[][] {{1e30f}});
  }

  private static Network linear(int in) {
    return Network.input(in).dense(1, Activation.IDENTITY, Initializer.ZEROS).build();
  }

  @Test
  void aGradientThatOverflowsIsNamedBeforeItReachesTheParameters() {
    try (Dataset data = overflowing();
        Network network = linear(2)) {
      Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0.1f)).detectAnomalies(true);
      TrainingDivergedException e =
          assertThrows(
              TrainingDivergedException.class, () -> trainer.epoch(data.batchesInOrder(1)));
      assertEquals(
          "training diverged at step 1 with learning rate 0.1: the first non-finite number is in"
              + " the gradient of 0.weight in layer 1 of 1 (2 -> 1 identity, zeros); gradients"
              + " explode: lower the rate, or clip or normalize",
          e.getMessage());
      assertEquals(1, e.step());
      assertEquals(0.1f, e.rate());
      assertEquals(0, e.layer());
      assertEquals("0.weight", e.tensor());
      assertFalse(e.isBadData());
      assertEquals(0, network.parameters().get("0.weight").get(0, 0));
      assertEquals(0, trainer.state().steps());
    }
  }

  @Test
  void unlessAskedGradientsAreNotLookedAt() {
    try (Dataset data = overflowing();
        Network network = linear(2)) {
      Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0.1f));
      double unused = trainer.epoch(data.batchesInOrder(1));
      assertEquals(Float.POSITIVE_INFINITY, network.parameters().get("0.weight").get(0, 0));
      TrainingDivergedException e =
          assertThrows(
              TrainingDivergedException.class, () -> trainer.epoch(data.batchesInOrder(1)));
      assertEquals("0.weight", e.tensor());
      assertTrue(e.getMessage().contains("the output of layer 1 of 1"), e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void badDataAreToldApart(boolean inTargets) {
    try (Dataset data = Dataset.ofTargets(new float[4][3], new float[4][1]);
        Network network = linear(3)) {
      Rollback.Listener never = (cause, steps, factor) -> throwAssertion("rolled back");
      Trainer trainer =
          new Trainer(network, Loss.MSE, new Sgd(0.1f)).rollback(Rollback.standard(), never);
      double unused = trainer.epoch(data.batchesInOrder(4));
      for (Batch batch : data.batchesInOrder(4)) {
        (inTargets ? batch.targets() : batch.inputs()).set(2, 0, Float.NaN);
        TrainingDivergedException e =
            assertThrows(TrainingDivergedException.class, () -> trainer.step(batch));
        String what = inTargets ? "targets" : "inputs";
        assertTrue(
            e.getMessage().contains("the data: NaN in row 3, column 1 of the batch's " + what),
            e.getMessage());
        assertTrue(e.isBadData());
        assertEquals(-1, e.layer());
        assertNull(e.tensor());
      }
    }
  }

  private static void throwAssertion(String what) {
    throw new AssertionError(what);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void lookingForAnomaliesChangesNoBit(int threads) {
    assertTrue(Arrays.deepEquals(trained(1, false), trained(threads, true)));
  }

  private static float[][] trained(int threads, boolean careful) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
        Dataset data = MonitorTest.data(256, 100, 4);
        Network network =
            Network.input(100)
                .dense(256, Activation.RELU)
                .batchNorm(Activation.RELU)
                .dense(256, Activation.PRELU)
                .dense(4)
                .engine(engine)
                .build();
        Trainer trainer =
            new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.001f))
                .detectAnomalies(careful)) {
      if (careful) {
        trainer.rollback(new Rollback(2, 0.5f, 1), (c, s, f) -> throwAssertion("rolled back"));
      }
      for (int epoch = 0; epoch < 2; epoch++) {
        double unused = trainer.epoch(data.batchesInOrder(64));
      }
      return network.parameters().get("4.weight").toArray();
    }
  }

  /**
   * Mean squared error of w + b against 1: each step multiplies the error by 1 - 4 rate. At rate 8
   * by -31, so that the loss is kept once and then overflows; at rate 0.25 it is 0 after one step.
   */
  @Test
  void aDivergedTrainingGoesOnFromTheLastGoodStateWithALowerRate() {
    float[][] one = {{1}};
    List<String> events = new ArrayList<>();
    try (Dataset data = Dataset.ofTargets(one, one);
        Network network = linear(1);
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(8))) {
      trainer.rollback(
          new Rollback(1, 0.03125f, 2), (c, s, f) -> events.add(s + " steps, factor " + f));
      double loss = Double.NaN;
      for (int epoch = 0; epoch < 60; epoch++) {
        loss = trainer.epoch(data.batchesInOrder(1));
      }
      assertEquals(List.of("0 steps, factor 0.03125"), events);
      assertEquals(0, loss);
      assertEquals(0.25f, trainer.state().rate());
      assertEquals(0.5f, network.parameters().get("0.weight").get(0, 0));
    }
  }

  @Test
  void theStateThatComesBackIsWhole() {
    try (Dataset data = MonitorTest.data(64, 6, 3);
        Network network =
            Network.input(6).dense(8).batchNorm(Activation.RELU).dense(3).seed(2).build();
        Network other =
            Network.input(6).dense(8).batchNorm(Activation.RELU).dense(3).seed(2).build()) {
      Schedule schedule = Schedule.step(2, 0.5);
      List<Long> back = new ArrayList<>();
      Trainer trainer =
          new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.01f))
              .schedule(schedule)
              .rollback(new Rollback(3, 0.5f, 1), (c, s, f) -> back.add(s));
      Trainer straight =
          new Trainer(other, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.01f)).schedule(schedule);
      double unused = trainer.epoch(data.batchesInOrder(16));
      int at = 0;
      for (Batch batch : data.batchesInOrder(16)) {
        // A state is kept before the update of step 4, behind the forward pass of its batch.
        if (at++ < 3) {
          unused = straight.step(batch);
        }
      }
      network.parameters().get("0.weight").set(0, 0, Float.NaN);
      for (Batch batch : data.batchesInOrder(16)) {
        unused = trainer.step(batch);
        assertEquals(List.of(3L), back);
        assertEquals(4, trainer.state().steps());
        assertEquals((float) (0.01f * 0.5 * 0.5), trainer.state().rate());
        break;
      }
      // The same step from the state that never failed; its statistics lack step 4's forward pass.
      for (Batch batch : data.batchesInOrder(16)) {
        straight.schedule((step, base) -> schedule.rate(step, base) * 0.5);
        unused = straight.step(batch);
        break;
      }
      assertEquals(-1, other.parameters().segment().mismatch(network.parameters().segment()));
      for (String name : trainer.state().moments().keySet()) {
        assertEquals(
            -1,
            straight
                .state()
                .moments()
                .get(name)
                .segment()
                .mismatch(trainer.state().moments().get(name).segment()));
      }
      assertTrue(Float.isFinite(network.statistics().get("1.running_mean").get(0, 0)));
    }
  }

  @Test
  void afterAsManyRollbacksAsWereAllowedTrainingEnds() {
    float[][] one = {{1}};
    List<Float> factors = new ArrayList<>();
    try (Dataset data = Dataset.ofTargets(one, one);
        Network network = linear(1);
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(1e6f))) {
      trainer.rollback(new Rollback(1, 0.5f, 2), (c, s, f) -> factors.add(f));
      assertThrows(
          TrainingDivergedException.class,
          () -> {
            for (int epoch = 0; epoch < 100; epoch++) {
              double unused = trainer.epoch(data.batchesInOrder(1));
            }
          });
      assertEquals(List.of(0.5f, 0.25f), factors);
    }
  }

  @Test
  void figuresOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Rollback(0, 0.5f, 1));
    assertThrows(IllegalArgumentException.class, () -> new Rollback(1, 0.5f, 0));
    assertThrows(IllegalArgumentException.class, () -> new Rollback(1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Rollback(1, Float.NaN, 1));
  }
}
