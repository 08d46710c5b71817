package fathom.nn;

import fathom.kernel.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;

/**
 * A fully connected layer: {@code A = f(W X + b 1ᵀ)}, with W: out x in. Holds views of its
 * parameters and gradients; {@link DensePass} computes.
 */
final class Dense {
  final int in;
  final int out;
  final Activation activation;
  final Initializer initializer;
  final String weightName;
  final String biasName;
  final String slopeName;

  Matrix weight;
  Matrix bias;
  Matrix slope;
  Matrix weightGradient;
  Matrix biasGradient;
  Matrix slopeGradient;

  private final int module;

  /**
   * @param module the number of the linear part in PyTorch's {@code nn.Sequential}; the activation
   *     has the next number
   */
  Dense(int in, int out, Activation activation, Initializer initializer, int module) {
    this.in = in;
    this.out = out;
    this.activation = activation;
    this.initializer = initializer;
    this.module = module;
    weightName = module + ".weight";
    biasName = module + ".bias";
    slopeName = module + 1 + ".weight";
  }

  /** Returns the same layer with no parameters yet. */
  Dense copy() {
    return new Dense(in, out, activation, initializer, module);
  }

  /** Returns the number of {@code nn.Sequential} modules that this layer stands for. */
  int modules() {
    return activation == Activation.IDENTITY ? 1 : 2;
  }

  void addTo(Slab.Layout layout) {
    layout.add(weightName, out, in).add(biasName, out, 1);
    if (activation.isLearnt()) {
      layout.add(slopeName, 1, 1);
    }
  }

  void bindParameters(Slab slab) {
    weight = slab.get(weightName);
    bias = slab.get(biasName);
    slope = activation.isLearnt() ? slab.get(slopeName) : null;
  }

  void bindGradients(Slab slab) {
    weightGradient = slab.get(weightName);
    biasGradient = slab.get(biasName);
    slopeGradient = activation.isLearnt() ? slab.get(slopeName) : null;
  }

  /** Sets biases to zero, a learnt slope to its start and weights by the initializer. */
  void initialize(Engine engine, long seed, int stream) {
    Kernels kernels = engine.kernels();
    kernels.fill().constant(bias.segment(), bias.offset(), 0, out, 0);
    if (slope != null) {
      slope.set(0, 0, activation.parameter());
    }
    initializer.fill(engine, weight, in, out, seed, stream);
  }

  /** Returns the layer in a line, as in {@code 784 -> 256 relu, he_normal}. */
  @Override
  public String toString() {
    return in + " -> " + out + " " + activation + ", " + initializer;
  }
}
