package fathom.lab.stress;

/**
 * What became of a training, and why.
 *
 * @param outcome in a word
 * @param step the step that failed, from 1; 0 unless training diverged
 * @param layer the layer that the first number that is not finite was in, from 1; 0 unless training
 *     diverged in one
 * @param evidence the figures that the word rests on, in a line
 */
public record Verdict(Outcome outcome, long step, int layer, String evidence) {
  /** What may become of a training. */
  public enum Outcome {
    /** The loss fell clearly below that of a network that answers alike whatever it sees. */
    TRAINS,
    /** It did not, and signals or gradients are lost between the first and the last layer. */
    VANISHES,
    /** It did not, and gradients or signals grow out of hand, or the loss did. */
    EXPLODES,
    /** It did not, and most of the units are where their activation is flat. */
    SATURATES,
    /** It did not, and a layer of rectifiers gives 0 whatever the network sees. */
    DIES,
    /** It did not, and nothing of the above is to be seen. */
    STALLS,
    /** A number was not finite. */
    DIVERGES
  }

  /** Returns the verdict in words, as in {@code diverges at step 12 in layer 3}. */
  @Override
  public String toString() {
    String word = GridCell.word(outcome);
    if (outcome != Outcome.DIVERGES) {
      return word;
    }
    return word + " at step " + step + (layer > 0 ? " in layer " + layer : "");
  }
}
