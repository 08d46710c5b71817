package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.kernel.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Slab;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Adam;
import fathom.train.Trainer;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Whether a network that does not fit is refused before its memory is asked for. */
class FootprintTest {
  private static final int UNITS = 1_000_000;
  private static final Engine ENGINE = new Engine(Blas.java(), Kernels.vector(), 1);

  private static NetworkBuilder wide() {
    return Network.input(2).engine(ENGINE).dense(UNITS);
  }

  private static void require(NetworkBuilder network, long batch, int copies) {
    LearningOptions how =
        CommandLine.populateCommand(
            new LearningOptions(), "--optimizer", "sgd", "--batch", Long.toString(batch));
    Footprint.require(network, 4.0 * UNITS, how, Integer.MAX_VALUE, copies);
  }

  /** Of each sample two gradients and the layer's output; what is added doubles that or nearly. */
  @Test
  void masksAndNormsAreCounted() {
    long sample = 3L * UNITS * Float.BYTES;
    long batch = (long) (0.8 * Footprint.machine() / sample);
    assertDoesNotThrow(() -> require(wide().dense(1), batch, 0));
    assertRefused(wide().dropout(0.5).dense(1), batch, 0);
    assertRefused(wide().batchNorm(Activation.TANH).layerNorm(Activation.TANH).dense(1), batch, 0);
    assertRefused(wide().dense(1), batch, (int) (0.3 * Footprint.machine() / (12.0 * UNITS)));
  }

  private static void assertRefused(NetworkBuilder network, long batch, int copies) {
    String message =
        assertThrows(BadInput.class, () -> require(network, batch, copies)).getMessage();
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.contains("or smaller batches"), message);
  }

  @Test
  void anEstimateIsWhatATrainingHolds() {
    NetworkBuilder builder =
        Network.input(9)
            .engine(ENGINE)
            .dense(20)
            .noBias()
            .batchNorm(Activation.TANH)
            .dropout(0.5)
            .dense(3);
    try (Network network = builder.build();
        Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.1f))) {
      long slabs =
          network.parameters().segment().byteSize()
              + network.gradients().segment().byteSize()
              + network.statistics().segment().byteSize();
      for (Slab moment : trainer.state().moments().values()) {
        slabs += moment.segment().byteSize();
      }
      long passes = builder.memory(16).training() + builder.memory(16).inference();
      assertEquals((double) (slabs + passes), Footprint.bytes(builder, 16, 2, 0));
    }
  }

  @Test
  void copiesAreThoseOfWhoKeepsThem() {
    MonitorOptions watch = CommandLine.populateCommand(new MonitorOptions(), "--rollback");
    assertEquals(3, watch.copies(2, false));
    assertEquals(4, watch.copies(2, true));
    assertEquals(0, new MonitorOptions().copies(2, false));
    String[] stopping = {"--early-stopping", "3"};
    assertEquals(1, CommandLine.populateCommand(new RegularizationOptions(), stopping).copies());
    assertEquals(0, new RegularizationOptions().copies());
  }
}
