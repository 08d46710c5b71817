package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.data.Safetensors;
import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Sgd;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A network of 10^9 parameters, trained. It takes 9 GB of memory, 4.3 GB of disk and some minutes,
 * so it runs on request only: with {@code -Dtest.jvm=-Dfathom.billion=true}.
 */
@EnabledIfSystemProperty(named = "fathom.billion", matches = "true")
class BillionParametersTest {
  private static final int WIDTH = 16_384;
  private static final int BATCH = 32;

  /**
   * A step changes a sample's logits by the rate times the sum over layers of the squares of what
   * comes in, some 0.4 times 6 x 16,384: 0.4 of the gradient by the logits, well below the 2 where
   * steps go too far.
   */
  private static final float RATE = 1e-5f;

  @Test
  void learnsAndIsSaved(@TempDir Path folder) {
    NetworkBuilder builder = Network.input(64).seed(1);
    for (int i = 0; i < 5; i++) {
      builder.dense(WIDTH, Activation.RELU);
    }
    try (Dataset data = Digits.load();
        Network network = builder.dense(10).build();
        Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(RATE));
        Arena arena = Arena.ofShared()) {
      assertTrue(
          network.parameterCount() > 1_000_000_000, network.parameterCount() + " parameters");
      Matrix last = network.parameters().get("8.weight").rows(WIDTH - 1, WIDTH);
      assertTrue(last.byteOffset(0, 0) > 1L << 32, "byte " + last.byteOffset(0, 0));
      assertDrawn(network, last, arena);
      float[][] before = last.toArray();
      Batch batch = data.batchesInOrder(BATCH).iterator().next();
      double first = trainer.step(batch);
      for (int i = 0; i < 3; i++) {
        double unused = trainer.step(batch);
      }
      double later = trainer.step(batch);
      assertTrue(later < first, "loss " + later + " after " + first);
      int changed = 0;
      for (int c = 0; c < WIDTH; c++) {
        changed += before[0][c] == last.get(0, c) ? 0 : 1;
      }
      assertTrue(changed > 0, "the last unit learnt nothing");

      Path file = folder.resolve("billion.safetensors");
      Models.save(network, file);
      try (Safetensors read = Safetensors.read(file)) {
        Matrix whole = Matrix.allocate(arena, WIDTH, WIDTH);
        read.copyTo("8.weight", whole);
        assertArrayEquals(last.toArray(), whole.rows(WIDTH - 1, WIDTH).toArray());
      }
    }
  }

  /** The numbers of a layer do not depend on where in the slab it lies. */
  private static void assertDrawn(Network network, Matrix last, Arena arena) {
    Engine engine = network.engine();
    Matrix alone = Matrix.allocate(arena, WIDTH, WIDTH);
    Initializer.HE_NORMAL.fill(engine, alone, WIDTH, WIDTH, network.seed(), 4);
    assertEquals("16384 -> 16384 relu, he_normal", network.layer(4).toString());
    assertArrayEquals(alone.rows(WIDTH - 1, WIDTH).toArray(), last.toArray());
  }
}
