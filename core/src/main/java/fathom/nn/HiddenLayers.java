package fathom.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * A stack of hidden layers, each with the same norm, activation and noise, and skips around blocks
 * of them.
 *
 * <p>A hidden layer is product, norm, activation, noise. Skips lead around blocks of norm,
 * activation, noise, product (He et al. 2016b), so that nothing bends the sum on its way from block
 * to block; after the last block come the norm and activation that it still lacks.
 *
 * @param units of each layer, none for no layer
 * @param activation of all
 * @param initializer what draws their weights
 * @param norm what is done to their sums; those before a batch norm have no bias, which its mean
 *     would take away
 * @param noise what follows each activation
 * @param block the layers of a residual block; 0 for no skips
 * @param scale what multiplies a block's branch
 */
public record HiddenLayers(
    List<Integer> units,
    Activation activation,
    Initializer initializer,
    Norm norm,
    List<Noise> noise,
    int block,
    float scale) {
  /** Normalization of a layer's sums. */
  public enum Norm {
    NONE,
    BATCH,
    LAYER
  }

  /** Keeps copies of the lists. */
  public HiddenLayers {
    units = List.copyOf(units);
    noise = List.copyOf(noise);
  }

  /**
   * Returns how many blocks hidden layers make: each run of layers of one width is one layer, and
   * blocks of those after it.
   *
   * @param block the layers of a block
   */
  public static int blocks(List<Integer> units, int block) {
    int blocks = 0;
    for (int i = 0; i < units.size(); i += run(units, i)) {
      blocks += (run(units, i) - 1 + block - 1) / block;
    }
    return blocks;
  }

  /** Returns the scale that keeps the variance at any depth: 1 / sqrt of the number of blocks. */
  public static float scale(int blocks) {
    return (float) (1 / Math.sqrt(blocks));
  }

  /** Returns how many layers from one on have its width. */
  private static int run(List<Integer> units, int from) {
    int end = from + 1;
    while (end < units.size() && units.get(end).equals(units.get(from))) {
      end++;
    }
    return end - from;
  }

  /** Returns the layers in order. */
  public List<LayerSpec> layers() {
    List<LayerSpec> layers = new ArrayList<>();
    for (int i = 0; i < units.size(); ) {
      int run = block == 0 ? 1 : run(units, i);
      if (run == 1) {
        layer(layers, units.get(i));
      } else {
        blocks(layers, units.get(i), run);
      }
      i += run;
    }
    return layers;
  }

  /** Adds a run of layers of one width: the first, and blocks of those after it. */
  private void blocks(List<LayerSpec> layers, int width, int run) {
    layers.add(product(width));
    for (int left = run - 1; left > 0; left -= block) {
      List<LayerSpec> branch = new ArrayList<>();
      bend(branch);
      for (int i = 1; i < Math.min(left, block); i++) {
        layer(branch, width);
      }
      branch.add(product(width));
      layers.add(new Residual(scale, branch));
    }
    bend(layers);
  }

  private void layer(List<LayerSpec> layers, int width) {
    if (norm == Norm.NONE) {
      layers.add(new Dense(width, activation, initializer, true));
      layers.addAll(noise);
    } else {
      layers.add(product(width));
      bend(layers);
    }
  }

  private Dense product(int width) {
    return new Dense(width, Activation.IDENTITY, initializer, norm != Norm.BATCH);
  }

  /** Adds what comes behind a product. */
  private void bend(List<LayerSpec> layers) {
    layers.add(
        switch (norm) {
          case NONE -> new Activate(activation);
          case BATCH -> new BatchNorm(activation, BatchNorm.MOMENTUM, BatchNorm.EPSILON);
          case LAYER -> new LayerNorm(activation, LayerNorm.EPSILON);
        });
    layers.addAll(noise);
  }
}
