package fathom.lab.stress;

import fathom.engine.Engine;
import fathom.kernel.FillKernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Architecture;
import fathom.nn.Dense;
import fathom.nn.HiddenLayers;
import fathom.nn.HiddenLayers.Norm;
import fathom.nn.Initializer;
import fathom.nn.Layer;
import fathom.nn.Memory;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Method;
import fathom.optim.Optimizer;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * A cell of a grid: an architecture, how it is drawn, and how it is to learn.
 *
 * @param depth the number of hidden layers, at least 1
 * @param width the units of each
 * @param activation of the hidden layers
 * @param init how their weights are drawn: a word that {@link Initializer#named} reads, or one of
 *     {@code xavier}, {@code he}, {@code lecun} (uniform, normal, normal), {@code recommended}
 *     (what suits the activation), {@code table_11_1} (see {@link Initializer#tableElevenOne}) and
 *     {@code pytorch} (the uniform default of its linear layers)
 * @param gain what multiplies those weights; with {@code lecun} it is mean-field theory's sigma_w
 * @param bias the standard deviation of the hidden layers' biases, theory's sigma_b; 0 leaves them
 *     at zero. Layers before a batch norm have none
 * @param norm what is done to the sums of each hidden layer
 * @param skip whether branches lead around every two hidden layers
 * @param method the optimizer
 * @param rate its learning rate
 * @param seed of weights, biases, and the order of samples
 */
public record GridCell(
    int depth,
    int width,
    Activation activation,
    String init,
    double gain,
    double bias,
    Norm norm,
    Skip skip,
    Method method,
    float rate,
    long seed) {
  private static final int LAYERS_OF_A_BLOCK = 2;
  private static final long BIASES = 1L << 61;

  /** Residual blocks: product, then blocks of norm, activation, product (He et al. 2016b). */
  public enum Skip {
    NONE,
    /** Branches are added as they are. */
    PLAIN,
    /** Branches are multiplied by 1 / sqrt of their number, so that the variance stays. */
    SCALED
  }

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException with the one that is wrong
   */
  public GridCell {
    requireAtLeast("depth", 1, depth);
    requireAtLeast("width", 1, width);
    if (!(gain >= 0) || !Double.isFinite(gain)) {
      throw new IllegalArgumentException("the gain must be at least 0 and finite, not " + gain);
    }
    if (!(bias >= 0) || !Double.isFinite(bias)) {
      throw new IllegalArgumentException(
          "the biases' deviation must be at least 0 and finite, not " + bias);
    }
    if (skip != Skip.NONE && depth == 1) {
      throw new IllegalArgumentException("skips need a depth of at least 2, not 1");
    }
    Initializer unused = initializer(init, activation);
    Optimizer unusedOptimizer = method.optimizer(rate, null, null);
  }

  private static void requireAtLeast(String what, int least, int value) {
    if (value < least) {
      throw new IllegalArgumentException(
          "the " + what + " must be at least " + least + ", not " + value);
    }
  }

  /** Returns how the weights of hidden layers are drawn, gain included. */
  Initializer initializer() {
    return initializer(init, activation).gain(gain);
  }

  private static Initializer initializer(String word, Activation f) {
    int open = word.indexOf('(');
    String stem = (open < 0 ? word : word.substring(0, open)).strip().toLowerCase(Locale.ROOT);
    String rest = open < 0 ? "" : word.substring(open);
    return switch (stem) {
      case "recommended" -> Initializer.recommended(f);
      case "table_11_1" -> Initializer.tableElevenOne(f, false);
      case "pytorch" -> Initializer.LECUN_UNIFORM.gain(1 / Math.sqrt(3));
      case "xavier", "glorot" -> Initializer.named("xavier_uniform" + rest);
      case "he", "kaiming" -> Initializer.named("he_normal" + rest);
      case "lecun" -> Initializer.named("lecun_normal" + rest);
      default -> Initializer.named(word);
    };
  }

  /** Returns the variance of a hidden layer's weights times its fan-in: sigma_w². */
  double weightVariance() {
    return initializer().variance(width, width) * width;
  }

  /** Returns the optimizer. */
  public Optimizer optimizer() {
    return method.optimizer(rate, null, null);
  }

  /** Returns how many numbers are learnt. */
  public long parameters(int inputs, int outputs) {
    return architecture(inputs, outputs).parameterCount();
  }

  /**
   * Returns the bytes that a training takes: parameters, gradients and moments, running statistics,
   * and a pass over a batch.
   */
  public double bytes(Engine engine, int inputs, int outputs, int batch) {
    Memory memory = Memory.of(engine, architecture(inputs, outputs), batch, 1, 0);
    double slabs = 2.0 + optimizer().moments().size();
    return slabs * memory.parameters() + memory.statistics() + memory.training();
  }

  /** Returns the operations of a training step, about: those of its products. */
  double flops(int inputs, int outputs, int batch) {
    return 6.0 * batch * parameters(inputs, outputs);
  }

  /**
   * Describes the network. The output layer's weights are Xavier's whatever the hidden layers', so
   * that only what is asked about differs.
   */
  public Architecture architecture(int inputs, int outputs) {
    List<Integer> units = Collections.nCopies(depth, width);
    int block = skip == Skip.NONE ? 0 : LAYERS_OF_A_BLOCK;
    float scale = skip == Skip.SCALED ? HiddenLayers.scale(HiddenLayers.blocks(units, block)) : 1;
    HiddenLayers hidden =
        new HiddenLayers(units, activation, initializer(), norm, List.of(), block, scale);
    return Network.input(inputs).addAll(hidden.layers()).dense(outputs).architecture();
  }

  /** Starts from the network, drawn by this cell's seed. */
  public NetworkBuilder builder(Engine engine, int inputs, int outputs) {
    return Network.of(architecture(inputs, outputs)).engine(engine).seed(seed);
  }

  /** Builds the network and draws its biases. */
  public Network network(Engine engine, int inputs, int outputs) {
    Network network = builder(engine, inputs, outputs).build();
    if (bias > 0) {
      drawBiases(network);
    }
    return network;
  }

  /** Of dense layers but the last; a norm's shift stays 0. */
  private void drawBiases(Network network) {
    for (int layer = 0; layer < network.depth() - 1; layer++) {
      Layer known = network.layer(layer);
      if (known.spec() instanceof Dense dense && dense.bias()) {
        Matrix b = network.parameters().get(known.parameterNames().get(1));
        FillKernels fill = network.engine().kernels().fill();
        fill.normal(b.segment(), b.offset(), 0, b.rows(), seed, BIASES + layer, (float) bias);
      }
    }
  }

  /** Returns the cell in a line, the same for equal cells and for no others. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "depth %d, width %d, %s, %s x %s, bias %s, norm %s, skip %s, %s %s, seed %d",
        depth,
        width,
        activation,
        init,
        gain,
        bias,
        word(norm),
        word(skip),
        word(method),
        rate,
        seed);
  }

  static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }
}
