package fathom.kernel;

import static fathom.kernel.ScalarUpdateKernels.BLOCK;
import static fathom.kernel.ScalarUpdateKernels.CHUNK;
import static fathom.kernel.ScalarUpdateKernels.PARTS;
import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteOrder;
import java.util.Collections;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Updates in whole registers, with the bits of {@link ScalarUpdateKernels}: the same operations in
 * the same order, none of them fused.
 *
 * <p>Loops are called through handles that C2 does not know as constants and so does not inline, as
 * in {@link VectorLoop}: inlined into a whole training step, they are cut off in the middle and box
 * each of their vectors.
 */
final class VectorUpdateKernels implements UpdateKernels {
  /** At most 16 lanes, so that two registers of squares fit into the parts of a block. */
  private static final VectorSpecies<Float> F =
      FloatVector.SPECIES_PREFERRED.length() > PARTS / 2
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;

  private static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());
  private static final int LANES = F.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Brings the upper half of the lanes down. */
  private static final VectorShuffle<Float> UPPER = VectorShuffle.iota(F, LANES / 2, 1, true);

  private final MethodHandle sgdLoop = apart("sgdChunk", 2, float.class, float.class);
  private final MethodHandle momentumLoop =
      apart(
          "momentumChunk",
          3,
          float.class,
          float.class,
          float.class,
          float.class,
          boolean.class,
          boolean.class);
  private final MethodHandle adamLoop =
      apart(
          "adamChunk",
          4,
          float.class,
          float.class,
          float.class,
          float.class,
          float.class,
          float.class,
          float.class);

  private static MethodHandle apart(String name, int segments, Class<?>... settings) {
    MethodType type = MethodType.methodType(void.class, long.class, int.class);
    type = type.appendParameterTypes(settings);
    type = type.insertParameterTypes(0, Collections.nCopies(segments, MemorySegment.class));
    try {
      return MethodHandles.lookup().findStatic(VectorUpdateKernels.class, name, type);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static RuntimeException thrown(Throwable t) {
    if (t instanceof Error e) {
      throw e;
    }
    return t instanceof RuntimeException e ? e : new IllegalStateException(t);
  }

  @Override
  public void sgd(MemorySegment w, MemorySegment g, long from, long to, float rate, float decay) {
    for (long i = from; i < to; i += CHUNK) {
      int n = (int) Math.min(CHUNK, to - i);
      int even = F.loopBound(n);
      long start = i * Float.BYTES;
      try {
        sgdLoop.invokeExact(w, g, start, even, rate, decay);
      } catch (Throwable t) {
        throw thrown(t);
      }
      long rest = start + (long) even * Float.BYTES;
      ScalarUpdateKernels.sgd(w, g, rest, n - even, rate, decay);
    }
  }

  @SuppressWarnings("UnusedMethod") // called by its handle
  private static void sgdChunk(
      MemorySegment w, MemorySegment g, long start, int n, float rate, float decay) {
    for (int i = 0; i < n; i += LANES) {
      long at = start + (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(F, w, at, ORDER);
      FloatVector gi = FloatVector.fromMemorySegment(F, g, at, ORDER).add(wi.mul(decay));
      wi.sub(gi.mul(rate)).intoMemorySegment(w, at, ORDER);
    }
  }

  @Override
  public void momentum(
      MemorySegment w,
      MemorySegment g,
      MemorySegment v,
      long from,
      long to,
      float rate,
      float momentum,
      float dampening,
      float decay,
      boolean nesterov,
      boolean first) {
    for (long i = from; i < to; i += CHUNK) {
      int n = (int) Math.min(CHUNK, to - i);
      int even = F.loopBound(n);
      long start = i * Float.BYTES;
      try {
        momentumLoop.invokeExact(
            w, g, v, start, even, rate, momentum, dampening, decay, nesterov, first);
      } catch (Throwable t) {
        throw thrown(t);
      }
      long rest = start + (long) even * Float.BYTES;
      ScalarUpdateKernels.momentum(
          w, g, v, rest, n - even, rate, momentum, dampening, decay, nesterov, first);
    }
  }

  @SuppressWarnings("UnusedMethod") // called by its handle
  private static void momentumChunk(
      MemorySegment w,
      MemorySegment g,
      MemorySegment v,
      long start,
      int n,
      float rate,
      float momentum,
      float dampening,
      float decay,
      boolean nesterov,
      boolean first) {
    VectorMask<Float> fresh = F.maskAll(first);
    VectorMask<Float> ahead = F.maskAll(nesterov);
    for (int i = 0; i < n; i += LANES) {
      long at = start + (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(F, w, at, ORDER);
      FloatVector gi = FloatVector.fromMemorySegment(F, g, at, ORDER).add(wi.mul(decay));
      FloatVector vi = FloatVector.fromMemorySegment(F, v, at, ORDER).mul(momentum);
      vi = vi.add(gi.mul(1 - dampening)).blend(gi, fresh);
      vi = vi.blend(0, vi.abs().compare(LT, Float.MIN_NORMAL));
      vi.intoMemorySegment(v, at, ORDER);
      FloatVector step = vi.blend(gi.add(vi.mul(momentum)), ahead);
      wi.sub(step.mul(rate)).intoMemorySegment(w, at, ORDER);
    }
  }

  @Override
  public void adam(
      MemorySegment w,
      MemorySegment g,
      MemorySegment m,
      MemorySegment v,
      long from,
      long to,
      float stepSize,
      float rootBias,
      float beta1,
      float beta2,
      float epsilon,
      float decay,
      float shrink) {
    for (long i = from; i < to; i += CHUNK) {
      int n = (int) Math.min(CHUNK, to - i);
      int even = F.loopBound(n);
      long start = i * Float.BYTES;
      try {
        adamLoop.invokeExact(
            w, g, m, v, start, even, stepSize, rootBias, beta1, beta2, epsilon, decay, shrink);
      } catch (Throwable t) {
        throw thrown(t);
      }
      long rest = start + (long) even * Float.BYTES;
      ScalarUpdateKernels.adam(
          w, g, m, v, rest, n - even, stepSize, rootBias, beta1, beta2, epsilon, decay, shrink);
    }
  }

  @SuppressWarnings("UnusedMethod") // called by its handle
  private static void adamChunk(
      MemorySegment w,
      MemorySegment g,
      MemorySegment m,
      MemorySegment v,
      long start,
      int n,
      float stepSize,
      float rootBias,
      float beta1,
      float beta2,
      float epsilon,
      float decay,
      float shrink) {
    float tiny = ScalarUpdateKernels.tiny(beta2);
    for (int i = 0; i < n; i += LANES) {
      long at = start + (long) i * Float.BYTES;
      FloatVector wi = FloatVector.fromMemorySegment(F, w, at, ORDER).mul(shrink);
      FloatVector gi = FloatVector.fromMemorySegment(F, g, at, ORDER).add(wi.mul(decay));
      FloatVector mi = FloatVector.fromMemorySegment(F, m, at, ORDER).mul(beta1);
      mi = mi.add(gi.mul(1 - beta1));
      mi = mi.blend(0, mi.abs().compare(LT, Float.MIN_NORMAL));
      FloatVector base = gi.blend(0, gi.abs().compare(LT, tiny));
      FloatVector vi = FloatVector.fromMemorySegment(F, v, at, ORDER).mul(beta2);
      vi = vi.add(base.mul(1 - beta2).mul(base));
      vi = vi.blend(0, vi.compare(LT, Float.MIN_NORMAL));
      mi.intoMemorySegment(m, at, ORDER);
      vi.intoMemorySegment(v, at, ORDER);
      FloatVector size = vi.sqrt().mul(rootBias).add(epsilon);
      wi.sub(mi.mul(stepSize).div(size)).intoMemorySegment(w, at, ORDER);
    }
  }

  @Override
  public void scale(MemorySegment x, long from, long to, float factor) {
    for (long i = from; i < to; i += CHUNK) {
      int n = (int) Math.min(CHUNK, to - i);
      int even = F.loopBound(n);
      long start = i * Float.BYTES;
      scaleChunk(x, start, even, factor);
      ScalarUpdateKernels.scale(x, start + (long) even * Float.BYTES, n - even, factor);
    }
  }

  private static void scaleChunk(MemorySegment x, long start, int n, float factor) {
    for (int i = 0; i < n; i += LANES) {
      long at = start + (long) i * Float.BYTES;
      FloatVector xi = FloatVector.fromMemorySegment(F, x, at, ORDER);
      xi.mul(factor).intoMemorySegment(x, at, ORDER);
    }
  }

  @Override
  public double sumOfSquares(MemorySegment x, long from, long to) {
    double total = 0;
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      int even = n - n % PARTS;
      long start = i * Float.BYTES;
      double sum = 0;
      for (int part = 0; part < PARTS; part += 2 * LANES) {
        sum = addParts(x, start, part, even, sum);
      }
      total += ScalarUpdateKernels.rest(x, start, even, n, sum);
    }
    return total;
  }

  /** Adds the sums of as many parts as two registers hold, from {@code part} on. */
  private static double addParts(MemorySegment x, long start, int part, int n, double total) {
    DoubleVector a = DoubleVector.zero(D);
    DoubleVector b = DoubleVector.zero(D);
    DoubleVector c = DoubleVector.zero(D);
    DoubleVector d = DoubleVector.zero(D);
    for (int i = part; i < n; i += PARTS) {
      long at = start + (long) i * Float.BYTES;
      FloatVector one = FloatVector.fromMemorySegment(F, x, at, ORDER);
      long next = at + (long) LANES * Float.BYTES;
      FloatVector two = FloatVector.fromMemorySegment(F, x, next, ORDER);
      DoubleVector low = (DoubleVector) one.convertShape(F2D, D, 0);
      DoubleVector high = (DoubleVector) one.rearrange(UPPER).convertShape(F2D, D, 0);
      a = a.add(low.mul(low));
      b = b.add(high.mul(high));
      low = (DoubleVector) two.convertShape(F2D, D, 0);
      high = (DoubleVector) two.rearrange(UPPER).convertShape(F2D, D, 0);
      c = c.add(low.mul(low));
      d = d.add(high.mul(high));
    }
    return addLanes(addLanes(addLanes(addLanes(total, a), b), c), d);
  }

  private static double addLanes(double total, DoubleVector v) {
    for (int j = 0; j < D.length(); j++) {
      total += v.lane(j);
    }
    return total;
  }
}
