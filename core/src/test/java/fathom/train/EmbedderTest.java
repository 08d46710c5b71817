package fathom.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.DataException;
import fathom.data.Dataset;
import fathom.kernel.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Optimizer;
import fathom.optim.Sgd;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What other people's code does around a training: it calls back, throws, closes and fails. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EmbedderTest {
  private static final Loss LOSS = Loss.SOFTMAX_CROSS_ENTROPY;

  /** Batches of 256 such rows are made by a thread of their own. */
  private static final int FEATURES = 64;

  private static Dataset data(int rows) {
    return Dataset.ofLabels(new float[rows][FEATURES], new int[rows], 3);
  }

  private static Network network() {
    return Network.input(FEATURES).dense(16, Activation.RELU).dense(3).seed(1).build();
  }

  @Test
  void rowsThatDoNotFitAnEvaluationAreNamed() {
    try (Network network = network();
        Dataset many = Dataset.ofLabels(new float[1][FEATURES], new int[1], 5);
        Dataset numbers = Dataset.ofTargets(new float[1][FEATURES], new float[1][2]);
        Dataset neither = Dataset.ofInputs(new float[1][FEATURES])) {
      refused("the data have 5 classes, the network has 3 outputs", network, many, LOSS);
      String labels = "cross_entropy needs integer labels, and the batch has ";
      refused(labels + "numeric targets", network, numbers, LOSS);
      refused(labels + "neither labels nor targets", network, neither, LOSS);
      String targets = "mse needs rows of 3 numeric targets, and the batch has ";
      refused(targets + "rows of 2", network, numbers, Loss.MSE);
      refused(targets + "integer labels", network, many, Loss.MSE);
      refused(targets + "neither labels nor targets", network, neither, Loss.MSE);
    }
  }

  private static void refused(String why, Network network, Dataset data, Loss loss) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> Evaluation.of(network, data.rows(), loss));
    assertEquals(why, e.getMessage());
  }

  @Test
  void anInterruptedThreadIsToldThatNoFileWasWrittenOrRead(@TempDir Path directory) {
    Path file = directory.resolve("model.safetensors");
    try (Network network = network()) {
      Models.save(network, file);
      Thread.currentThread().interrupt();
      assertEquals(
          file + ": cannot be written: the thread was interrupted; clear that and write again",
          assertThrows(UncheckedIOException.class, () -> Models.save(network, file)).getMessage());
      assertTrue(Thread.currentThread().isInterrupted());
      assertEquals(
          file + ": reading was interrupted; clear the thread's interrupt and read again",
          assertThrows(DataException.class, () -> Models.load(file)).getMessage());
      assertTrue(Thread.interrupted());
      Models.load(file).network().close();
    }
  }

  @Test
  void aRecurrentNetworkReadsRowsOfTheCallersOwn() {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), 4);
        Network network = Network.sequence(8, 8).lstm(64).dense(3).engine(engine).build();
        Arena shared = Arena.ofShared();
        Arena own = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(own, 256, 64);
      Matrix same = Matrix.allocate(shared, 256, 64);
      for (int r = 0; r < x.rows(); r++) {
        x.set(r, r % 64, 1);
      }
      same.copyFrom(x);
      Matrix y = Matrix.allocate(own, 256, 3);
      Matrix expected = Matrix.allocate(shared, 256, 3);
      network.predict(x, y);
      network.predict(same, expected);
      assertFalse(Arrays.equals(y.toArray()[0], y.toArray()[1]));
      assertTrue(Arrays.deepEquals(expected.toArray(), y.toArray()));
    }
  }
}
