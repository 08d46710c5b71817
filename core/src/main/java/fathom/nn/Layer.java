package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Slab;
import java.util.List;
import java.util.Map;

/**
 * One layer of a network: its shape, its place in the slabs, and how it enters a {@link Plan}.
 * Names are those of PyTorch's {@code nn.Sequential}: a layer's number, and inside a residual block
 * the block's number before it.
 */
abstract class Layer {
  final int in;
  final int out;
  private final String prefix;
  private final int module;

  private int times = 1;

  /**
   * Places a layer.
   *
   * @param prefix of the names of modules: empty, or the block's name and a dot
   * @param module the number of this layer's first module
   */
  Layer(int in, int out, String prefix, int module) {
    this.in = in;
    this.out = out;
    this.prefix = prefix;
    this.module = module;
  }

  /** Returns the same layer with no parameters yet. */
  abstract Layer copy();

  /**
   * Returns how often a sample passes through: once, or step by step between recurrent layers,
   * where {@link #in} and {@link #out} are the numbers of a step.
   */
  final int times() {
    return times;
  }

  /** Returns a copy for so many steps of a sequence. */
  final Layer times(int steps) {
    Layer layer = copy();
    layer.times = steps;
    return layer;
  }

  /** Adds the passes of a batch size. */
  abstract void enter(Plan plan);

  /** Returns the layer in a word that {@link Architecture} reads. */
  abstract String text();

  /** Returns the layer in as few words as tell it from others. */
  String brief() {
    return toString();
  }

  /** Returns the number of {@code nn.Sequential} modules that this layer stands for. */
  abstract int modules();

  /** Adds what is learnt, and what is only kept. */
  void addTo(Slab.Layout parameters, Slab.Layout statistics) {}

  /** Adds the names and shapes of parameters that are matrices; others are vectors. */
  void weights(Map<String, List<Long>> shapes) {}

  /** Takes views of the parameters and statistics. */
  void bind(Slab parameters, Slab statistics) {}

  /** Takes views of the gradients. */
  void bindGradients(Slab gradients) {}

  /** Draws parameters and starts statistics anew. */
  void initialize(Engine engine, long seed, int stream) {}

  /** Returns the name of a tensor of this layer's k-th module. */
  final String name(int k, String tensor) {
    return prefix + (module + k) + "." + tensor;
  }

  final String prefix() {
    return prefix;
  }

  final int module() {
    return module;
  }

  static int modules(Activation activation) {
    return activation == Activation.IDENTITY ? 0 : 1;
  }
}
