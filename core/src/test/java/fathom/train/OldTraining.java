package fathom.train;

import fathom.data.Batches;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Adam;
import fathom.optim.Clipping;
import fathom.optim.Optimizer;
import fathom.optim.Plateau;
import fathom.optim.Schedule;
import fathom.optim.Sgd;
import java.util.Map;
import java.util.Random;

/**
 * A training that a kept checkpoint is of, made as it was then. Two were stopped by the library
 * after {@link #STEPS} steps of {@link #data}; two were those of a command.
 */
final class OldTraining implements AutoCloseable {
  static final int STEPS = 14;
  private static final int BATCH = 8;
  private static final int ROWS = 36;

  final Network network;
  final Trainer trainer;

  /** What watches the network, or null. */
  final EarlyStopping stopping;

  private final Dataset data;

  private OldTraining(
      Engine engine, NetworkBuilder builder, Loss loss, Optimizer optimizer, int patience) {
    network = builder.engine(engine).build();
    trainer = new Trainer(network, loss, optimizer);
    stopping = patience == 0 ? null : new EarlyStopping(network, patience);
    data = data(network.inputs(), network.outputs(), loss.wantsLabels());
  }

  static OldTraining named(String file, Engine engine) {
    return switch (file) {
      case "adam-command" -> adamOfTheCommand(engine);
      case "momentum-command" -> momentumOfTheCommand(engine);
      case "adam-library" -> adamOfTheLibrary(engine);
      case "momentum-library" -> momentumOfTheLibrary(engine);
      default -> throw new AssertionError(file);
    };
  }

  private static OldTraining adamOfTheCommand(Engine engine) {
    NetworkBuilder builder = Network.input(4).dense(6, Activation.RELU).dense(3).seed(7);
    OldTraining made =
        new OldTraining(engine, builder, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.001f), 50);
    made.trainer.schedule(Schedule.cosine(240, 0));
    return made;
  }

  private static OldTraining momentumOfTheCommand(Engine engine) {
    NetworkBuilder builder = Network.input(4).dense(6, Activation.RELU).dense(3).seed(8);
    OldTraining made =
        new OldTraining(engine, builder, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(0.05f, 0.9f), 0);
    made.trainer.clipping(Clipping.byNorm(1)).schedule(new Plateau(0.1, 3));
    made.trainer.rollback(Rollback.standard(), (step, lost, rate) -> {});
    return made;
  }

  private static OldTraining adamOfTheLibrary(Engine engine) {
    NetworkBuilder builder =
        Network.input(5)
            .noise(0.1)
            .dense(7, Activation.TANH)
            .dense(6)
            .noBias()
            .batchNorm(Activation.PRELU)
            .dropout(0.2)
            .dense(2)
            .seed(9);
    Adam adam = new Adam(0.01f, 0.9f, 0.99f, 1e-7f, 1e-3f, true);
    OldTraining made = new OldTraining(engine, builder, Loss.MSE, adam, 3);
    made.trainer.layerRates(1, 1, 0.5f, 1, 1, 2);
    return made;
  }

  private static OldTraining momentumOfTheLibrary(Engine engine) {
    NetworkBuilder builder =
        Network.sequence(3, 2).gru(5).layerNorm(Activation.GELU).dense(3).seed(10);
    Sgd momentum = Sgd.nesterov(0.05f, 0.8f);
    Loss loss = Loss.SOFTMAX_CROSS_ENTROPY.labelSmoothing(0.1f);
    OldTraining made = new OldTraining(engine, builder, loss, momentum, 0);
    made.trainer.clipping(Clipping.byNorm(0.5f)).schedule(Schedule.cosine(40, 0.001).warmup(4));
    made.trainer.rollback(new Rollback(5, 0.5f, 3), (step, lost, rate) -> {});
    made.network.freeze(1);
    return made;
  }

  /** Trains for some steps, from the first row of an epoch; early stopping looks after each. */
  void train(int steps, int epoch) {
    Batches batches = data.rows().batches(BATCH, 1, epoch);
    int done = 0;
    while (done < steps) {
      double sum = 0;
      try (Batches.Iteration iteration = batches.iterator()) {
        while (iteration.hasNext() && done++ < steps) {
          sum += trainer.step(iteration.next());
        }
      }
      if (stopping != null) {
        boolean unused = stopping.observe(sum);
      }
    }
  }

  /** Where the trainings by the library are said to be in their data. */
  static Checkpoint.Progress progress() {
    return new Checkpoint.Progress(3, 4, Map.of("who", "the library", "of two", "a\nb"));
  }

  private static Dataset data(int in, int out, boolean labelled) {
    Random random = new Random(3);
    float[][] x = new float[ROWS][in];
    int[] labels = new int[ROWS];
    float[][] targets = new float[ROWS][out];
    for (int i = 0; i < ROWS; i++) {
      labels[i] = i % out;
      for (int j = 0; j < in; j++) {
        x[i][j] = (float) random.nextGaussian() + (j == labels[i] ? 1 : 0);
      }
      for (int k = 0; !labelled && k < out; k++) {
        targets[i][k] = x[i][k] - x[i][k + 1] * x[i][k + 2];
      }
    }
    return labelled ? Dataset.ofLabels(x, labels, out) : Dataset.ofTargets(x, targets);
  }

  @Override
  public void close() {
    if (stopping != null) {
      stopping.close();
    }
    data.close();
    network.close();
  }
}
