package fathom.kernel;

/**
 * One loop over whole groups of a stream, in place, while they lie in the first-level cache.
 *
 * <p>Passes are called from a list, through this interface, on purpose: a call that reaches many
 * implementations is not inlined, so the compiler meets each loop alone. Inlined into their caller,
 * or written as one loop, the passes of a fill outgrow its limit of nodes; it then stops replacing
 * vector operations by instructions, and each becomes a call that makes objects (measured on JDK
 * 25: 10 to 20 times slower).
 */
interface VectorPass {
  /**
   * Goes over groups {@code [group, group + groups)}.
   *
   * @param at the address of the first of them
   * @param scale the standard deviation or the bound
   */
  void run(long at, long group, int groups, Threefry generator, float scale);
}
