package fathom.train;

import fathom.matrix.Slab;
import fathom.nn.Network;
import fathom.optim.OptimizerState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Keeps the last good state of a training, and goes back to it. */
final class Recovery {
  private static final double WORST = 2;

  /** What changes, and where its last good numbers are. */
  private record Copy(Slab now, Slab kept) {
    void keep(long from, long to) {
      copy(now, kept, from * Float.BYTES, to * Float.BYTES);
    }

    void restore() {
      copy(kept, now, 0, now.segment().byteSize());
    }

    private static void copy(Slab source, Slab target, long start, long end) {
      MemorySegment.copy(source.segment(), start, target.segment(), start, end - start);
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
    return new Copy(slab, new Slab(slab.layout(), arena));
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
      done++;
      rateFactor *= rollback.factor();
    } finally {
      network.endStep(stamp);
    }
    listener.rolledBack(cause, keptSteps, rateFactor);
    return true;
  }

  /** Returns when to go back, how often, and to what rate. */
  Rollback rollback() {
    return rollback;
  }

  /** Returns the last good numbers of parameters, statistics or a moment. */
  Slab good(Slab now) {
    return Stream.concat(Stream.of(statistics), stepped.stream())
        .filter(copy -> copy.now == now)
        .findFirst()
        .orElseThrow()
        .kept;
  }

  /**
   * Returns what changes but those, for a checkpoint: the first loss, the steps that the good state
   * has come by or -1, how often training went back, and what that made of the rate.
   */
  double[] state() {
    return new double[] {firstLoss, keptSteps, done, rateFactor};
  }

  /**
   * Returns whether numbers are of a state with good numbers to go back to.
   *
   * @throws IllegalArgumentException if they are of no state
   */
  static boolean hasGood(double[] state) {
    boolean sound =
        state.length == 4
            && state[1] >= -1
            && state[1] == Math.rint(state[1])
            && state[2] >= 0
            && state[2] <= Integer.MAX_VALUE
            && state[2] == Math.rint(state[2])
            && (float) state[3] > 0
            && state[3] <= 1;
    if (!sound) {
      throw new IllegalArgumentException(
          "not the state of a rollback: "
              + Arrays.toString(state)
              + "; it is the first loss, the steps of the good state, how often training went back,"
              + " and the factor of the rate");
    }
    return state[1] >= 0;
  }

  /** Returns whether a training of a sound state goes back when it diverges. */
  boolean mayGoBack(double[] state) {
    return state[1] >= 0 && state[2] < rollback.most();
  }

  /** Goes on from a sound state; the good numbers are the caller's to fill. */
  void restore(double[] state) {
    firstLoss = state[0];
    keptSteps = (long) state[1];
    done = (int) state[2];
    rateFactor = (float) state[3];
  }

  /** Returns what a schedule's rates are multiplied by. */
  float rateFactor() {
    return rateFactor;
  }
}
