package fathom.lab.stress;

import fathom.engine.Engine;
import fathom.kernel.FillKernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Memory;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Method;
import fathom.optim.Optimizer;
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

  /** Normalization of a layer's sums. */
  public enum Norm {
    NONE,
    BATCH,
    LAYER
  }

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
    long hidden = (long) (depth - 1) * width * width + (long) inputs * width;
    long vectors = norm == Norm.LAYER ? 3 : norm == Norm.BATCH ? 2 : 1;
    long slopes = activation.isLearnt() ? depth : 0;
    return hidden + vectors * depth * width + slopes + (long) outputs * (width + 1);
  }

  /**
   * Returns the bytes that a training takes: parameters, gradients and moments, running statistics,
   * and a pass over a batch.
   */
  public double bytes(Engine engine, int inputs, int outputs, int batch) {
    Memory memory = builder(engine, inputs, outputs).memory(batch);
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
  public NetworkBuilder builder(Engine engine, int inputs, int outputs) {
    NetworkBuilder builder = Network.input(inputs).engine(engine).seed(seed);
    Initializer weights = initializer();
    if (skip == Skip.NONE) {
      for (int i = 0; i < depth; i++) {
        layer(builder, weights);
      }
    } else {
      blocks(builder, weights);
    }
    return builder.dense(outputs);
  }

  /** Builds the network and draws its biases. */
  public Network network(Engine engine, int inputs, int outputs) {
    Network network = builder(engine, inputs, outputs).build();
    if (bias > 0) {
      drawBiases(network);
    }
    return network;
  }

  private void layer(NetworkBuilder builder, Initializer weights) {
    if (norm == Norm.NONE) {
      builder.dense(width, activation, weights);
    } else {
      product(builder, weights);
      bend(builder);
    }
  }

  private void blocks(NetworkBuilder builder, Initializer weights) {
    product(builder, weights);
    int blocks = (depth - 1 + LAYERS_OF_A_BLOCK - 1) / LAYERS_OF_A_BLOCK;
    float scale = skip == Skip.SCALED ? (float) (1 / Math.sqrt(blocks)) : 1;
    for (int left = depth - 1; left > 0; left -= LAYERS_OF_A_BLOCK) {
      int inner = Math.min(left, LAYERS_OF_A_BLOCK) - 1;
      builder.residual(
          scale,
          branch -> {
            bend(branch);
            for (int i = 0; i < inner; i++) {
              layer(branch, weights);
            }
            product(branch, weights);
            return branch;
          });
    }
    bend(builder);
  }

  private void product(NetworkBuilder builder, Initializer weights) {
    builder.dense(width, Activation.IDENTITY, weights);
    if (norm == Norm.BATCH) {
      builder.noBias();
    }
  }

  private void bend(NetworkBuilder builder) {
    switch (norm) {
      case NONE -> builder.activation(activation);
      case BATCH -> builder.batchNorm(activation);
      case LAYER -> builder.layerNorm(activation);
    }
  }

  /** Of dense layers but the last; a norm's shift stays 0. */
  private void drawBiases(Network network) {
    for (int layer = 0; layer < network.depth() - 1; layer++) {
      List<String> names = network.parameterNames(layer);
      if (names.size() >= 2 && network.weightNames().contains(names.get(0))) {
        Matrix b = network.parameters().get(names.get(1));
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
