package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Schedule;
import fathom.optim.Sgd;
import org.junit.jupiter.api.Test;

/** A trainer asks its schedule before each step. */
class ScheduledTrainingTest {
  private static final Schedule SCHEDULE = Schedule.step(2, 0.5).warmup(1);

  @Test
  void theRateFollowsTheScheduleAlsoFromTheMiddle() {
    float[][] x = {{1}, {2}, {3}, {4}, {5}};
    try (Dataset data = Dataset.ofTargets(x, x);
        Network network = Network.input(1).dense(1).build();
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0.25f)).schedule(SCHEDULE)) {
      // Warm-up from half the rate, then two steps at each rate.
      float[] expected = {0.125f, 0.25f, 0.25f, 0.125f, 0.125f};
      int step = 0;
      for (Batch batch : data.batchesInOrder(1)) {
        trainer.step(batch);
        assertEquals(expected[step++], trainer.state().rate(), "step " + step);
      }
      trainer.state().resume(2);
      trainer.epoch(data.batchesInOrder(5));
      assertEquals(expected[2], trainer.state().rate());
      trainer.schedule(null).state().rate(0.5f);
      trainer.epoch(data.batchesInOrder(5));
      assertEquals(0.5f, trainer.state().rate());
    }
  }

  @Test
  void aTrainingStoppedAndResumedEqualsOneThatWasNot() {
    float[][] x = {{1, 2}, {2, -1}, {3, 0.5f}, {-4, 1}, {5, 3}, {0.5f, 0.25f}};
    float[][] y = {{1}, {-1}, {0.5f}, {2}, {3}, {0}};
    Schedule schedule = Schedule.oneCycle(12).warmup(2);
    try (Dataset data = Dataset.ofTargets(x, y);
        Network whole = Network.input(2).dense(1).seed(1).build();
        Network parts = Network.input(2).dense(1).seed(1).build()) {
      Trainer trainer = new Trainer(whole, Loss.MSE, new Sgd(0.05f)).schedule(schedule);
      double unused = trainer.epoch(data.batchesInOrder(1));
      double last = trainer.epoch(data.batchesInOrder(1));
      Trainer first = new Trainer(parts, Loss.MSE, new Sgd(0.05f)).schedule(schedule);
      unused = first.epoch(data.batchesInOrder(1));
      // Plain descent has no moments: weights and the number of steps are all of its state.
      Trainer second = new Trainer(parts, Loss.MSE, new Sgd(0.05f)).schedule(schedule);
      second.state().resume(first.state().steps());
      assertEquals(last, second.epoch(data.batchesInOrder(1)));
      assertEquals(-1, whole.parameters().segment().mismatch(parts.parameters().segment()));
    }
  }
}
