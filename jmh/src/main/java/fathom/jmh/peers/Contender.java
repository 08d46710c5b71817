package fathom.jmh.peers;

/** One system, in a JVM of its own. Implementations have a constructor that takes the threads. */
public interface Contender {
  /**
   * Prepares a discipline on the numbers of {@link Samples}.
   *
   * @throws UnsupportedOperationException if this system cannot do it, with the reason
   */
  Job prepare(Discipline discipline);

  /** Returns what computes, its version included. */
  String about();
}
