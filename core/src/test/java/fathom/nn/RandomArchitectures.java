package fathom.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Draws architectures of all kinds of layers, deep and shallow, that fit together. */
final class RandomArchitectures {
  private static final List<Activation> ACTIVATIONS =
      List.of(
          Activation.IDENTITY,
          Activation.TANH,
          Activation.RELU,
          Activation.PRELU,
          Activation.GELU,
          Activation.leakyRelu(0.2f),
          Activation.elu(0.5f),
          Activation.MISH);

  private static final List<Recurrent.Kind> KINDS = List.of(Recurrent.Kind.values());

  private final Random random;

  private RandomArchitectures(long seed) {
    random = new Random(seed);
  }

  static Architecture draw(long seed) {
    return new RandomArchitectures(seed).draw();
  }

  private Architecture draw() {
    List<LayerSpec> layers = new ArrayList<>();
    int steps = random.nextInt(3) == 0 ? 1 + random.nextInt(6) : 0;
    int features = 1 + random.nextInt(20);
    int units = features;
    for (int i = 0; steps > 0 && i < 1 + random.nextInt(3); i++) {
      units = 2 + random.nextInt(12);
      layers.add(recurrent(units));
      units = add(layers, random.nextInt(3), units, 1);
    }
    int unused = add(layers, (steps > 0 ? 0 : 1) + random.nextInt(8), units, 0);
    if (random.nextInt(4) > 0) {
      layers.add(new Dense(1 + random.nextInt(6), activation(), Initializer.ZEROS, true));
    }
    return new Architecture(steps, features, layers);
  }

  private Recurrent recurrent(int units) {
    Recurrent.Kind kind = KINDS.get(random.nextInt(KINDS.size()));
    boolean rectified = kind == Recurrent.Kind.RNN && random.nextBoolean();
    Activation f = rectified ? Activation.RELU : Activation.TANH;
    int window = random.nextBoolean() ? 0 : 1 + random.nextInt(4);
    return Recurrent.of(kind, units, f, Initializer.ZEROS, window);
  }

  private Activation activation() {
    return ACTIVATIONS.get(random.nextInt(ACTIVATIONS.size()));
  }

  /** Adds layers, of residual blocks up to some depth; returns the units of the last. */
  private int add(List<LayerSpec> layers, int count, int below, int depth) {
    int units = below;
    for (int i = 0; i < count; i++) {
      LayerSpec layer = layer(units, depth);
      layers.add(layer);
      units = layer.units(units);
    }
    return units;
  }

  private LayerSpec layer(int units, int depth) {
    return switch (random.nextInt(depth < 3 ? 10 : 8)) {
      case 0, 1 -> dense(random.nextInt(8) == 0 ? 288 : 3 + random.nextInt(30));
      case 2 -> new BatchNorm(activation(), 0.1f, 1e-5f);
      case 3 -> new LayerNorm(activation(), 1e-5f);
      case 4 -> new Activate(activation());
      case 5 -> new Noise(Noise.Kind.DROPOUT, random.nextInt(4) == 0 ? 0 : 0.3);
      case 6 -> new Noise(Noise.Kind.ALPHA_DROPOUT, 0.2);
      case 7 -> new Noise(Noise.Kind.NOISE, 0.1);
      default -> {
        List<LayerSpec> branch = new ArrayList<>();
        if (add(branch, 1 + random.nextInt(3), units, depth + 1) != units) {
          branch.add(dense(units));
        }
        yield new Residual(random.nextBoolean() ? 1 : 0.5f, branch);
      }
    };
  }

  private Dense dense(int units) {
    return new Dense(units, activation(), Initializer.ZEROS, random.nextInt(3) > 0);
  }
}
