package fathom.lab.papers;

/**
 * A published result that Fathom computes anew, to set its own figures beside those of the paper.
 * What is wanted of ours, a tolerance or an order, is part of the code and older than the figures.
 *
 * <p>Immutable. Results depend on the form alone, not on threads.
 */
public interface Reproduction {
  /** How much is computed. */
  enum Form {
    /** Smaller than published, in some seconds, for tests. */
    FAST,

    /** As published, or as near to it as a small computer comes in minutes to an hour. */
    FULL
  }

  /** Returns one word for the command line. */
  String name();

  /** Returns what is reproduced, in a line. */
  String title();

  /** Returns who published it where, down to the section, figure or table. */
  String source();

  /** Returns whether it needs MNIST, which does not ship with Fathom. */
  default boolean needsMnist() {
    return false;
  }

  /**
   * Computes everything.
   *
   * @throws IllegalStateException if MNIST is needed and the apparatus has none
   */
  Comparison run(Form form, Apparatus apparatus);
}
