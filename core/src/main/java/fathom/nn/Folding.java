package fathom.nn;

import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.util.ArrayList;
import java.util.List;

/**
 * A network's layers with each batch norm folded into the dense layer right below it: {@code W' =
 * diag(s) W} and {@code b' = beta + s (b - mean)} with {@code s = gamma / sqrt(variance +
 * epsilon)}, of the running mean and variance. Numbers are multiplied in double precision and
 * rounded once.
 */
final class Folding {
  private final List<Layer> layers;
  private final int inputs;

  Folding(List<Layer> layers, int inputs) {
    this.layers = layers;
    this.inputs = inputs;
  }

  /**
   * Builds the folded network.
   *
   * @param parameters of the layers
   * @param engine what is to compute, or null for what networks share
   * @throws IllegalStateException if there is no batch norm, or one that cannot be folded
   */
  Network fold(Slab parameters, long seed, Engine engine) {
    Network folded = builder().seed(seed).engine(engine).build();
    fill(parameters, folded);
    return folded;
  }

  private NetworkBuilder builder() {
    List<Layer> folded = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      if (layer instanceof BatchNorm) {
        throw unfoldable(i);
      }
      if (isFolded(i + 1)) {
        Dense dense = (Dense) layer;
        if (dense.activation != Activation.IDENTITY) {
          throw unfoldable(i + 1);
        }
        layer = dense.followedBy(((BatchNorm) layers.get(i + 1)).activation);
        i++;
      }
      folded.add(layer);
    }
    if (folded.size() == layers.size()) {
      throw new IllegalStateException("there is no batch norm to fold in this network");
    }
    return Network.parse(Architecture.text(inputs, folded));
  }

  private boolean isFolded(int norm) {
    return norm < layers.size()
        && layers.get(norm) instanceof BatchNorm
        && layers.get(norm - 1) instanceof Dense;
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
    if (below instanceof Residual.Fork) {
      return "what a residual block adds to";
    }
    return below instanceof Residual.Join
        ? "the sum of a residual block"
        : "'" + below.brief() + "'";
  }

  private void fill(Slab from, Network to) {
    int layer = 0;
    for (int i = 0; i < layers.size(); i++, layer++) {
      List<String> names = to.parameterNames(layer);
      if (isFolded(i + 1)) {
        Dense dense = (Dense) layers.get(i);
        i++;
        fold(dense, (BatchNorm) layers.get(i), to.parameters(), names);
        continue;
      }
      Slab.Layout own = new Slab.Layout();
      layers.get(i).addTo(own, new Slab.Layout());
      for (int k = 0; k < names.size(); k++) {
        to.parameters().get(names.get(k)).copyFrom(from.get(own.names().get(k)));
      }
    }
  }

  /** Names are those of weights, bias and, if there is one, slope. */
  private static void fold(Dense dense, BatchNorm norm, Slab to, List<String> names) {
    Matrix w = to.get(names.get(0));
    Matrix b = to.get(names.get(1));
    for (int r = 0; r < w.rows(); r++) {
      double s = norm.factor(r);
      for (int c = 0; c < w.cols(); c++) {
        w.set(r, c, (float) (s * dense.weight.get(r, c)));
      }
      double shift = (double) dense.bias.get(r, 0) - norm.runningMean.get(r, 0);
      b.set(r, 0, (float) (norm.bias.get(r, 0) + s * shift));
    }
    if (names.size() > 2) {
      to.get(names.get(2)).copyFrom(norm.slope);
    }
  }
}
