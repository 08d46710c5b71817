package fathom.cli;

import fathom.nn.Activation;
import fathom.nn.HiddenLayers;
import fathom.nn.HiddenLayers.Norm;
import fathom.nn.Initializer;
import fathom.nn.NetworkBuilder;
import fathom.nn.Noise;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/**
 * What stands between the products of a new network: normalization, dropout, noise and skips, as
 * {@link HiddenLayers} puts them together.
 */
final class LayerOptions {
  private static final int BLOCK = 2;

  @Option(
      names = "--batch-norm",
      description = "Normalize the sums of each hidden layer over the batch; it then has no bias.")
  private boolean batchNorm;

  @Option(
      names = "--layer-norm",
      description = "Normalize the sums of each hidden layer over its units.")
  private boolean layerNorm;

  @Option(
      names = "--dropout",
      paramLabel = "P",
      description = "Share of each hidden layer's outputs to drop at random in training.")
  private Double dropout;

  @Option(
      names = "--input-dropout",
      paramLabel = "P",
      description = "Share of the inputs to drop at random in training.")
  private Double inputDropout;

  @Option(
      names = "--alpha-dropout",
      paramLabel = "P",
      description = "As --dropout, but keeping mean and variance, for --activation selu.")
  private Double alphaDropout;

  @Option(
      names = "--noise",
      paramLabel = "S",
      description = "Add normal noise of this deviation to the inputs in training.")
  private Double noise;

  @Option(
      names = "--residual",
      description = "Lead skips around blocks of hidden layers of one width.")
  private boolean residual;

  @Option(
      names = "--residual-block",
      paramLabel = "N",
      description = "Layers of a block; " + BLOCK + " unless given.")
  private Integer block;

  @Option(
      names = "--residual-scale",
      paramLabel = "S",
      description =
          "What multiplies a block's output before it is added; auto, which is 1/sqrt(number of"
              + " blocks), unless given.")
  private String scale;

  /** Returns the same with layer normalization. */
  LayerOptions normalized() {
    LayerOptions other = copy();
    other.batchNorm = false;
    other.layerNorm = true;
    return other;
  }

  /** Returns the same with skips. */
  LayerOptions skipping() {
    LayerOptions other = copy();
    other.residual = true;
    return other;
  }

  private LayerOptions copy() {
    LayerOptions other = new LayerOptions();
    other.batchNorm = batchNorm;
    other.layerNorm = layerNorm;
    other.dropout = dropout;
    other.inputDropout = inputDropout;
    other.alphaDropout = alphaDropout;
    other.noise = noise;
    other.residual = residual;
    other.block = block;
    other.scale = scale;
    return other;
  }

  boolean hasNorm() {
    return batchNorm || layerNorm;
  }

  boolean hasSkips() {
    return residual;
  }

  /** Returns whether skips have a block to lead around. */
  boolean canSkip(List<Integer> hidden) {
    return blocks(hidden) > 0;
  }

  /** Returns whether anything was asked for. */
  boolean given() {
    return batchNorm
        || layerNorm
        || dropout != null
        || inputDropout != null
        || alphaDropout != null
        || noise != null
        || residual
        || block != null
        || scale != null;
  }

  /**
   * Checks what can be checked before there are data.
   *
   * @param hidden the units of the hidden layers
   * @param function their activation
   * @param recurrent whether recurrent layers lie below them
   */
  void check(List<Integer> hidden, Activation function, boolean recurrent) {
    if (batchNorm && layerNorm) {
      throw new BadInput("--batch-norm and --layer-norm exclude each other; give one of them");
    }
    if (dropout != null && alphaDropout != null) {
      throw new BadInput("--dropout and --alpha-dropout exclude each other; give one of them");
    }
    requireShare("--dropout", dropout);
    requireShare("--input-dropout", inputDropout);
    requireShare("--alpha-dropout", alphaDropout);
    if (alphaDropout != null && !function.equals(Activation.SELU)) {
      throw new BadInput(
          "--alpha-dropout drops to the lower limit of selu, and the activation is "
              + function
              + "; give --activation selu, or --dropout");
    }
    if (noise != null && !(noise >= 0 && noise <= Float.MAX_VALUE)) {
      throw new BadInput("--noise must be at least 0 and finite, not " + noise);
    }
    if (recurrent && (inputDropout != null || noise != null)) {
      throw new BadInput(
          (noise != null ? "--noise" : "--input-dropout")
              + " is for rows that hidden layers read, and --recurrent reads them as sequences;"
              + " leave it out");
    }
    boolean dropped = dropout != null && !recurrent;
    if (hidden.isEmpty() && (batchNorm || layerNorm || dropped || alphaDropout != null)) {
      throw new BadInput(
          "norms and dropout are for hidden layers, and there are none; give --depth or --hidden");
    }
    checkResidual(hidden);
  }

  private void checkResidual(List<Integer> hidden) {
    if (!residual) {
      if (block != null || scale != null) {
        throw new BadInput(
            (block != null ? "--residual-block" : "--residual-scale")
                + " is for networks with --residual; give both or none");
      }
      return;
    }
    if (block != null && block < 1) {
      throw new BadInput("--residual-block must be at least 1, not " + block);
    }
    if (blocks(hidden) == 0) {
      throw new BadInput(
          "--residual needs two hidden layers of one width in a row, and the hidden layers are "
              + hidden
              + "; give --depth and --width");
    }
    float unused = scale(1);
  }

  private static void requireShare(String option, Double share) {
    if (share != null && !(share >= 0 && share < 1)) {
      throw new BadInput(option + " must be at least 0 and less than 1, not " + share);
    }
  }

  /** Returns how many blocks the hidden layers make. */
  private int blocks(List<Integer> hidden) {
    return HiddenLayers.blocks(hidden, layersOfBlock());
  }

  private int layersOfBlock() {
    return block == null ? BLOCK : block;
  }

  private float scale(int blocks) {
    if (scale == null || scale.equalsIgnoreCase("auto")) {
      return HiddenLayers.scale(blocks);
    }
    try {
      float value = Float.parseFloat(scale);
      if (Float.isFinite(value) && value != 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw new BadInput(
        "--residual-scale must be auto or a finite number other than 0, not " + scale);
  }

  /** Adds what drops outputs of a layer, if anything does. */
  void drop(NetworkBuilder builder) {
    if (dropout != null) {
      builder.dropout(dropout);
    }
  }

  /** Adds the hidden layers, and what comes before them. */
  void add(
      NetworkBuilder builder, List<Integer> hidden, Activation function, Initializer initializer) {
    if (inputDropout != null) {
      builder.dropout(inputDropout);
    }
    if (noise != null) {
      builder.noise(noise);
    }
    List<Noise> behind = new ArrayList<>();
    if (dropout != null) {
      behind.add(new Noise(Noise.Kind.DROPOUT, dropout));
    }
    if (alphaDropout != null) {
      behind.add(new Noise(Noise.Kind.ALPHA_DROPOUT, alphaDropout));
    }
    Norm norm = batchNorm ? Norm.BATCH : layerNorm ? Norm.LAYER : Norm.NONE;
    builder.addAll(
        new HiddenLayers(
                hidden,
                function,
                initializer,
                norm,
                behind,
                residual ? layersOfBlock() : 0,
                residual ? scale(blocks(hidden)) : 1)
            .layers());
  }
}
