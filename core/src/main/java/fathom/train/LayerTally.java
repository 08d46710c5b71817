package fathom.train;

import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Network;
import fathom.nn.Pass;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** What there is to sum up of a layer in a step, in pieces that depend on shapes alone. */
final class LayerTally {
  /** Weights of a piece: with gradients and what is kept of them, they stay in the second cache. */
  static final int PIECE = 1 << 12;

  private static final int OUTPUTS = 1 << 10;

  /** Where the weights begin and end in their slab; nowhere without weights that learn. */
  final long from;

  final long to;

  private final int stride;
  private final int cols;
  private final Kernels kernels;
  private final int layer;
  private final String description;
  private final String tensor;
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

  LayerTally(Network network, Pass pass, int layer) {
    this.layer = layer;
    kernels = network.engine().kernels();
    description = network.brief(layer);
    Activation f = network.activation(layer);
    slope = pass.slope(layer);
    Saturation known = Saturation.of(f);
    saturation = known != null && known.bySlope() && slope == null ? null : known;
    dies = f == Activation.RELU;
    a = pass.isKept(layer) ? pass.output(layer) : null;
    rows = a == null ? 1 : Math.max(1, OUTPUTS / a.cols());
    outputs = new Tally(pieces());
    List<String> names = network.parameterNames(layer);
    Matrix w = names.isEmpty() ? null : network.parameters().get(names.get(0));
    boolean learns = w != null && w.offset() >= network.firstLearnt();
    tensor = learns ? names.get(0) : null;
    from = learns ? w.offset() : 0;
    to = learns ? w.offset(w.rows()) : 0;
    stride = learns ? w.stride() : 1;
    cols = learns ? w.cols() : 1;
    int pieces = Math.toIntExact((to - from + PIECE - 1) / PIECE);
    gradients = new Tally(pieces);
    changes = new double[2 * pieces];
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

  /** Looks at a piece of the gradient, elements {@code [start, end)} of its slab. */
  void addGradients(MemorySegment slab, long start, long end, Tally.Counts counts) {
    if (stride == cols) {
      gradients.add(kernels, piece(start), slab, start, end, counts);
      return;
    }
    // What lies between rows is no gradient.
    for (long row = start - (start - from) % stride; row < end; row += stride) {
      long first = Math.max(start, row);
      long last = Math.min(end, row + cols);
      if (first < last) {
        gradients.add(kernels, piece(start), slab, first, last, counts);
      }
    }
  }

  /** Ends a member's look at pieces of the gradient. */
  void settleGradients(Tally.Counts counts) {
    gradients.settle(counts);
  }

  /**
   * Looks at what became of a piece of the weights.
   *
   * @param old what they were, that of element i at {@code i - first}
   */
  void addChanges(MemorySegment old, long first, MemorySegment now, long start, long end) {
    kernels.tally().changes(old, first, now, start, end, changes, 2 * piece(start));
  }

  private int piece(long start) {
    return (int) ((start - from) / PIECE);
  }

  /** Returns the end of the piece that begins at an element. */
  long end(long start) {
    return Math.min(to, start + PIECE);
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
