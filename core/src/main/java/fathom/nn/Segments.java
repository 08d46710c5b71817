package fathom.nn;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Which layers keep what they computed until the way back, and which are computed again (Chen et
 * al. 2016, Griewank and Walther 2000). Layers are taken in units: a dense layer and all that
 * follows it before the next one. Every k-th unit has memory of its own. The units between two of
 * those are a run; all runs share the memory of one, and before the way back enters a run, it is
 * computed again from the kept output below it.
 *
 * <p>A run is not cut where a branch has left that begins in it, since the branch's end needs what
 * was there. Units that hold recurrent layers, the units below a branch of k units or more, and the
 * last one, whose output others read, are kept in any case; so is what comes before the first dense
 * layer.
 */
final class Segments {
  /** All layers keep their memory. */
  static final Segments KEEP_ALL = new Segments(new boolean[0], new boolean[0], 0);

  private final boolean[] shared;
  private final boolean[] starts;
  private final int widest;

  private Segments(boolean[] shared, boolean[] starts, int widest) {
    this.shared = shared;
    this.starts = starts;
    this.widest = widest;
  }

  /**
   * Cuts a network.
   *
   * @param k which units keep their memory; 1 for all
   * @throws IllegalArgumentException if k is not positive
   */
  static Segments of(List<Layer> layers, int k) {
    if (requirePositive(k) == 1) {
      return KEEP_ALL;
    }
    List<Integer> units = units(layers);
    boolean[] kept = kept(layers, units, k);
    boolean[] shared = new boolean[layers.size()];
    boolean[] starts = new boolean[layers.size()];
    int widest = 0;
    for (int u = 0; u + 1 < units.size(); u++) {
      starts[units.get(u)] = u == 0 || kept[u] != kept[u - 1];
      for (int i = units.get(u); i < units.get(u + 1) && !kept[u]; i++) {
        shared[i] = true;
        widest = Math.max(widest, layers.get(i).out());
      }
    }
    return new Segments(shared, starts, widest);
  }

  static int requirePositive(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("every k-th output is kept, k at least 1, not " + k);
    }
    return k;
  }

  /** Returns the k that needs the least memory where all units are alike. */
  static int squareRoot(List<Layer> layers) {
    return (int) Math.max(1, Math.round(Math.sqrt(units(layers).size() - 1)));
  }

  /** Returns where each unit begins, and at last where all end. */
  private static List<Integer> units(List<Layer> layers) {
    List<Integer> units = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      if (i == 0 || layers.get(i).spec() instanceof Dense) {
        units.add(i);
      }
    }
    units.add(layers.size());
    return units;
  }

  private static boolean[] kept(List<Layer> layers, List<Integer> units, int k) {
    int last = units.size() - 2;
    boolean[] kept = new boolean[last + 1];
    kept[0] = !(layers.get(0).spec() instanceof Dense);
    kept[last] = true;
    keepBelowLongBranches(layers, units, k, kept);
    // The units of the branches that have left, the innermost first.
    Deque<Integer> open = new ArrayDeque<>();
    int run = 0;
    for (int u = 0; u <= last; u++) {
      boolean recurrent = false;
      for (int i = units.get(u); i < units.get(u + 1); i++) {
        recurrent |= layers.get(i).spec() instanceof Recurrent || layers.get(i).times() > 1;
        if (layers.get(i).opensBlock()) {
          open.push(u);
        } else if (layers.get(i).closesBlock()) {
          open.pop();
        }
      }
      int unit = u;
      run++;
      boolean legal = open.stream().allMatch(from -> from == unit || kept[from]);
      kept[u] |= recurrent || (run >= k && legal);
      run = kept[u] ? 0 : run;
    }
    return kept;
  }

  private static void keepBelowLongBranches(
      List<Layer> layers, List<Integer> units, int k, boolean[] kept) {
    Deque<Integer> open = new ArrayDeque<>();
    for (int u = 0; u < kept.length; u++) {
      for (int i = units.get(u); i < units.get(u + 1); i++) {
        if (layers.get(i).opensBlock()) {
          open.push(u);
        } else if (layers.get(i).closesBlock()) {
          int from = open.pop();
          kept[from] |= u - from >= k;
        }
      }
    }
  }

  /** Returns whether a layer's memory is that of its run. */
  boolean isShared(int layer) {
    return layer < shared.length && shared[layer];
  }

  /** Returns whether a run begins with a layer. */
  boolean startsRun(int layer) {
    return isShared(layer) && starts[layer];
  }

  /** Returns whether a layer is the first behind a run. */
  boolean endsRun(int layer) {
    return layer > 0 && isShared(layer - 1) && !isShared(layer);
  }

  /** Returns the most units that a layer of a run has. */
  int widest() {
    return widest;
  }
}
