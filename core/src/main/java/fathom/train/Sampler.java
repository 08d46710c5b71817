package fathom.train;

import fathom.engine.Engine;
import fathom.engine.Member;
import fathom.matrix.Slab;
import fathom.nn.Layer;
import fathom.nn.Network;
import fathom.nn.Pass;
import fathom.optim.OptimizerState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Looks at a network in a step. Weights learn piece by piece, so that each is seen with its
 * gradient, as it was and as it has become while all three are in cache; sums are cut by shapes
 * alone, so that they are the same on any number of threads. Members call each method together.
 */
final class Sampler {
  private final Network network;
  private final OptimizerState state;
  private final Arena arena;
  private final Tally.Counts[] counts;
  private final MemorySegment[] old;
  private Slab before;
  private boolean keepsAll;

  // Of the pass that was looked at last.
  private Pass pass;
  private long firstLearnt;
  private LayerTally[] layers = {};
  private WeightTally[] weights = {};
  private int pieces;

  Sampler(Network network, OptimizerState state, Arena arena) {
    this.network = network;
    this.state = state;
    this.arena = arena;
    counts = new Tally.Counts[network.engine().threads()];
    Arrays.setAll(counts, i -> new Tally.Counts());
    old = new MemorySegment[counts.length];
    Arrays.setAll(old, i -> arena.allocate((long) WeightTally.PIECE * Float.BYTES, 64));
  }

  /**
   * Gets ready for a step.
   *
   * @param constrained whether weights change once more when all have learnt, so that all have to
   *     be kept as they were
   */
  void prepare(Pass newPass, boolean constrained) {
    keepsAll = constrained;
    if (keepsAll && before == null) {
      before = new Slab(network.parameters().layout(), arena);
    }
    if (newPass != pass || network.firstLearnt() != firstLearnt) {
      pass = newPass;
      firstLearnt = network.firstLearnt();
      layOut();
    }
    for (LayerTally layer : layers) {
      layer.clear();
    }
  }

  private void layOut() {
    List<LayerTally> all = new ArrayList<>();
    for (int layer = 0; layer < network.depth(); layer++) {
      Layer known = network.layer(layer);
      if (known.activation().isPresent() || !known.tensors().isEmpty()) {
        all.add(new LayerTally(network, pass, layer));
      }
    }
    layers = all.toArray(new LayerTally[0]);
    weights =
        all.stream()
            .flatMap(layer -> layer.weights().stream())
            .sorted(Comparator.comparingLong(w -> w.from))
            .toArray(WeightTally[]::new);
    pieces = all.stream().mapToInt(LayerTally::pieces).sum();
  }

  /** Returns the start of the piece that holds an element, or the element if none does. */
  long cut(long element) {
    for (WeightTally w : weights) {
      if (w.from <= element && element < w.to) {
        return element - (element - w.from) % WeightTally.PIECE;
      }
    }
    return element;
  }

  /** Updates parameters {@code [from, to)}, from one {@link #cut} to another. */
  void update(Member member, Engine engine, long from, long to) {
    long done = from;
    for (WeightTally w : weights) {
      long start = Math.max(from, w.from);
      long end = Math.min(to, w.to);
      if (start < end) {
        if (done < start) {
          state.update(engine, done, start);
        }
        update(w, member, engine, start, end);
        done = end;
      }
    }
    if (done < to) {
      state.update(engine, done, to);
    }
  }

  private void update(WeightTally w, Member member, Engine engine, long from, long to) {
    MemorySegment gradients = network.gradients().segment();
    MemorySegment parameters = network.parameters().segment();
    Tally.Counts own = counts[member.index()];
    for (long start = from; start < to; start = w.end(start)) {
      long end = w.end(start);
      w.addGradients(gradients, start, end, own);
      long first = keepsAll ? 0 : start;
      MemorySegment kept = keepsAll ? before.segment() : old[member.index()];
      MemorySegment.copy(
          parameters,
          start * Float.BYTES,
          kept,
          (start - first) * Float.BYTES,
          (end - start) * Float.BYTES);
      state.update(engine, start, end);
      if (!keepsAll) {
        w.addChanges(kept, first, parameters, start, end);
      }
    }
    w.settleGradients(own);
  }

  /** Looks at weights {@code [from, to)} once they have their last values, if they were kept. */
  void look(long from, long to) {
    for (WeightTally w : weights) {
      long end = Math.min(to, w.to);
      for (long start = Math.max(from, w.from); start < end; start = w.end(start)) {
        w.addChanges(before.segment(), 0, network.parameters().segment(), start, w.end(start));
      }
    }
  }

  /** Looks at the outputs of all layers. */
  void outputs(Member member) {
    int from = member.from(pieces);
    int to = member.to(pieces);
    int first = 0;
    for (LayerTally layer : layers) {
      int end = first + layer.pieces();
      if (Math.max(from, first) < Math.min(to, end)) {
        layer.addOutputs(
            Math.max(from, first) - first, Math.min(to, end) - first, counts[member.index()]);
      }
      first = end;
    }
  }

  /** Returns what the step was like. */
  StepSample sample(long step, double loss, double rate) {
    return new StepSample(step, loss, rate, Arrays.stream(layers).map(LayerTally::sample).toList());
  }
}
