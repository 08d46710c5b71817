package fathom.train;

import fathom.matrix.Slab;
import fathom.nn.Network;
import fathom.optim.OptimizerState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Keeps the last good state of a training, and goes back to it. */
final class Recovery {
  private static final double WORST = 2;

  /** What changes, and where its last good numbers are. */
  private record Copy(MemorySegment now, MemorySegment kept) {
    void keep(long from, long to) {
      copy(now, kept, from * Float.BYTES, to * Float.BYTES);
    }

    void restore() {
      copy(kept, now, 0, now.byteSize());
    }

    private static void copy(MemorySegment source, MemorySegment target, long start, long end) {
      MemorySegment.copy(source, start, target, start, end - start);
    }
  }

  private final Rollback rollback;
  private final Rollback.Listener listener;
  private final OptimizerState state;
  private final Network network;
  private final Copy statistics;
  private final List<Copy> stepped = new ArrayList<>();
  private double firstLoss = Double.NaN;
  private long keptSteps = -1;
  private int done;
  private float rateFactor = 1;

  Recovery(
      Rollback rollback,
      Rollback.Listener listener,
      Network network,
      OptimizerState state,
      Arena arena) {
    this.rollback = rollback;
    this.listener = listener;
    this.network = network;
    this.state = state;
    statistics = copy(network.statistics(), arena);
    stepped.add(copy(network.parameters(), arena));
    state.moments().values().forEach(moment -> stepped.add(copy(moment, arena)));
  }

  private static Copy copy(Slab slab, Arena arena) {
    return new Copy(slab.segment(), new Slab(slab.layout(), arena).segment());
  }

  /** Returns whether a step of that loss, from that many steps on, starts from a state to keep. */
  boolean wants(long steps, double loss) {
    if (Double.isNaN(firstLoss)) {
      firstLoss = loss;
    }
    boolean due = keptSteps < 0 || steps % rollback.everySteps() == 0;
    return due && Double.isFinite(loss) && loss <= WORST * firstLoss;
  }

  /** Keeps elements {@code [from, to)} of what the step is about to change. */
  void keep(long from, long to) {
    for (Copy copy : stepped) {
      copy.keep(from, to);
    }
  }

  /** Ends the keeping of a state that has come by so many steps. */
  void kept(long steps) {
    statistics.keep(0, network.statistics().size());
    keptSteps = steps;
  }

  /**
   * Goes back, if there is something to go back to and the data are not at fault.
   *
   * @return whether training may go on
   */
  boolean restore(TrainingDivergedException cause) {
    if (keptSteps < 0 || done == rollback.most() || cause.isBadData()) {
      return false;
    }
    long stamp = network.beginStep();
    try {
      statistics.restore();
      stepped.forEach(Copy::restore);
      state.resume(keptSteps);
      state.rate(state.rate() * rollback.factor());
    } finally {
      network.endStep(stamp);
    }
    done++;
    rateFactor *= rollback.factor();
    listener.rolledBack(cause, keptSteps, rateFactor);
    return true;
  }

  /** Returns what a schedule's rates are multiplied by. */
  float rateFactor() {
    return rateFactor;
  }
}
