package fathom.train;

import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.data.Split;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Schedule;
import fathom.optim.Sgd;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Deep networks on the digits whose signals and gradients vanish or last. Training is by plain SGD:
 * Adam divides by the size of a gradient, and so hides it.
 */
class DepthTest {
  private static final int BATCH = 16;

  /** The loss of who gives all ten classes the same probability. */
  private static final double IGNORANCE = Math.log(10);

  /**
   * Who guesses is right on 10 % of 359 rows held out, with a deviation of sqrt(0.1 0.9 / 359) =
   * 1.6 %, of which four are allowed.
   */
  private static final double GUESSING = 0.1 + 4 * Math.sqrt(0.1 * 0.9 / 359);

  /**
   * Residual nets come to 97 % in the longer run that CONTRIBUTING shows; of 359 rows such a share
   * has a deviation of sqrt(0.97 0.03 / 359) = 0.9 %, of which three are allowed to a few epochs.
   */
  private static final double RESIDUAL = 0.97 - 3 * Math.sqrt(0.97 * 0.03 / 359);

  /** The last epoch's loss, and the share of right answers on rows held out. */
  private record Outcome(double loss, double accuracy) {
    boolean isStalled() {
      return Math.abs(loss - IGNORANCE) < 0.01 * IGNORANCE;
    }

    boolean hasLearnt() {
      return loss < 0.5 * IGNORANCE;
    }
  }

  private static Outcome train(NetworkBuilder builder, long seed, float rate, int epochs) {
    try (Dataset data = Digits.load();
        Network network = builder.seed(seed).build()) {
      Split split = data.split(0.2, seed);
      int steps = split.train().batchesInOrder(BATCH).count();
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(rate));
      trainer.schedule(Schedule.cosine((long) epochs * steps, 0));
      double loss = Double.NaN;
      for (int epoch = 1; epoch <= epochs; epoch++) {
        loss = trainer.epoch(split.train().batches(BATCH, seed, epoch));
      }
      return new Outcome(loss, Evaluation.accuracy(network, split.held()));
    }
  }

  private static NetworkBuilder plain(int depth, int width, Activation f, Initializer initializer) {
    NetworkBuilder builder = Network.input(64);
    for (int i = 0; i < depth; i++) {
      builder.dense(width, f, initializer);
    }
    return builder.dense(10, Activation.IDENTITY, initializer);
  }

  private static NetworkBuilder normalized(int depth, int width, Initializer initializer) {
    NetworkBuilder builder = Network.input(64);
    for (int i = 0; i < depth; i++) {
      builder.dense(width, Activation.IDENTITY, initializer).noBias();
      builder.batchNorm(Activation.LOGISTIC);
    }
    return builder.dense(10, Activation.IDENTITY, initializer);
  }

  /** Skips around two layers each, with branches that are divided by the root of their number. */
  private static NetworkBuilder residual(int depth, int width) {
    int blocks = (depth - 1) / 2;
    float scale = (float) (1 / Math.sqrt(blocks));
    NetworkBuilder builder = Network.input(64).dense(width);
    for (int i = 0; i < blocks; i++) {
      builder.residual(
          scale,
          b ->
              b.activation(Activation.RELU)
                  .dense(width, Activation.RELU)
                  .dense(width, Activation.IDENTITY, Initializer.HE_NORMAL));
    }
    return builder.activation(Activation.RELU).dense(10);
  }

  /** He et al. 2015: Xavier's weights halve the mean square of ReLU's signals, 30 times. */
  @Test
  void thirtyReluLayersTrainWithHeAndStallWithXavier() {
    Seeds seeds = new Seeds();
    seeds.each(
        seed -> {
          Outcome he =
              train(plain(30, 100, Activation.RELU, Initializer.HE_NORMAL), seed, 0.01f, 6);
          Outcome xavier =
              train(plain(30, 100, Activation.RELU, Initializer.XAVIER_NORMAL), seed, 0.01f, 6);
          seeds.saw(seed, "He " + he + ", Xavier " + xavier);
          seeds.count("trains with He", he.hasLearnt());
          seeds.count("stalls with Xavier", xavier.isStalled());
        });
    seeds.require();
  }

  /** The logistic's slope is 1/4 at most: Xavier's weights leave 0.056 of a squared gradient. */
  @Test
  void thirtyLogisticLayersStayAtChanceAndTrainWithBatchNorm() {
    Seeds seeds = new Seeds();
    seeds.each(
        seed -> {
          Outcome bare =
              train(plain(30, 50, Activation.LOGISTIC, Initializer.XAVIER_NORMAL), seed, 0.1f, 3);
          Outcome normal = train(normalized(30, 50, Initializer.XAVIER_NORMAL), seed, 0.1f, 3);
          seeds.saw(seed, "bare " + bare + ", with batch norm " + normal);
          seeds.count("stays at chance", bare.accuracy() < GUESSING);
          seeds.count("trains with batch norm", normal.hasLearnt() && normal.accuracy() > 0.5);
        });
    seeds.require();
  }

  /** 115 layers of 115 units, which no initialization alone makes train. */
  @Test
  void aHundredAndFifteenReluLayersTrainAsResidualBlocksAlone() {
    Map<String, Initializer> initializers = new LinkedHashMap<>();
    initializers.put("PyTorch's default", Initializer.LECUN_UNIFORM.gain(Math.sqrt(1 / 3.0)));
    initializers.put("He", Initializer.HE_NORMAL);
    initializers.put("orthogonal", Initializer.ORTHOGONAL.gain(Math.sqrt(2)));
    Seeds seeds = new Seeds();
    seeds.each(
        seed -> {
          Outcome skipping = train(residual(115, 115), seed, 0.1f, 3);
          seeds.saw(seed, "residual " + skipping);
          seeds.count("residual blocks train", skipping.accuracy() > RESIDUAL);
          initializers.forEach(
              (name, initializer) -> {
                Outcome bare =
                    train(plain(115, 115, Activation.RELU, initializer), seed, 0.003f, 3);
                seeds.saw(seed, name + " " + bare);
                seeds.count(name + " does not train", !bare.hasLearnt());
              });
        });
    seeds.require();
  }
}
