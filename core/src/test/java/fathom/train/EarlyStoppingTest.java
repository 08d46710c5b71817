package fathom.train;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Sgd;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class EarlyStoppingTest {
  @Test
  void stopsAfterSoManyThatAreNoBetter() {
    try (Network network = Network.input(2).dense(2).build();
        EarlyStopping stopping = new EarlyStopping(network, 3)) {
      assertEquals(0, stopping.best());
      double[] losses = {5, 4, 4, Double.NaN, 3, 3.5, 3, 4};
      boolean[] stops = {false, false, false, false, false, false, false, true};
      for (int i = 0; i < losses.length; i++) {
        assertEquals(stops[i], stopping.observe(losses[i]), "observation " + (i + 1));
      }
      assertEquals(5, stopping.best());
      assertEquals(3, stopping.bestLoss());
    }
  }

  @Test
  void bringsBackTheBestWeightsAndStatistics() {
    try (Dataset data = Digits.load();
        Network network =
            Network.input(64).dense(20).batchNorm(Activation.RELU).dense(10).seed(1).build();
        Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.1f));
        EarlyStopping stopping = new EarlyStopping(network, 2)) {
      double unused = trainer.epoch(data.batches(64, 1));
      byte[] weights = network.parameters().segment().toArray(JAVA_BYTE);
      byte[] statistics = network.statistics().segment().toArray(JAVA_BYTE);
      assertFalse(stopping.observe(1));
      for (int epoch = 2; epoch < 4; epoch++) {
        unused = trainer.epoch(data.batches(64, epoch));
        assertEquals(epoch == 3, stopping.observe(2));
      }
      assertFalse(Arrays.equals(weights, network.parameters().segment().toArray(JAVA_BYTE)));
      assertFalse(Arrays.equals(statistics, network.statistics().segment().toArray(JAVA_BYTE)));
      stopping.restore();
      assertArrayEquals(weights, network.parameters().segment().toArray(JAVA_BYTE));
      assertArrayEquals(statistics, network.statistics().segment().toArray(JAVA_BYTE));
    }
  }

  @Test
  void withoutALossNothingIsBroughtBack() {
    try (Network network = Network.input(2).dense(2).seed(4).build();
        EarlyStopping stopping = new EarlyStopping(network, 1)) {
      byte[] weights = network.parameters().segment().toArray(JAVA_BYTE);
      assertTrue(stopping.observe(Double.NaN));
      stopping.restore();
      assertArrayEquals(weights, network.parameters().segment().toArray(JAVA_BYTE));
      assertThrows(IllegalArgumentException.class, () -> new EarlyStopping(network, 0));
    }
  }
}
