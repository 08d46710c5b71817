package fathom.train;

import fathom.nn.Network;
import java.lang.foreign.Arena;

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
 * at a time calls it, between steps.
 *
 * @see <a href="https://doi.org/10.1007/3-540-49430-8_3">Prechelt, Early stopping - but when?,
 *     1998</a>
 */
public final class EarlyStopping implements AutoCloseable {
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
    this.patience = patience;
    snapshot = new Snapshot(network, arena);
  }

  /**
   * Notes the validation loss of the network as it is, and keeps its numbers if there was none as
   * low. A loss that is no number is no better than any.
   *
   * @return whether to stop
   */
  public boolean observe(double loss) {
    observations++;
    if (loss < bestLoss) {
      bestLoss = loss;
      best = observations;
      snapshot.take();
    }
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

  /** Frees the copies; a second call does nothing. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
