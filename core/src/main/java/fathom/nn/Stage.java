package fathom.nn;

import java.util.List;

/**
 * One operation of a {@link Plan}.
 *
 * @param phase when it is done
 * @param group which group of operations it belongs to: what follows a group's first operation is
 *     done to the same block of rows while that is in cache, and threads meet behind it
 * @param layer which of the network's layers it belongs to, from 0
 * @param operation in a formula or a few words
 * @param reads what it needs; a buffer that it changes in place is among both
 * @param writes what it leaves
 * @param parameters the names of the learnt numbers that it reads or makes gradients of
 * @param flops floating-point operations of its products
 */
public record Stage(
    Phase phase,
    int group,
    int layer,
    String operation,
    List<Buffer> reads,
    List<Buffer> writes,
    List<String> parameters,
    double flops) {
  /** When a stage is done. */
  public enum Phase {
    FORWARD,
    LOSS,
    /** Forward once more, on the way back, since the output was not kept. */
    AGAIN,
    BACKWARD
  }
}
