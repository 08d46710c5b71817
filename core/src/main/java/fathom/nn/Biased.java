package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.lang.foreign.Arena;

/**
 * A layer that ends in {@code f(Z + b 1ᵀ)}: holds views of the bias and of PReLU's slope. A layer
 * without a learnt bias has one of zeros, whose gradient nobody reads.
 */
abstract class Biased extends Layer {
  final Activation activation;
  Matrix bias;
  Matrix biasGradient;
  Matrix slope;
  Matrix slopeGradient;

  private final boolean biasLearnt;

  Biased(int in, int out, Activation activation, boolean biasLearnt, String prefix, int module) {
    super(in, out, prefix, module);
    this.activation = activation;
    this.biasLearnt = biasLearnt;
  }

  final boolean hasBias() {
    return biasLearnt;
  }

  /** Returns the name of PReLU's slope: that of the activation's module. */
  final String slopeName() {
    return name(modules() - 1, "weight");
  }

  /** Adds bias and slope, behind what the subclass has added. */
  @Override
  void addTo(Slab.Layout parameters, Slab.Layout statistics) {
    if (biasLearnt) {
      parameters.add(name(0, "bias"), out, 1);
    }
    if (activation.isLearnt()) {
      parameters.add(slopeName(), 1, 1);
    }
  }

  @Override
  void bind(Slab parameters, Slab statistics) {
    bias = biasLearnt ? parameters.get(name(0, "bias")) : Matrix.allocate(Arena.ofAuto(), out, 1);
    slope = activation.isLearnt() ? parameters.get(slopeName()) : null;
  }

  @Override
  void bindGradients(Slab gradients) {
    biasGradient =
        biasLearnt ? gradients.get(name(0, "bias")) : Matrix.allocate(Arena.ofAuto(), out, 1);
    slopeGradient = activation.isLearnt() ? gradients.get(slopeName()) : null;
  }

  /** Sets the bias to zero and a learnt slope to its start. */
  @Override
  void initialize(Engine engine, long seed, int stream) {
    engine.kernels().fill().constant(bias.segment(), bias.offset(), 0, out, 0);
    if (slope != null) {
      slope.set(0, 0, activation.parameter());
    }
  }
}
