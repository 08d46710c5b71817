package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.util.List;
import java.util.Map;

/** A fully connected layer: {@code A = f(W X + b 1ᵀ)}, with W: out x in. */
final class Dense extends Biased {
  final Initializer initializer;
  Matrix weight;
  Matrix weightGradient;

  Dense(
      int in,
      int out,
      Activation activation,
      Initializer initializer,
      boolean bias,
      String prefix,
      int module) {
    super(in, out, activation, bias, prefix, module);
    this.initializer = initializer;
  }

  @Override
  Dense copy() {
    return new Dense(in, out, activation, initializer, hasBias(), prefix(), module());
  }

  /** Returns the same layer without a bias. */
  Dense withoutBias() {
    return new Dense(in, out, activation, initializer, false, prefix(), module());
  }

  /** Returns the same layer with a bias and an activation. */
  Dense followedBy(Activation f) {
    return new Dense(in, out, f, initializer, true, prefix(), module());
  }

  @Override
  int modules() {
    return 1 + modules(activation);
  }

  @Override
  void addTo(Slab.Layout parameters, Slab.Layout statistics) {
    parameters.add(name(0, "weight"), out, in);
    super.addTo(parameters, statistics);
  }

  @Override
  void weights(Map<String, List<Long>> shapes) {
    shapes.put(name(0, "weight"), List.of((long) out, (long) in));
  }

  @Override
  void bind(Slab parameters, Slab statistics) {
    weight = parameters.get(name(0, "weight"));
    super.bind(parameters, statistics);
  }

  @Override
  void bindGradients(Slab gradients) {
    weightGradient = gradients.get(name(0, "weight"));
    super.bindGradients(gradients);
  }

  @Override
  void initialize(Engine engine, long seed, int stream) {
    super.initialize(engine, seed, stream);
    initializer.fill(engine, weight, in, out, seed, stream);
  }

  @Override
  void enter(Plan plan) {
    Matrix z = plan.product(this);
    if (hasBias() || activation != Activation.IDENTITY) {
      plan.activate(this, z, bias);
    }
  }

  @Override
  String text() {
    return out + ":" + activation + (hasBias() ? "" : ":no_bias");
  }

  @Override
  String brief() {
    return out + (activation == Activation.IDENTITY ? "" : " " + activation);
  }

  /** Returns the layer in a line, as in {@code 784 -> 256 relu, he_normal}. */
  @Override
  public String toString() {
    return in + " -> " + out + " " + activation + ", " + initializer;
  }
}
