package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Clipping;
import fathom.optim.Sgd;
import java.util.List;
import org.junit.jupiter.api.Test;

class RateRangeTest {
  private static final Sgd DESCENT = new Sgd(0);

  private static RateRange digits(Dataset data, Network network, int steps, float from, float to) {
    Loss loss = Loss.SOFTMAX_CROSS_ENTROPY;
    return RateRange.of(network, loss, DESCENT, data.rows(), 32, 5, steps, from, to);
  }

  @Test
  void findsTheRangeOfPlainDescentAndLeavesTheNetworkAlone() {
    for (long seed = 1; seed <= 3; seed++) {
      try (Dataset data = Digits.load();
          Network network =
              Network.input(64).dense(32, Activation.RELU).dense(10).seed(seed).build();
          Network same =
              Network.input(64).dense(32, Activation.RELU).dense(10).seed(seed).build()) {
        RateRange range = digits(data, network, 120, 1e-4f, 1e4f);
        String of = "seed " + seed;
        assertEquals(-1, network.parameters().segment().mismatch(same.parameters().segment()), of);
        List<RateRange.Point> points = range.points();
        assertTrue(range.blewUp(), of);
        assertEquals(1e-4, points.get(0).rate(), 1e-11, of);
        // Eight decades in 119 equal factors; floats of the bounds are within 2^-24 of them.
        double factor = Math.pow(10, 8 / 119.0);
        for (int i = 1; i < points.size(); i++) {
          assertEquals(factor, points.get(i).rate() / points.get(i - 1).rate(), 1e-8, of);
        }
        // Smoothing starts with the first loss itself and moves a tenth towards each next one,
        // divided by 1 - 0.9².
        assertEquals(points.get(0).loss(), points.get(0).smoothed(), 1e-12, of);
        double second = (0.9 * 0.1 * points.get(0).loss() + 0.1 * points.get(1).loss()) / 0.19;
        assertEquals(second, points.get(1).smoothed(), 1e-12, of);
        double steepest = range.steepest().orElseThrow();
        assertTrue(steepest > 1e-3 && steepest < 10, of + ": " + steepest);
        // What is suggested does learn.
        try (Trainer trainer =
            new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd((float) steepest))) {
          double first = trainer.epoch(data.batches(32, 1));
          assertTrue(trainer.epoch(data.batches(32, 2)) < first, of);
        }
      }
    }
  }

  @Test
  void leavesRunningStatisticsAloneToo() {
    try (Dataset data = Digits.load();
        Network network = Network.input(64).dense(16).batchNorm(Activation.RELU).dense(10).build();
        Network same = Network.input(64).dense(16).batchNorm(Activation.RELU).dense(10).build()) {
      assertEquals(20, digits(data, network, 20, 1e-3f, 0.1f).points().size());
      assertEquals(-1, network.statistics().segment().mismatch(same.statistics().segment()));
      assertEquals(-1, network.parameters().segment().mismatch(same.parameters().segment()));
    }
  }

  @Test
  void isTheSameForTheSameSeed() {
    try (Dataset data = Digits.load();
        Network network = Network.input(64).dense(10).build()) {
      RateRange first = digits(data, network, 70, 1e-3f, 1);
      assertEquals(first.points(), digits(data, network, 70, 1e-3f, 1).points());
      assertEquals(70, first.points().size());
      assertFalse(first.blewUp());
    }
  }

  /** A step is at most the rate times the limit, 1e-26 in all: no sum of the network changes. */
  @Test
  void clipsAsTrainingWill() {
    Loss loss = Loss.SOFTMAX_CROSS_ENTROPY;
    try (Dataset data = Digits.load();
        Network network = Network.input(64).dense(32, Activation.RELU).dense(10).seed(1).build()) {
      Clipping clipping = Clipping.byNorm(1e-30f);
      assertTrue(digits(data, network, 120, 1e-4f, 1e4f).blewUp());
      RateRange clipped =
          RateRange.of(network, loss, DESCENT, clipping, data.rows(), 32, 5, 120, 1e-4f, 1e4f);
      assertFalse(clipped.blewUp());
      assertEquals(120, clipped.points().size());
    }
  }

  @Test
  void endsAtANumberThatIsNone() {
    float[][] x = {{1}, {2}, {3}};
    try (Dataset data = Dataset.ofTargets(x, x);
        Network network = Network.input(1).dense(1).build()) {
      RateRange range =
          RateRange.of(network, Loss.MSE, DESCENT, data.rows(), 3, 0, 50, 1e30f, 1e38f);
      assertTrue(range.blewUp());
      assertEquals(1, range.points().size());
      assertTrue(range.steepest().isEmpty());
      assertTrue(Float.isFinite(network.parameters().get("0.weight").get(0, 0)));
    }
  }

  @Test
  void refusesBoundsThatAreNone() {
    try (Dataset data = Digits.load();
        Network network = Network.input(64).dense(10).build()) {
      assertThrows(IllegalArgumentException.class, () -> digits(data, network, 1, 1e-3f, 1));
      for (float[] bounds : new float[][] {{0, 1}, {1, 1}, {2, 1}, {1, Float.NaN}}) {
        String message =
            assertThrows(
                    IllegalArgumentException.class,
                    () -> digits(data, network, 9, bounds[0], bounds[1]))
                .getMessage();
        assertTrue(message.contains("from " + bounds[0] + " to " + bounds[1]), message);
      }
    }
  }
}
