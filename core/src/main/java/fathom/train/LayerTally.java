package fathom.train;

import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Network;
import fathom.nn.Pass;
import fathom.nn.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What there is to sum up of a layer in a step, in pieces that depend on shapes alone. */
final class LayerTally {
  private static final int OUTPUTS = 1 << 10;

  private final Kernels kernels;
  private final int layer;
  private final String description;
  private final String tensor;
  private final List<WeightTally> weights = new ArrayList<>();
  private final Saturation saturation;
  private final boolean dies;
  private final Matrix slope;
  private final Matrix a;
  private final int rows;
  private final Tally outputs;
  private final Tally gradients;
  private final double[] changes;
  private long flat;
  private long dead;

  /** Gets ready for a pass. */
  LayerTally(Network network, Pass pass, int layer) {
    this.layer = layer;
    kernels = network.engine().kernels();
    description = network.layer(layer).brief();
    Activation f = network.layer(layer).activation().orElse(null);
    slope = pass.slope(layer);
    Saturation known = f == null ? null : Saturation.of(f);
    saturation = known != null && known.bySlope() && slope == null ? null : known;
    dies = Activation.RELU.equals(f);
    a = pass.isKept(layer) ? pass.output(layer) : null;
    rows = a == null ? 1 : Math.max(1, OUTPUTS / a.cols());
    outputs = new Tally(pieces());
    List<String> names = weightsThatLearn(network, layer);
    tensor = names.isEmpty() ? null : String.join("+", names);
    List<Matrix> matrices = names.stream().map(network.parameters()::get).toList();
    int pieces = matrices.stream().mapToInt(WeightTally::pieces).sum();
    gradients = new Tally(pieces);
    changes = new double[2 * pieces];
    int first = 0;
    for (Matrix w : matrices) {
      weights.add(new WeightTally(kernels, w, first, gradients, changes));
      first += WeightTally.pieces(w);
    }
  }

  /** Returns the names of a layer's weights, or of a norm's gains, where they learn. */
  private static List<String> weightsThatLearn(Network network, int layer) {
    List<Tensor> tensors = network.layer(layer).tensors();
    List<Tensor> learnt = tensors.stream().filter(Tensor::isLearnt).toList();
    List<String> names =
        learnt.stream()
            .filter(tensor -> tensor.role() == Tensor.Role.WEIGHT)
            .map(Tensor::name)
            .toList();
    if (names.isEmpty()) {
      names = learnt.stream().limit(1).map(Tensor::name).toList();
    }
    boolean learns =
        !names.isEmpty()
            && network.parameters().get(names.get(0)).offset() >= network.firstLearnt();
    return learns ? names : List.of();
  }

  /** Returns the matrices of weights that learn, none of a layer without. */
  List<WeightTally> weights() {
    return weights;
  }

  /** Returns how many pieces the outputs have. */
  int pieces() {
    return a == null ? 0 : (a.rows() + rows - 1) / rows;
  }

  /** Forgets the last step. */
  void clear() {
    outputs.clear();
    gradients.clear();
    Arrays.fill(changes, 0);
    flat = 0;
    dead = 0;
  }

  /** Looks at pieces {@code [first, end)} of the outputs. */
  void addOutputs(int first, int end, Tally.Counts counts) {
    long foundFlat = 0;
    long foundDead = 0;
    for (int piece = first; piece < end; piece++) {
      int top = piece * rows;
      int bottom = Math.min(a.rows(), top + rows);
      // Rows without gaps are one run of elements.
      int step = a.stride() == a.cols() ? bottom - top : 1;
      for (int r = top; r < bottom; r += step) {
        long start = a.offset(r);
        outputs.add(kernels, piece, a.segment(), start, start + (long) step * a.cols(), counts);
      }
      for (int r = top; dies && r < bottom; r++) {
        long start = a.offset(r);
        foundDead += kernels.tally().isZero(a.segment(), start, start + a.cols()) ? 1 : 0;
      }
      foundFlat += saturation == null ? 0 : saturated(top, bottom);
    }
    outputs.settle(counts);
    settle(foundFlat, foundDead);
  }

  private synchronized void settle(long foundFlat, long foundDead) {
    flat += foundFlat;
    dead += foundDead;
  }

  private long saturated(int top, int bottom) {
    Matrix x = saturation.bySlope() ? slope : a;
    int step = x.stride() == x.cols() ? bottom - top : 1;
    long found = 0;
    for (int r = top; r < bottom; r += step) {
      long start = x.offset(r);
      long end = start + (long) step * x.cols();
      float low = saturation.low();
      float high = saturation.high();
      found +=
          saturation.bySlope()
              ? kernels.tally().inside(x.segment(), start, end, low, high)
              : kernels.tally().outside(x.segment(), start, end, low, high);
    }
    return found;
  }

  /** Returns what the layer was like, once all members are done. */
  LayerSample sample() {
    Distribution output = a == null ? null : outputs.distribution();
    double weightSquares = 0;
    double updateSquares = 0;
    for (int i = 0; i < changes.length; i += 2) {
      weightSquares += changes[i];
      updateSquares += changes[i + 1];
    }
    boolean has = tensor != null;
    return new LayerSample(
        layer,
        description,
        output,
        output == null || saturation == null ? Double.NaN : (double) flat / output.count(),
        output == null || !dies ? Double.NaN : (double) dead / a.rows(),
        tensor,
        has ? gradients.distribution() : null,
        has ? Math.sqrt(weightSquares) : Double.NaN,
        has ? Math.sqrt(updateSquares) : Double.NaN);
  }
}
