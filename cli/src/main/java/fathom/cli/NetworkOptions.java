package fathom.cli;

import fathom.data.Batches;
import fathom.data.Dataset;
import fathom.data.Rows;
import fathom.engine.Engine;
import fathom.lab.theory.Criticality;
import fathom.nn.Activation;
import fathom.nn.Architecture;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.nn.Plan;
import fathom.train.Lsuv;
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

  /** Rows that sums are measured on: the variance of fewer is far off. */
  private static final int LSUV_ROWS = 256;

  @Option(
      names = "--hidden",
      paramLabel = "N,N,...",
      hideParamSyntax = true,
      split = Commas.COMMA,
      preprocessor = Commas.class,
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
              + " weights at the activation's critical gain; lsuv for orthonormal weights, scaled"
              + " layer by layer until sums on "
              + LSUV_ROWS
              + " rows have variance 1; what suits the activation unless given.")
  private String init;

  @Mixin private LayerOptions layers = new LayerOptions();
  @Mixin private RecurrentOptions recurrent = new RecurrentOptions();

  /** Returns the units of the hidden layers, none for a linear model. */
  List<Integer> hidden() {
    if (hidden != null) {
      if (depth != null || width != null) {
        throw new BadInput("--hidden names every layer; leave out --depth and --width");
      }
      hidden.forEach(units -> requireAtLeast("--hidden", 1, units));
      return hidden;
    }
    if (recurrent.given() && depth == null && width != null) {
      throw new BadInput(
          "--width is for hidden layers, and --recurrent has none; give --depth too");
    }
    int layers = depth != null ? depth : recurrent.given() ? 0 : DEPTH;
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
    if (loaded && (given || layers.given() || recurrent.anyGiven())) {
      throw new BadInput(
          "--load takes the network from the file; leave out --hidden, --depth, --width,"
              + " --activation, --init, norms, dropout, noise, --residual and --recurrent");
    }
    recurrent.check();
    if (hidden().isEmpty() && (activation != null || width != null)) {
      throw new BadInput(
          (activation != null ? "--activation" : "--width")
              + " is for hidden layers, and there are none; give --depth or --hidden");
    }
    layers.check(hidden(), activation(), recurrent.given());
    Initializer unused = initializer(activation());
  }

  private boolean isLsuv() {
    return init != null && init.strip().equalsIgnoreCase("lsuv");
  }

  private String scheme() {
    return init.strip().toLowerCase(Locale.ROOT).replace('-', '_');
  }

  /** Returns what draws the weights before an activation. */
  private Initializer initializer(Activation function) {
    if (init == null) {
      return Initializer.recommended(function);
    }
    if (isLsuv()) {
      return Initializer.ORTHOGONAL;
    }
    Initializer critical = CRITICAL.get(scheme());
    return critical == null ? Initializer.named(init) : Criticality.initializer(function, critical);
  }

  RecurrentOptions recurrent() {
    return recurrent;
  }

  /** Returns the name of the initializer that was asked for, or null. */
  String init() {
    if (init == null) {
      return null;
    }
    boolean ours = isLsuv() || CRITICAL.containsKey(scheme());
    return ours ? scheme() : Initializer.named(init).toString();
  }

  /**
   * Reckons the memory of the network in training.
   *
   * @param train what it is to be trained on
   * @param kept how many copies of it others keep
   */
  Footprint footprint(
      Engine engine, LearningOptions how, MemoryOptions saving, Rows train, int outputs, int kept) {
    Dataset data = train.dataset();
    NetworkBuilder builder = describe(data.features(), data.imageHeight(), outputs);
    Architecture architecture = builder.architecture();
    int together = Math.max(how.batch(), isLsuv() ? LSUV_ROWS : 0);
    return Footprint.of(
        builder.engine(engine),
        Footprint.parameters(architecture),
        how,
        saving.every(architecture),
        Plan.squareRoot(architecture),
        Math.clamp(together, 1, Math.max(1, train.size())),
        kept);
  }

  /**
   * Builds the network.
   *
   * @param train what it is to be trained on
   * @throws BadInput if the rows give nothing to scale weights by
   */
  Network build(Engine engine, LearningOptions how, MemoryOptions saving, Rows train, int outputs) {
    Dataset data = train.dataset();
    NetworkBuilder builder = describe(data.features(), data.imageHeight(), outputs);
    Network network = builder.seed(how.seed()).engine(engine).build();
    saving.apply(network);
    if (!isLsuv()) {
      return network;
    }
    int rows = Math.min(LSUV_ROWS, train.size());
    try (Batches.Iteration batches = train.batches(rows, how.seed()).iterator()) {
      List<Lsuv.Scaled> unused = Lsuv.initialize(network, batches.next());
      return network;
    } catch (IllegalArgumentException e) {
      network.close();
      throw new BadInput("--init lsuv: " + e.getMessage(), e);
    } catch (Throwable t) {
      network.close();
      throw t;
    }
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
    other.recurrent = recurrent;
    return other;
  }

  /**
   * Describes the network, whose weights are not scaled by rows yet.
   *
   * @param imageRows the rows of the image that a row of inputs is, or 0
   * @throws BadInput if a row is no sequence of the steps that were asked for
   */
  NetworkBuilder describe(int inputs, int imageRows, int outputs) {
    Activation function = activation();
    NetworkBuilder builder;
    if (recurrent.given()) {
      int steps = recurrent.steps(inputs, imageRows);
      builder = Network.sequence(steps, inputs / steps);
      recurrent.add(builder, layers::drop);
    } else {
      builder = Network.input(inputs);
    }
    layers.add(builder, hidden(), function, initializer(function));
    return builder.dense(outputs, Activation.IDENTITY, initializer(Activation.IDENTITY));
  }

  private static void requireAtLeast(String option, int least, int value) {
    if (value < least) {
      throw new BadInput(option + " must be at least " + least + ", not " + value);
    }
  }
}
