package fathom.engine;

/**
 * A program for the members of an engine: all run the same code, each its share. Subclasses hold
 * their operands in fields that the caller sets before a run, so that a run allocates nothing.
 */
public abstract class Task {
  /** A task without operands. */
  protected Task() {}

  /** Computes one member's share. */
  protected abstract void share(Member member);
}
