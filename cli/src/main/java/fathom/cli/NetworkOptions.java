package fathom.cli;

import fathom.kernel.Engine;
import fathom.lab.Criticality;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The shape of a new network. */
final class NetworkOptions {
  private static final int DEPTH = 5;
  private static final int MOST_LAYERS = 100_000;
  private static final int WIDTH = 256;
  private static final Map<String, Initializer> CRITICAL =
      Map.of(
          "critical", Initializer.LECUN_NORMAL,
          "critical_uniform", Initializer.LECUN_UNIFORM,
          "critical_orthogonal", Initializer.ORTHOGONAL);

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
      description =
          "Initializer, such as he_normal; critical, critical_uniform or critical_orthogonal for"
              + " weights at the activation's critical gain; what suits the activation unless"
              + " given.")
  private String init;

  @Mixin private LayerOptions layers = new LayerOptions();

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
    Initializer unused = initializer(activation());
  }

  /** Returns what draws the weights before an activation. */
  private Initializer initializer(Activation function) {
    if (init == null) {
      return Initializer.recommended(function);
    }
    Initializer scheme = CRITICAL.get(init.toLowerCase(Locale.ROOT).replace('-', '_'));
    return scheme == null ? Initializer.named(init) : Criticality.initializer(function, scheme);
  }

  /** Returns what stands between the products. */
  LayerOptions layers() {
    return layers;
  }

  /** Returns the same with another initializer. */
  NetworkOptions initializedBy(String name) {
    NetworkOptions other = with(layers);
    other.init = name;
    return other;
  }

  /** Returns the same with other layers between the products. */
  NetworkOptions with(UnaryOperator<LayerOptions> change) {
    return with(change.apply(layers));
  }

  private NetworkOptions with(LayerOptions others) {
    NetworkOptions other = new NetworkOptions();
    other.hidden = hidden;
    other.depth = depth;
    other.width = width;
    other.activation = activation;
    other.init = init;
    other.layers = others;
    return other;
  }

  /** Builds the network. */
  Network build(Engine engine, int inputs, int outputs, long seed) {
    Activation function = activation();
    NetworkBuilder builder = Network.input(inputs);
    layers.add(builder, hidden(), function, initializer(function));
    builder.dense(outputs, Activation.IDENTITY, initializer(Activation.IDENTITY));
    return builder.seed(seed).engine(engine).build();
  }

  private static void requireAtLeast(String option, int least, int value) {
    if (value < least) {
      throw new BadInput(option + " must be at least " + least + ", not " + value);
    }
  }
}
