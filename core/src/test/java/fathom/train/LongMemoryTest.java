package fathom.train;

import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Clipping;
import fathom.optim.Sgd;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The adding problem (Hochreiter and Schmidhuber 1997): 30 random numbers, of which two are marked,
 * one in each half; their sum is asked for at the end. A ReLU net that starts as the identity (Le,
 * Jaitly and Hinton 2015) remembers, and its gradients explode.
 */
class LongMemoryTest {
  private static final int STEPS = 30;
  private static final int EPOCHS = 20;
  private static final float LIMIT = 1;

  /** The variance of a sum of two uniform numbers: the error of who answers 1 to everything. */
  private static final double IGNORANCE = 1 / 6.0;

  /** What became of a training. */
  private record Outcome(boolean diverged, double error, double largestNorm) {}

  private static Dataset adding(int rows, long seed) {
    Random random = new Random(seed);
    float[][] x = new float[rows][2 * STEPS];
    float[][] t = new float[rows][1];
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < STEPS; i++) {
        x[r][2 * i] = random.nextFloat();
      }
      int half = STEPS / 2;
      for (int marked : new int[] {random.nextInt(half), half + random.nextInt(half)}) {
        x[r][2 * marked + 1] = 1;
        t[r][0] += x[r][2 * marked];
      }
    }
    return Dataset.ofTargets(x, t);
  }

  private static Outcome train(long seed, Clipping clipping) {
    try (Dataset data = adding(2000, seed);
        Dataset held = adding(500, 1000 + seed);
        Network network =
            Network.sequence(STEPS, 2)
                .rnn(32, Activation.RELU)
                .recurrent(Initializer.IDENTITY)
                .dense(1)
                .seed(seed)
                .build()) {
      Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0.05f)).clipping(clipping);
      double largest = 0;
      for (int epoch = 0; epoch < EPOCHS; epoch++) {
        for (Batch batch : data.batches(50, epoch)) {
          double unused = trainer.step(batch);
          largest = Math.max(largest, trainer.gradientNorm());
        }
      }
      double rmse = RegressionMetrics.of(network, held.rows()).rmse();
      return new Outcome(false, rmse * rmse, largest);
    } catch (TrainingDivergedException e) {
      return new Outcome(true, Double.NaN, Double.NaN);
    }
  }

  /**
   * Learning is an error on new rows below three quarters of {@link #IGNORANCE}: the mean of 500
   * squares strays from 1/6 by 0.009 (a triangular distribution's kurtosis is 2.4), and the gap is
   * over four times that.
   */
  @Test
  void anElmanNetExplodesWithoutClippingAndLearnsWithIt() {
    Seeds seeds = new Seeds();
    seeds.each(
        seed -> {
          Outcome plain = train(seed, Clipping.none());
          Outcome clipped = train(seed, Clipping.byNorm(LIMIT));
          seeds.saw(seed, "unclipped " + plain + ", clipped " + clipped);
          seeds.count("explodes without clipping", plain.diverged());
          seeds.count("gradients are steep", clipped.largestNorm() > 100 * LIMIT);
          boolean learnt = !clipped.diverged() && clipped.error() < 0.75 * IGNORANCE;
          seeds.count("learns with clipping", learnt);
        });
    seeds.require();
  }
}
