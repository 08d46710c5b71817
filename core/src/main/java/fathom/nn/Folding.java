package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.util.List;

/**
 * A network's layers with each batch norm folded into the dense layer right below it: {@code W' =
 * diag(s) W} and {@code b' = beta + s (b - mean)} with {@code s = gamma / sqrt(variance +
 * epsilon)}, of the running mean and variance. Numbers are multiplied in double precision and
 * rounded once.
 */
final class Folding {
  private final Architecture architecture;
  private final List<Layer> layers;

  Folding(Architecture architecture) {
    this.architecture = architecture;
    layers = architecture.placed();
  }

  /**
   * Builds the folded network.
   *
   * @param slabs of the layers
   * @param engine what is to compute, or null for what networks share
   * @throws IllegalStateException if there is no batch norm, or one that cannot be folded
   */
  Network fold(Slabs slabs, long seed, Engine engine) {
    Network folded = Network.of(folded()).seed(seed).engine(engine).build();
    fill(slabs, folded);
    return folded;
  }

  private Architecture folded() {
    ArchitectureBuilder folded =
        new ArchitectureBuilder(architecture.steps(), architecture.features());
    int added = 0;
    for (int i = 0; i < layers.size(); i++, added++) {
      Layer layer = layers.get(i);
      LayerSpec spec = layer.spec();
      if (spec instanceof BatchNorm) {
        throw unfoldable(i);
      }
      if (layer.opensBlock()) {
        folded.begin();
      } else if (layer.closesBlock()) {
        folded.end(((Residual) spec).scale());
      } else {
        folded.add(isFolded(i + 1) ? folded(i++) : blank(spec));
      }
    }
    if (added == layers.size()) {
      throw new IllegalStateException("there is no batch norm to fold in this network");
    }
    return folded.architecture();
  }

  /** Returns a dense layer that is to do what the norm right above it does too. */
  private Dense folded(int layer) {
    Dense dense = (Dense) layers.get(layer).spec();
    if (!dense.activation().equals(Activation.IDENTITY)) {
      throw unfoldable(layer + 1);
    }
    Activation f = layers.get(layer + 1).activation().orElseThrow();
    return new Dense(dense.units(), f, Initializer.ZEROS, true);
  }

  /** Returns a layer whose weights are not drawn, since they are written over. */
  private static LayerSpec blank(LayerSpec spec) {
    return spec instanceof Dense d
        ? new Dense(d.units(), d.activation(), Initializer.ZEROS, d.bias())
        : spec;
  }

  private boolean isFolded(int norm) {
    return norm < layers.size()
        && layers.get(norm).spec() instanceof BatchNorm
        && layers.get(norm - 1).spec() instanceof Dense;
  }

  private IllegalStateException unfoldable(int norm) {
    return new IllegalStateException(
        String.format(
            "layer %d (%s) cannot be folded: it lies on %s, and only a dense layer without"
                + " activation takes a batch norm in; leave it as it is, or train without",
            norm, layers.get(norm).brief(), below(norm)));
  }

  private String below(int norm) {
    if (norm == 0) {
      return "the input";
    }
    Layer below = layers.get(norm - 1);
    if (below.opensBlock()) {
      return "what a residual block adds to";
    }
    return below.closesBlock() ? "the sum of a residual block" : "'" + below.brief() + "'";
  }

  private void fill(Slabs from, Network to) {
    int layer = 0;
    for (int i = 0; i < layers.size(); i++, layer++) {
      List<String> names = to.layer(layer).parameterNames();
      if (isFolded(i + 1)) {
        fold(layers.get(i), (BatchNorm.Placed) layers.get(i + 1), from, to.parameters(), names);
        i++;
        continue;
      }
      List<String> own = layers.get(i).parameterNames();
      for (int k = 0; k < names.size(); k++) {
        to.parameters().get(names.get(k)).copyFrom(from.parameters().get(own.get(k)));
      }
    }
  }

  /** Names are those of weights, bias and, if there is one, slope. */
  private static void fold(
      Layer dense, BatchNorm.Placed norm, Slabs from, Slab to, List<String> names) {
    List<String> own = dense.parameterNames();
    Slab parameters = from.parameters();
    Matrix weight = parameters.get(own.get(0));
    Matrix bias = own.size() > 1 ? parameters.get(own.get(1)) : null;
    Matrix gamma = parameters.get(norm.scaleName());
    Matrix beta = parameters.get(norm.biasName());
    Matrix mean = from.statistics().get(norm.meanName());
    Matrix variance = from.statistics().get(norm.varianceName());
    Matrix w = to.get(names.get(0));
    Matrix b = to.get(names.get(1));
    for (int r = 0; r < w.rows(); r++) {
      double s = norm.factor(gamma, variance, r);
      for (int c = 0; c < w.cols(); c++) {
        w.set(r, c, (float) (s * weight.get(r, c)));
      }
      double shift = (bias == null ? 0.0 : bias.get(r, 0)) - mean.get(r, 0);
      b.set(r, 0, (float) (beta.get(r, 0) + s * shift));
    }
    if (names.size() > 2) {
      to.get(names.get(2)).copyFrom(parameters.get(norm.parameterNames().get(2)));
    }
  }
}
