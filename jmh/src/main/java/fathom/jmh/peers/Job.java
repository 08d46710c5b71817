package fathom.jmh.peers;

/** Something that is done again and again on memory that is allocated once. */
public interface Job {
  /** Does it once. */
  void run();

  /**
   * Returns what the last run computed, for a proof: the loss of a training step; the loss and the
   * gradient of the first weights; outputs, row by row; the first numbers of something long; or
   * nothing, where it is proved elsewhere.
   */
  float[] result();
}
