package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.nn.Pass;
import fathom.optim.Sgd;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Networks of ten thousand layers: nothing in them runs out, and signals do as theory says. */
class DeepNetworkTest {
  private static final int DEPTH = 10_000;
  private static final int WIDTH = 16;
  private static final int BATCH = 8;

  private static Network deep() {
    NetworkBuilder builder = Network.input(WIDTH).seed(3);
    for (int i = 0; i < DEPTH; i++) {
      builder.dense(WIDTH, Activation.TANH, Initializer.ORTHOGONAL);
    }
    return builder.dense(4).build();
  }

  /**
   * Orthogonal weights keep the mean square q of a sample, and tanh² z = z² - 2/3 z⁴ takes 2/3 k q²
   * from it, with the kurtosis k of the sums: 1/q grows by 2/3 k a layer. For normal sums of n
   * units, k is 3 n / (n + 2) = 2.8 in the mean, and never below 1; so after L layers q is about
   * 0.53 / L, and below 1.5 / L whatever the sums are. No sample's k stays above twice the mean.
   *
   * <p>On the way back, f'² = 1 - 2 z² takes 2 q = 1.1 / l of the gradient's square at layer l: it
   * falls as 1 / L, hence to about 1e-4 of what it was, and dW of the first layers, whose inputs
   * are of order one, is not below it times the last's, whose inputs are of order q.
   */
  @Test
  void signalsComeThroughBothWays(@TempDir Path folder) {
    float[][] x = LayersTest.rows(BATCH, WIDTH, 1);
    try (Network network = deep();
        Dataset data = Dataset.ofTargets(x, LayersTest.rows(BATCH, 4, 2));
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(1e-3f)).detectAnomalies(true)) {
      network.recompute();
      Batch batch = data.batchesInOrder(BATCH).iterator().next();
      double first = trainer.step(batch);
      Matrix last = outputOf(network, DEPTH - 1);
      double q = meanSquare(last);
      assertTrue(q > 0.56 / 2 / DEPTH && q < 1.5 / DEPTH, "mean square " + q);
      double below = meanSquare(network.gradients().get("0.weight"));
      double above = meanSquare(network.gradients().get(2 * DEPTH - 2 + ".weight"));
      assertTrue(below > 1e-5 * above && Double.isFinite(below), below + " of " + above);
      for (int i = 0; i < 2; i++) {
        double unused = trainer.step(batch);
      }
      double later = trainer.step(batch);
      assertTrue(later < first, "loss " + later + " after " + first);

      Path file = folder.resolve("deep.safetensors");
      Models.save(network, file);
      try (Network loaded = Models.load(file).network()) {
        assertEquals(network.architecture().toString(), loaded.architecture().toString());
        assertArrayEquals(
            network.parameters().get("19998.weight").toArray(),
            loaded.parameters().get("19998.weight").toArray());
      }
    }
  }

  private static Matrix outputOf(Network network, int layer) {
    long stamp = network.beginStep();
    try {
      Pass pass = network.pass(BATCH);
      // Of the last run, whose outputs nothing has written over, or kept.
      return pass.output(layer);
    } finally {
      network.endStep(stamp);
    }
  }

  private static double meanSquare(Matrix m) {
    double sum = 0;
    for (float[] row : m.toArray()) {
      for (float v : row) {
        sum += (double) v * v;
      }
    }
    return sum / m.rows() / m.cols();
  }
}
