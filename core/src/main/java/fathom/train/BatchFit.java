package fathom.train;

import fathom.data.Batch;
import fathom.nn.Loss;
import fathom.nn.Network;

/** Whether a batch is what a network and a loss can take. */
public final class BatchFit {
  private static final String NEITHER = "neither labels nor targets";

  private BatchFit() {}

  /**
   * Refuses a batch that does not fit.
   *
   * @throws IllegalArgumentException with both sides of the mismatch
   */
  public static void require(Batch batch, Network network, Loss loss) {
    if (batch.inputs().cols() != network.inputs()) {
      throw new IllegalArgumentException(
          String.format(
              "the batch has rows of %d numbers, the network takes rows of %d",
              batch.inputs().cols(), network.inputs()));
    }
    if (loss.wantsLabels()) {
      if (batch.labels() == null) {
        throw new IllegalArgumentException(
            loss
                + " needs integer labels, and the batch has "
                + (batch.targets() == null ? NEITHER : "numeric targets"));
      }
      if (batch.classes() > network.outputs()) {
        throw new IllegalArgumentException(
            String.format(
                "the data have %d classes, the network has %d outputs",
                batch.classes(), network.outputs()));
      }
    } else if (batch.targets() == null || batch.targets().cols() != network.outputs()) {
      throw new IllegalArgumentException(
          String.format(
              "%s needs rows of %d numeric targets, and the batch has %s",
              loss, network.outputs(), has(batch)));
    }
  }

  private static String has(Batch batch) {
    if (batch.targets() != null) {
      return "rows of " + batch.targets().cols();
    }
    return batch.labels() == null ? NEITHER : "integer labels";
  }
}
