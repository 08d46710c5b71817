package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import fathom.blas.Blas;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Adam;
import fathom.optim.Clipping;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Same seed, same machine: the same bits, on any number of threads. */
class DeterminismTest {
  @SuppressWarnings("ArrayRecordComponent")
  private record Run(double[] losses, byte[] weights) {}

  private static Dataset data(long seed) {
    Random random = new Random(seed);
    float[][] x = new float[300][90];
    int[] labels = new int[x.length];
    for (int i = 0; i < x.length; i++) {
      labels[i] = random.nextInt(7);
      for (int j = 0; j < x[i].length; j++) {
        x[i][j] = (float) (random.nextGaussian() + (j % 7 == labels[i] ? 1 : 0));
      }
    }
    return Dataset.ofLabels(x, labels, 7);
  }

  private static Run train(int threads, long seed, int width, Activation activation) {
    return train(threads, seed, width, activation, Clipping.none());
  }

  private static Run train(
      int threads, long seed, int width, Activation activation, Clipping clipping) {
    return train(threads, seed, width, activation, clipping, false);
  }

  private static Run train(
      int threads,
      long seed,
      int width,
      Activation activation,
      Clipping clipping,
      boolean keepsGradients) {
    try (Engine engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
        Dataset data = data(1);
        Network network =
            Network.input(90)
                .dense(width, activation)
                .dense(width + 37, activation)
                .dense(7)
                .seed(seed)
                .engine(engine)
                .build()) {
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(1e-2f));
      trainer.clipping(clipping).keepGradients(keepsGradients);
      double[] losses = new double[3];
      for (int epoch = 0; epoch < losses.length; epoch++) {
        losses[epoch] = trainer.epoch(data.batches(64, epoch));
      }
      return new Run(losses, network.parameters().segment().toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 251, 256, 700})
  void lossesAndWeightsAreTheSameOnOneTwoAndFourThreads(int width) {
    for (Activation activation :
        new Activation[] {Activation.TANH, Activation.PRELU, Activation.GELU}) {
      Run one = train(1, 42, width, activation);
      for (int threads : new int[] {2, 4}) {
        Run other = train(threads, 42, width, activation);
        String what = activation + ", " + threads + " threads, width " + width;
        assertArrayEquals(one.losses, other.losses, what);
        assertArrayEquals(one.weights, other.weights, what);
      }
    }
  }

  @Test
  void clippedGradientsAreTheSameOnOneTwoAndFourThreads() {
    for (Clipping clipping :
        List.of(Clipping.byNorm(0.1f), Clipping.perTensorByNorm(0.1f), Clipping.byValue(1e-3f))) {
      Run one = train(1, 42, 256, Activation.RELU, clipping);
      for (int threads : new int[] {2, 4}) {
        Run other = train(threads, 42, 256, Activation.RELU, clipping);
        String what = clipping + ", " + threads + " threads";
        assertArrayEquals(one.losses, other.losses, what);
        assertArrayEquals(one.weights, other.weights, what);
      }
      assertNotEquals(train(1, 42, 256, Activation.RELU).losses[2], one.losses[2], "not clipped");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 251, 256, 700})
  void gradientsThatAreKeptChangeNothing(int width) {
    for (int threads : new int[] {1, 2}) {
      Run used = train(threads, 42, width, Activation.PRELU);
      Run kept = train(threads, 42, width, Activation.PRELU, Clipping.none(), true);
      assertArrayEquals(used.losses, kept.losses, "losses, width " + width);
      assertArrayEquals(used.weights, kept.weights, "weights, width " + width);
    }
  }

  @Test
  void anotherSeedGivesAnotherRun() {
    Run one = train(2, 0, 64, Activation.RELU);
    Run other = train(2, 1, 64, Activation.RELU);
    assertNotEquals(one.losses[0], other.losses[0]);
  }

  @Test
  void resetDrawsTheSeedsParametersAgain() {
    try (Network first = Network.input(9).dense(70, Activation.RELU).dense(3).seed(5).build();
        Network second = Network.input(9).dense(70, Activation.RELU).dense(3).seed(6).build()) {
      second.reset(5);
      assertEquals(-1, first.parameters().segment().mismatch(second.parameters().segment()));
    }
  }
}
