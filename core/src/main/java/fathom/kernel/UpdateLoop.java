package fathom.kernel;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** The pass of one {@link Update} over one chunk of the slabs. */
@FunctionalInterface
interface UpdateLoop {
  /**
   * Runs.
   *
   * @param g the address of the first gradient
   * @param start where the first element of everything else lies, in bytes from the start of each
   * @param n how many elements follow; vectors take whole registers alone
   * @param factor of the gradients
   * @param bound of the gradients' size
   */
  void run(UpdateStep s, long g, long start, int n, float factor, float bound);

  /**
   * Returns a handle for {@link #call}. C2 does not know it as a constant and so does not inline
   * the loop, as in {@link VectorLoop}: inlined into a whole training step, loops are cut off in
   * the middle and box each of their vectors.
   */
  static MethodHandle apart(UpdateLoop loop) {
    MethodType type =
        MethodType.methodType(
            void.class,
            UpdateStep.class,
            long.class,
            long.class,
            int.class,
            float.class,
            float.class);
    try {
      return MethodHandles.lookup().findVirtual(UpdateLoop.class, "run", type).bindTo(loop);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** Runs a loop. */
  static void call(
      MethodHandle loop, UpdateStep s, long g, long start, int n, float factor, float bound) {
    try {
      loop.invokeExact(s, g, start, n, factor, bound);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
