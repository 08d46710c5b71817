package fathom.cli;

import fathom.engine.Engine;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.train.Models;
import fathom.train.Trainer;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** What a training takes over from a model, what of it is to stay, and how fast the rest learns. */
final class TransferOptions {
  @Option(
      names = "--freeze",
      paramLabel = "N",
      description =
          "With --load: leave the first N layers as they are, and spend no time on their gradients.")
  private Integer freeze;

  @Option(
      names = "--new-head",
      description =
          "With --load: replace the last layer by a new one for the classes or targets of DATA.")
  private boolean newHead;

  @Option(
      names = "--layer-rates",
      paramLabel = "F,F,...",
      split = Commas.COMMA,
      preprocessor = Commas.class,
      description =
          "Multiply the learning rate of each layer by a factor of its own: one for each layer, in"
              + " the order in which the network is printed.")
  private List<Float> layerRates;

  boolean newHead() {
    return newHead;
  }

  /** Checks what can be checked before there is a model. */
  void check(Path load, boolean folds) {
    if (layerRates != null && folds) {
      throw new BadInput("--layer-rates is for one training; leave out --folds, or --layer-rates");
    }
    if (load == null && (freeze != null || newHead)) {
      throw new BadInput(
          (freeze != null ? "--freeze" : "--new-head")
              + " is for a network that has learnt; give --load a model, or leave it out");
    }
    if (freeze != null && freeze < 0) {
      throw new BadInput("--freeze must be at least 0, not " + freeze);
    }
    for (Float factor : layerRates == null ? List.<Float>of() : layerRates) {
      if (!(factor >= 0 && factor < Float.POSITIVE_INFINITY)) {
        throw new BadInput("--layer-rates must be finite and at least 0, not " + factor);
      }
    }
  }

  /** Reads the model to start from; null if there is none. */
  ModelFile read(Path load, Engine engine) {
    return load == null ? null : ModelFile.read(load, engine).withNewHead(newHead);
  }

  /** Returns the model's network with a new head, to be closed by the caller; null if none. */
  Network withNewHead(Path load, Engine engine, ModelFile from, int outputs, long seed) {
    if (!newHead) {
      return null;
    }
    NetworkBuilder builder = Network.of(from.network().architecture());
    try {
      builder.withoutHead();
    } catch (IllegalStateException e) {
      throw new BadInput("--new-head: " + load + ": " + e.getMessage(), e);
    }
    Network network = builder.dense(outputs).seed(seed).engine(engine).build();
    try {
      Models.loadLayers(network, load, network.depth() - 1);
      return network;
    } catch (Throwable t) {
      network.close();
      throw t;
    }
  }

  /** Freezes what is to stay, and checks that each layer has its rate. */
  void apply(Network network) {
    if (layerRates != null && layerRates.size() != network.depth()) {
      throw new BadInput(
          String.format(
              "--layer-rates: %d factors for %d layers; give one for each layer (%s)",
              layerRates.size(), network.depth(), Report.describe(network)));
    }
    if (freeze == null) {
      return;
    }
    if (freeze >= network.depth()) {
      throw new BadInput(
          String.format(
              "--freeze %d leaves nothing to learn: the network has %d layers (%s); freeze fewer",
              freeze, network.depth(), Report.describe(network)));
    }
    network.freeze(freeze);
  }

  /** Gives layers the rates that were asked for, and returns the trainer. */
  Trainer rates(Trainer trainer) {
    if (layerRates == null) {
      return trainer;
    }
    float[] factors = new float[layerRates.size()];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = layerRates.get(i);
    }
    return trainer.layerRates(factors);
  }
}
