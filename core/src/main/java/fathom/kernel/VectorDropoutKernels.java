package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;
import static fathom.kernel.VectorMath.checkAllocated;
import static fathom.kernel.VectorThreefry.INTS;
import static fathom.kernel.VectorThreefry.LANES;
import static fathom.kernel.VectorThreefry.RUN;
import static fathom.kernel.VectorThreefry.VECTOR;
import static jdk.incubator.vector.VectorOperators.ULT;

import fathom.matrix.Matrix;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Dropout of whole groups in vectors, where rows lie without gaps: raw words into the place of the
 * mask, run by run, and then a pass that turns them, while they are in the first-level cache, into
 * the mask and the output. The ends that are no whole group, and rows with gaps, come from the
 * scalar twin. Mapped files are refused.
 */
final class VectorDropoutKernels implements DropoutKernels {
  private final VectorPass[] words = VectorThreefry.then();

  /** Not known to C2 as a constant, and so not inlined, as in {@link VectorLoop}. */
  private final MethodHandle turnLoop;

  VectorDropoutKernels() {
    MethodType type =
        MethodType.methodType(
            void.class,
            long.class,
            long.class,
            long.class,
            int.class,
            int.class,
            float.class,
            float.class,
            float.class);
    try {
      turnLoop = MethodHandles.lookup().findStatic(VectorDropoutKernels.class, "turn", type);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  @Override
  public void dropout(
      Matrix x,
      Matrix mask,
      Matrix y,
      double p,
      float scale,
      float shift,
      float dropped,
      long seed,
      long stream,
      int from,
      int to) {
    checkAllocated(x);
    checkAllocated(mask);
    checkAllocated(y);
    ScalarDropoutKernels.check(x, mask, y, from, to);
    Threefry generator = ScalarDropoutKernels.generator(seed, stream);
    int limit = ScalarDropoutKernels.limit(p);
    long start = (long) from * x.cols();
    long end = (long) to * x.cols();
    long first = (start + Threefry.GROUP - 1) / Threefry.GROUP;
    long last = joins(x) && joins(mask) && joins(y) ? end / Threefry.GROUP : first;
    if (last <= first) {
      ScalarDropoutKernels.dropout(x, mask, y, limit, scale, shift, dropped, generator, start, end);
      return;
    }
    long head = first * Threefry.GROUP;
    long tail = last * Threefry.GROUP;
    ScalarDropoutKernels.dropout(x, mask, y, limit, scale, shift, dropped, generator, start, head);
    for (long group = first; group < last; group += RUN) {
      int n = (int) Math.min(RUN, last - group);
      run(x, mask, y, limit, scale, shift, dropped, generator, group, n);
    }
    ScalarDropoutKernels.dropout(x, mask, y, limit, scale, shift, dropped, generator, tail, end);
  }

  private static boolean joins(Matrix x) {
    return x.stride() == x.cols();
  }

  private void run(
      Matrix x,
      Matrix mask,
      Matrix y,
      int limit,
      float scale,
      float shift,
      float dropped,
      Threefry generator,
      long group,
      int groups) {
    long behind = group * Threefry.GROUP * Float.BYTES;
    long xAt = x.address(0, 0) + behind;
    long mAt = mask.address(0, 0) + behind;
    long yAt = y.address(0, 0) + behind;
    for (VectorPass pass : words) {
      pass.run(mAt, group, groups, generator, 0);
    }
    int n = groups * Threefry.GROUP;
    try {
      turnLoop.invokeExact(xAt, mAt, yAt, n, limit, scale, shift, dropped);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Words in the mask become the mask, and the output. */
  @SuppressWarnings("UnusedMethod") // called by its handle
  private static void turn(
      long xAt, long mAt, long yAt, int n, int limit, float scale, float shift, float dropped) {
    IntVector limits = IntVector.broadcast(INTS, limit);
    FloatVector scales = FloatVector.broadcast(SPECIES, scale);
    FloatVector shifts = FloatVector.broadcast(SPECIES, shift);
    FloatVector instead = FloatVector.broadcast(SPECIES, dropped);
    for (int i = 0; i < n / LANES; i++) {
      long p = (long) i * VECTOR;
      IntVector word = IntVector.fromMemorySegment(INTS, ALL, mAt + p, ORDER);
      VectorMask<Float> drop = word.compare(ULT, limits).cast(SPECIES);
      scales.blend(VectorMath.ZERO, drop).intoMemorySegment(ALL, mAt + p, ORDER);
      FloatVector.fromMemorySegment(SPECIES, ALL, xAt + p, ORDER)
          .fma(scales, shifts)
          .blend(instead, drop)
          .intoMemorySegment(ALL, yAt + p, ORDER);
    }
  }
}
