package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Batch;
import fathom.data.DataException;
import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Adam;
import fathom.optim.Sgd;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one network has learnt, taken over by another. */
class TransferTest {
  private static final int WIDTH = 64;

  @TempDir private Path folder;

  private static Network fresh(int classes, long seed) {
    return Network.input(64)
        .dense(WIDTH, Activation.RELU)
        .dense(WIDTH, Activation.RELU)
        .dense(classes)
        .seed(seed)
        .build();
  }

  /** Returns the digits of five classes, counted from 0, each pixel in [0, 1]. */
  private static Dataset digits(int first) {
    try (Dataset all = Digits.load()) {
      List<float[]> x = new ArrayList<>();
      List<Integer> y = new ArrayList<>();
      for (Batch batch : all.batchesInOrder(1)) {
        int label = batch.labels().getAtIndex(java.lang.foreign.ValueLayout.JAVA_INT, 0);
        if (label >= first && label < first + 5) {
          x.add(batch.inputs().rows(0, 1).toArray()[0]);
          y.add(label - first);
        }
      }
      int[] labels = y.stream().mapToInt(i -> i).toArray();
      return Dataset.ofLabels(x.toArray(new float[0][]), labels, 5);
    }
  }

  @Test
  void frozenLayersGetNoGradientWork() {
    int batch = 10;
    try (Network network = fresh(5, 1);
        Dataset data = digits(5)) {
      Trainer trainer =
          new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(1e-3f)).keepGradients(true);
      double below = 64 * WIDTH + WIDTH * WIDTH;
      double head = WIDTH * 5;
      // Forward and weights' gradients of all layers; gradients by the inputs of all but the first.
      double all = 2 * (below + head) + WIDTH * WIDTH + head;
      assertEquals(2 * batch * all, network.pass(batch).flops());
      network.freeze(2);
      assertEquals(2 * batch * (below + 2 * head), network.pass(batch).flops());
      for (Matrix gradient : List.of(gradient(network, "0.weight"), gradient(network, "2.bias"))) {
        gradient.set(3, 0, 7);
      }
      for (Batch b : data.batchesInOrder(batch)) {
        double unused = trainer.step(b);
      }
      assertEquals(7, gradient(network, "0.weight").get(3, 0), "a gradient was computed");
      assertEquals(7, gradient(network, "2.bias").get(3, 0), "a gradient was computed");
    }
  }

  private static Matrix gradient(Network network, String name) {
    return network.gradients().get(name);
  }

  @Test
  void layersFollowRatesOfTheirOwnAndKeepTheirMoments() {
    try (Network even = fresh(5, 3);
        Network slow = fresh(5, 3);
        Dataset data = digits(0)) {
      Trainer plain = new Trainer(even, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.1f));
      plain.keepGradients(true);
      Trainer own = new Trainer(slow, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.1f));
      Trainer unused = own.layerRates(0, 0.5f, 1);
      float[][] start = slow.parameters().get("2.weight").toArray();
      float[][] still = slow.parameters().get("0.weight").toArray();
      Batch first = data.batchesInOrder(32).iterator().next();
      assertEquals(plain.step(first), own.step(first));
      assertArrayEquals(still, slow.parameters().get("0.weight").toArray());
      assertArrayEquals(
          even.parameters().get("4.weight").toArray(), slow.parameters().get("4.weight").toArray());
      float[][] gradient = gradient(even, "2.weight").toArray();
      for (int i = 0; i < WIDTH; i++) {
        for (int j = 0; j < WIDTH; j++) {
          // A rate of 0.1 and half of it, of which both are a rounding or two away.
          double expected = start[i][j] - 0.05 * gradient[i][j];
          double found = slow.parameters().get("2.weight").get(i, j);
          double rounding = Math.ulp((float) Math.abs(expected)) + Math.ulp(gradient[i][j]);
          assertEquals(expected, found, 2 * rounding);
        }
      }
      assertThrows(IllegalArgumentException.class, () -> own.layerRates(1, 1));
      assertThrows(IllegalArgumentException.class, () -> own.layerRates(1, -1, 1));
    }
  }

  @Test
  void unfrozenLayersGoOnWithTheirMomentsAndEvenRatesHaveTheBitsOfOneRate() {
    try (Network even = fresh(5, 3);
        Network cut = fresh(5, 3);
        Dataset data = digits(0)) {
      Trainer plain = new Trainer(even, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.01f));
      Trainer own = new Trainer(cut, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.01f));
      assertEquals(plain.epoch(data.batches(32, 1)), own.epoch(data.batches(32, 1)));
      Trainer unused = own.layerRates(1, 1, 1);
      assertEquals(plain.epoch(data.batches(32, 2)), own.epoch(data.batches(32, 2)));
      Matrix moment = own.state().moments().get("m").get("0.weight");
      float[][] before = moment.toArray();
      cut.freeze(2);
      double unusedLoss = own.epoch(data.batches(32, 3));
      assertArrayEquals(before, moment.toArray());
      cut.freeze(0);
      double after = own.epoch(data.batches(32, 4));
      assertTrue(Double.isFinite(after));
      assertTrue(moment.get(0, 9) != before[0][9]);
    }
  }

  @Test
  void whatDoesNotFitIsToldInALine() {
    Path file = folder.resolve("m.safetensors");
    try (Network network = fresh(5, 1);
        Network other = Network.input(64).dense(WIDTH, Activation.RELU).dense(7).build()) {
      Models.save(network, file);
      Models.loadLayers(other, file, 1);
      assertArrayEquals(
          network.parameters().get("0.weight").toArray(),
          other.parameters().get("0.weight").toArray());
      String message =
          assertThrows(DataException.class, () -> Models.loadLayers(other, file, 2)).getMessage();
      assertTrue(message.contains("'2.weight' has shape [64, 64], and the network's [7, 64]"));
      assertThrows(IllegalArgumentException.class, () -> Models.loadInto(other, file, "9.bias"));
      assertThrows(IllegalStateException.class, () -> Network.input(4).withoutHead());
      assertThrows(
          IllegalStateException.class, () -> Network.input(4).dense(4).dropout(0.1).withoutHead());
    }
  }
}
