package fathom.train;

import fathom.matrix.Slab;
import fathom.nn.Network;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * A copy of all that steps change in a network: its parameters and its running statistics. Lives as
 * long as the arena; one thread at a time calls it, between steps.
 */
final class Snapshot {
  private final Network network;
  private final Slab parameters;
  private final Slab statistics;

  /** Allocates room for a copy; nothing is taken yet. */
  Snapshot(Network network, Arena arena) {
    this.network = network;
    parameters = new Slab(network.parameters().layout(), arena);
    statistics = new Slab(network.statistics().layout(), arena);
  }

  /** Returns the copy, in the order of parameters and statistics. */
  List<Slab> slabs() {
    return List.of(parameters, statistics);
  }

  /** Copies the network's numbers as they are now, for a caller who keeps steps out. */
  void take() {
    parameters.segment().copyFrom(network.parameters().segment());
    statistics.segment().copyFrom(network.statistics().segment());
  }

  /** Gives the network the numbers that were taken last. */
  void restore() {
    long stamp = network.beginStep();
    try {
      network.parameters().segment().copyFrom(parameters.segment());
      network.statistics().segment().copyFrom(statistics.segment());
    } finally {
      network.endStep(stamp);
    }
  }
}
