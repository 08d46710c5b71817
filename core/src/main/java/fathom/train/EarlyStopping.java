package fathom.train;

import fathom.nn.Network;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Ends a training whose validation loss gets no better, and brings the best network back:
 *
 * <pre>{@code
 * try (var stopping = new EarlyStopping(network, 5)) {
 *   do {
 *     trainer.epoch(...);
 *   } while (!stopping.observe(Evaluation.of(network, held, loss).loss()));
 *   stopping.restore();
 * }
 * }</pre>
 *
 * <p>Keeps a copy of the parameters and of the running statistics in memory of its own. One thread
 * at a time calls it, between steps; others may predict and write checkpoints meanwhile.
 *
 * @see <a href="https://doi.org/10.1007/3-540-49430-8_3">Prechelt, Early stopping - but when?,
 *     1998</a>
 */
public final class EarlyStopping implements AutoCloseable {
  private final Network network;
  private final int patience;
  private final Arena arena = Arena.ofShared();
  private final Snapshot snapshot;
  private double bestLoss = Double.POSITIVE_INFINITY;
  private int observations;
  private int best;

  /**
   * Prepares to watch a network.
   *
   * @param patience how many observations in a row that are no better than the best end the
   *     training; at least 1
   */
  public EarlyStopping(Network network, int patience) {
    if (patience < 1) {
      throw new IllegalArgumentException("patience must be at least 1, not " + patience);
    }
    this.network = network;
    this.patience = patience;
    try {
      snapshot = new Snapshot(network, arena);
    } catch (Throwable t) {
      arena.close();
      throw t;
    }
  }

  /**
   * Notes the validation loss of the network as it is, and keeps its numbers if there was none as
   * low. A loss that is no number is no better than any.
   *
   * @return whether to stop
   */
  public boolean observe(double loss) {
    // A checkpoint, which reads at the same gate, has all of this or nothing.
    long stamp = network.beginStep();
    try {
      observations++;
      if (loss < bestLoss) {
        bestLoss = loss;
        best = observations;
        snapshot.take();
      }
      return isOver();
    } finally {
      network.endStep(stamp);
    }
  }

  /** Returns whether the last observation said to stop. */
  public boolean isOver() {
    return observations - best >= patience;
  }

  /** Gives the network the numbers that it had at the best observation; none, if there was none. */
  public void restore() {
    if (best > 0) {
      snapshot.restore();
    }
  }

  /** Returns the lowest loss; infinity before the first. */
  public double bestLoss() {
    return bestLoss;
  }

  /** Returns the number of the best observation, from 1; 0 before the first. */
  public int best() {
    return best;
  }

  /** Returns how many observations without progress end the training. */
  int patience() {
    return patience;
  }

  /** Returns what changes but the copies, for a checkpoint: best loss, observations, the best's. */
  double[] state() {
    return new double[] {bestLoss, observations, best};
  }

  /**
   * Returns whether numbers are of a state with a best network, whose copy belongs to it.
   *
   * @throws IllegalArgumentException if they are of no state
   */
  static boolean hasBest(double[] state) {
    boolean sound =
        state.length == 3
            && isCount(state[1])
            && isCount(state[2])
            && state[2] <= state[1]
            && (state[2] == 0
                ? state[0] == Double.POSITIVE_INFINITY
                : state[0] < Double.POSITIVE_INFINITY);
    if (!sound) {
      throw new IllegalArgumentException(
          "not the state of early stopping: "
              + Arrays.toString(state)
              + "; it is the best loss, the number of observations, and that of the best");
    }
    return state[2] > 0;
  }

  private static boolean isCount(double value) {
    return value >= 0 && value == Math.rint(value) && value <= Integer.MAX_VALUE;
  }

  /** Goes on from a sound state; the copies are the caller's to fill. */
  void restore(double[] state) {
    bestLoss = state[0];
    observations = (int) state[1];
    best = (int) state[2];
  }

  /** Returns the copies of the best network. */
  Snapshot snapshot() {
    return snapshot;
  }

  /** Frees the copies; a second call does nothing. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
