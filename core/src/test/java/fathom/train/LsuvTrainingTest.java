package fathom.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.data.Split;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Sgd;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A deep network that plain descent trains from scaled weights, and not from small ones. */
class LsuvTrainingTest {
  /** What a training came to, on rows that it had not seen. */
  private static double train(boolean lsuv, long seed) {
    try (Dataset data = Digits.load();
        Network network = deepElu(seed)) {
      Split split = data.split(0.2, seed);
      if (lsuv) {
        try (Batches.Iteration batches = split.train().batches(256, seed).iterator()) {
          List<Lsuv.Scaled> unused = Lsuv.initialize(network, batches.next());
        }
      }
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.02f));
      for (int epoch = 1; epoch <= 6; epoch++) {
        for (Batch batch : split.train().batches(32, seed, epoch)) {
          double unused = trainer.step(batch);
        }
      }
      return Evaluation.accuracy(network, split.held());
    }
  }

  private static Network deepElu(long seed) {
    NetworkBuilder builder = Network.input(64);
    for (int i = 0; i < 40; i++) {
      builder.dense(48, Activation.ELU, Initializer.normal(0.01));
    }
    return builder.dense(10, Activation.IDENTITY, Initializer.normal(0.01)).seed(seed).build();
  }

  /**
   * Chance is a tenth; a network that sees nothing of its input answers with the most frequent
   * class, which has 10.2 % of the digits, and of 360 rows by chance up to 15 %.
   */
  @Test
  void fortyLayersTrainUnderPlainDescentAndWithSmallNormalWeightsTheyDoNot() {
    List<String> seen = new ArrayList<>();
    int trained = 0;
    int stuck = 0;
    for (long seed = 1; seed <= 5; seed++) {
      double scaled = train(true, seed);
      double naive = train(false, seed);
      seen.add(String.format("seed %d: LSUV %.3f, N(0, 0.01) %.3f", seed, scaled, naive));
      trained += scaled > 0.85 ? 1 : 0;
      stuck += naive < 0.2 ? 1 : 0;
    }
    assertTrue(trained >= 4 && stuck >= 4, String.join("\n", seen));
  }
}
