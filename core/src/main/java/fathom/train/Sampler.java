package fathom.train;

import fathom.kernel.Kernels;
import fathom.kernel.Member;
import fathom.kernel.Task;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Activation;
import fathom.nn.Network;
import fathom.nn.Pass;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures a network after a step, by all members of its engine, in pieces that depend on shapes
 * alone: so do the sums. Reads outputs, gradients and weights once each.
 */
final class Sampler extends Task {
  private static final int PIECE = 1 << 14;

  private final Network network;
  private final Kernels kernels;
  private final Slab before;
  private final List<Part> parts = new ArrayList<>();
  private final List<Piece> pieces = new ArrayList<>();

  Sampler(Network network, Arena arena) {
    this.network = network;
    kernels = network.engine().kernels();
    before = new Slab(network.parameters().layout(), arena);
  }

  /** Keeps elements {@code [from, to)} of the parameters, which are about to change. */
  void remember(long from, long to) {
    long start = from * Float.BYTES;
    long bytes = (to - from) * Float.BYTES;
    MemorySegment.copy(network.parameters().segment(), start, before.segment(), start, bytes);
  }

  /** Looks at the last step of a pass. */
  StepSample sample(Pass pass, long step, double loss, double rate) {
    parts.clear();
    pieces.clear();
    for (int layer = 0; layer < network.depth(); layer++) {
      if (network.activation(layer) != null) {
        parts.add(new Part(layer, pass));
      }
    }
    network.engine().run(this, pass.worthSharing());
    return new StepSample(step, loss, rate, parts.stream().map(Part::sample).toList());
  }

  @Override
  protected void share(Member member) {
    int end = member.to(pieces.size());
    for (int i = member.from(pieces.size()); i < end; i++) {
      pieces.get(i).run();
    }
  }

  /** A run of rows, or of elements, and what there is to sum up of them. */
  private abstract class Piece {
    final Tally tally = new Tally(kernels);
    long first;
    long second;
    double sum;
    double otherSum;

    abstract void run();
  }

  /** A layer. */
  private final class Part {
    private final int layer;
    private final String tensor;
    private final Saturation saturation;
    private final boolean dies;
    private final Matrix slope;
    private final List<Piece> outputs = new ArrayList<>();
    private final List<Piece> weights = new ArrayList<>();

    Part(int layer, Pass pass) {
      this.layer = layer;
      Activation f = network.activation(layer);
      slope = pass.slope(layer);
      Saturation known = Saturation.of(f);
      saturation = known != null && known.bySlope() && slope == null ? null : known;
      dies = f == Activation.RELU;
      List<String> names = network.parameterNames(layer);
      Matrix w = names.isEmpty() ? null : network.parameters().get(names.get(0));
      tensor = w == null || w.offset() < network.firstLearnt() ? null : names.get(0);
      if (pass.isKept(layer)) {
        Matrix a = pass.output(layer);
        int rows = Math.max(1, PIECE / a.cols());
        for (int r = 0; r < a.rows(); r += rows) {
          outputs.add(new Outputs(this, a, r, Math.min(a.rows(), r + rows)));
        }
      }
      if (tensor != null) {
        long end = w.offset() + (long) w.rows() * w.cols();
        for (long i = w.offset(); i < end; i += PIECE) {
          weights.add(new Weights(i, Math.min(end, i + PIECE)));
        }
      }
      pieces.addAll(outputs);
      pieces.addAll(weights);
    }

    LayerSample sample() {
      Tally a = new Tally(kernels);
      long flat = 0;
      long dead = 0;
      for (Piece piece : outputs) {
        a.add(piece.tally);
        flat += piece.first;
        dead += piece.second;
      }
      Tally d = new Tally(kernels);
      double weightSquares = 0;
      double updateSquares = 0;
      for (Piece piece : weights) {
        d.add(piece.tally);
        weightSquares += piece.sum;
        updateSquares += piece.otherSum;
      }
      Distribution output = outputs.isEmpty() ? null : a.distribution();
      boolean has = tensor != null;
      return new LayerSample(
          layer,
          network.brief(layer),
          output,
          output == null || saturation == null ? Double.NaN : (double) flat / output.count(),
          output == null || !dies ? Double.NaN : (double) dead / outputRows(),
          tensor,
          has ? d.distribution() : null,
          has ? Math.sqrt(weightSquares) : Double.NaN,
          has ? Math.sqrt(updateSquares) : Double.NaN);
    }

    private int outputRows() {
      return ((Outputs) outputs.get(outputs.size() - 1)).to;
    }
  }

  private final class Outputs extends Piece {
    private final Part part;
    private final Matrix a;
    private final int from;
    private final int to;

    Outputs(Part part, Matrix a, int from, int to) {
      this.part = part;
      this.a = a;
      this.from = from;
      this.to = to;
    }

    /** Rows without gaps are one run of elements. */
    @Override
    void run() {
      boolean whole = a.stride() == a.cols();
      int step = whole ? to - from : 1;
      for (int r = from; r < to; r += step) {
        long start = start(a, r);
        tally.add(a.segment(), start, start + (long) step * a.cols());
      }
      for (int r = from; part.dies && r < to; r++) {
        long start = start(a, r);
        second += kernels.tally().isZero(a.segment(), start, start + a.cols()) ? 1 : 0;
      }
      if (part.saturation != null) {
        countSaturated();
      }
    }

    private void countSaturated() {
      Saturation limits = part.saturation;
      Matrix x = limits.bySlope() ? part.slope : a;
      boolean whole = x.stride() == x.cols();
      int step = whole ? to - from : 1;
      for (int r = from; r < to; r += step) {
        long start = start(x, r);
        long end = start + (long) step * x.cols();
        first +=
            limits.bySlope()
                ? kernels.tally().inside(x.segment(), start, end, limits.low(), limits.high())
                : kernels.tally().outside(x.segment(), start, end, limits.low(), limits.high());
      }
    }

    private static long start(Matrix x, int row) {
      return x.offset() + (long) row * x.stride();
    }
  }

  private final class Weights extends Piece {
    private final long from;
    private final long to;

    Weights(long from, long to) {
      this.from = from;
      this.to = to;
    }

    @Override
    void run() {
      tally.add(network.gradients().segment(), from, to);
      MemorySegment old = before.segment();
      MemorySegment now = network.parameters().segment();
      sum += kernels.update().sumOfSquares(old, from, to);
      otherSum += kernels.tally().squaredDistance(old, now, from, to);
    }
  }
}
