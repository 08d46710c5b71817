package fathom.cli;

import fathom.data.Dataset;
import fathom.kernel.Engine;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import java.util.Collections;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The shape of a new network. */
final class NetworkOptions {
  private static final int DEPTH = 5;
  private static final int MOST_LAYERS = 100_000;
  private static final int WIDTH = 256;

  @Option(
      names = "--hidden",
      paramLabel = "N,N,...",
      hideParamSyntax = true,
      split = ",",
      description = "Units of each hidden layer, such as 512,256.")
  private List<Integer> hidden;

  @Option(
      names = "--depth",
      paramLabel = "N",
      description = "Number of hidden layers, in place of --hidden; " + DEPTH + " unless given.")
  private Integer depth;

  @Option(
      names = "--width",
      paramLabel = "M",
      description = "Units of each of these layers; " + WIDTH + " unless given.")
  private Integer width;

  @Option(
      names = "--activation",
      paramLabel = "NAME",
      description = "Of the hidden layers, such as relu, tanh or elu(0.5); relu unless given.")
  private String activation;

  @Option(
      names = "--init",
      paramLabel = "NAME",
      description = "Initializer, such as he_normal; what suits the activation unless given.")
  private String init;

  @Mixin private final LayerOptions layers = new LayerOptions();

  /** Returns the units of the hidden layers, none for a linear model. */
  List<Integer> hidden() {
    if (hidden != null) {
      if (depth != null || width != null) {
        throw new BadInput("--hidden names every layer; leave out --depth and --width");
      }
      hidden.forEach(units -> requireAtLeast("--hidden", 1, units));
      return hidden;
    }
    int layers = depth == null ? DEPTH : depth;
    int units = width == null ? WIDTH : width;
    requireAtLeast("--depth", 0, layers);
    requireAtLeast("--width", 1, units);
    if (layers > MOST_LAYERS) {
      throw new BadInput("--depth must be at most " + MOST_LAYERS + ", not " + layers);
    }
    return Collections.nCopies(layers, units);
  }

  Activation activation() {
    return activation == null ? Activation.RELU : Activation.named(activation);
  }

  /**
   * Checks what can be checked before there are data.
   *
   * @param loaded whether the network comes from a file, so that nothing here may be given
   */
  void check(boolean loaded) {
    boolean given =
        hidden != null || depth != null || width != null || activation != null || init != null;
    if (loaded && (given || layers.given())) {
      throw new BadInput(
          "--load takes the network from the file; leave out --hidden, --depth, --width,"
              + " --activation, --init, norms, dropout, noise and --residual");
    }
    layers.check(hidden(), activation());
    if (init != null) {
      Initializer unused = Initializer.named(init);
    }
  }

  /** Describes the network. */
  NetworkBuilder builder(Engine engine, int inputs, int outputs, long seed) {
    Activation function = activation();
    Initializer initializer =
        init == null ? Initializer.recommended(function) : Initializer.named(init);
    NetworkBuilder builder = Network.input(inputs);
    layers.add(builder, hidden(), function, initializer);
    if (init == null) {
      builder.dense(outputs);
    } else {
      builder.dense(outputs, Activation.IDENTITY, Initializer.named(init));
    }
    return builder.seed(seed).engine(engine);
  }

  /** Returns how many weights and biases the dense layers have. */
  double parameters(int inputs, int outputs) {
    double sum = 0;
    double in = inputs;
    for (int units : hidden()) {
      sum += (in + 1) * units;
      in = units;
    }
    return sum + (in + 1) * outputs;
  }

  /**
   * Builds the network.
   *
   * @param rows how many there are to train on
   * @param copies how many copies of it others keep
   * @throws BadInput if there is not memory enough to train it
   */
  Network build(Engine engine, LearningOptions how, Dataset data, int rows, int copies) {
    int inputs = data.features();
    NetworkBuilder network = builder(engine, inputs, data.outputs(), how.seed());
    Footprint.require(network, parameters(inputs, data.outputs()), how, rows, copies);
    return network.build();
  }

  private static void requireAtLeast(String option, int least, int value) {
    if (value < least) {
      throw new BadInput(option + " must be at least " + least + ", not " + value);
    }
  }
}
