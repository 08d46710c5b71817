package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.matrix.Matrix;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * One pass over rows, by whole vectors alone: what is left of a row is up to the caller. Masked
 * vectors would do it here, but rows shorter than a vector lie so close that a masked store holds
 * up the load of the next row, and half of a second copy of the loop's body would pass what C2
 * inlines.
 */
@FunctionalInterface
interface VectorLoop {
  /**
   * Runs.
   *
   * @param x Z, or what a derivative is computed from
   * @param column biases to add, or null where that is done, or where to put row sums
   * @param y what else is written
   * @param step how many rows, which follow each other without a gap, to take for one
   */
  void run(Matrix x, Matrix column, Matrix y, float alpha, int from, int to, int step);

  /**
   * Returns a handle for {@link #call}. C2 inlines no handle that it cannot see as a constant, so
   * that each loop is compiled alone: several loops inlined into their caller exceed the nodes that
   * it grants one compilation, and the loop that is then inlined in part boxes each of its vectors.
   */
  static MethodHandle apart(VectorLoop loop) {
    MethodType type =
        MethodType.methodType(
            void.class,
            Matrix.class,
            Matrix.class,
            Matrix.class,
            float.class,
            int.class,
            int.class,
            int.class);
    try {
      return MethodHandles.lookup().findVirtual(VectorLoop.class, "run", type).bindTo(loop);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** Runs a loop. */
  static void call(
      MethodHandle loop,
      Matrix x,
      Matrix column,
      Matrix y,
      float alpha,
      int from,
      int to,
      int step) {
    try {
      loop.invokeExact(x, column, y, alpha, from, to, step);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Returns how many columns of a run of {@code step} rows fill vectors. */
  static int whole(Matrix x, int step) {
    return VectorMath.SPECIES.loopBound(x.cols() * step);
  }

  /** Returns the bias of a row, or what changes no number when it is added. */
  static float bias(Matrix column, int r) {
    return column == null ? -0f : NativeMemory.ALL.get(JAVA_FLOAT, column.address(r, 0));
  }

  /** Loads a vector from an address. */
  static FloatVector load(long at) {
    return FloatVector.fromMemorySegment(
        VectorMath.SPECIES, NativeMemory.ALL, at, VectorMath.ORDER);
  }

  /** Sets an element of a column. */
  static void put(Matrix column, int r, float value) {
    NativeMemory.ALL.set(JAVA_FLOAT, column.address(r, 0), value);
  }

  /** Returns the sum of the lanes, neighbours first. */
  static float sum(FloatVector v) {
    FloatVector s = v.add(v.rearrange(Fold.BY_1));
    if (VectorMath.LANES > 2) {
      s = s.add(s.rearrange(Fold.BY_2));
    }
    if (VectorMath.LANES > 4) {
      s = s.add(s.rearrange(Fold.BY_4));
    }
    if (VectorMath.LANES > 8) {
      s = s.add(s.rearrange(Fold.BY_8));
    }
    return s.lane(0);
  }

  /** Which lane each lane is added to. */
  final class Fold {
    static final VectorShuffle<Float> BY_1 = by(1);
    static final VectorShuffle<Float> BY_2 = by(2);
    static final VectorShuffle<Float> BY_4 = by(4);
    static final VectorShuffle<Float> BY_8 = by(8);

    private Fold() {}

    private static VectorShuffle<Float> by(int distance) {
      return VectorShuffle.fromOp(VectorMath.SPECIES, i -> (i ^ distance) % VectorMath.LANES);
    }
  }
}
