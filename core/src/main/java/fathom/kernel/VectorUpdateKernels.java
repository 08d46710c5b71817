package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.ScalarUpdateKernels.BLOCK;
import static fathom.kernel.ScalarUpdateKernels.CHUNK;
import static fathom.kernel.ScalarUpdateKernels.PARTS;
import static fathom.kernel.VectorDoubles.D;
import static fathom.kernel.VectorDoubles.UPPER;
import static fathom.kernel.VectorDoubles.addLanes;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;
import static jdk.incubator.vector.VectorOperators.F2D;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/**
 * Updates in whole registers, with the bits of {@link ScalarUpdateKernels}: the same operations in
 * the same order, none of them fused.
 *
 * <p>The loops ask in every round whether gradients have a bound, which is free while none has: C2
 * leaves out what was never run. Where all have one, a step takes about a sixth longer.
 */
final class VectorUpdateKernels implements UpdateKernels {
  private final Loops<Update> loops = new Loops<>(update -> UpdateLoop.apart(loop(update)));

  private static UpdateLoop loop(Update update) {
    return switch (update) {
      case SGD -> VectorDescents::sgd;
      case MOMENTUM -> VectorDescents::momentum;
      case LION -> VectorDescents::lion;
      case RMSPROP -> VectorRootMeans::rmsprop;
      case RMSPROP_MOMENTUM -> VectorRootMeans::rmspropMomentum;
      case RMSPROP_CENTERED -> VectorRootMeans::rmspropCentered;
      case ADADELTA -> VectorRootMeans::adadelta;
      case ADAM -> VectorAdams::adam;
      case AMSGRAD -> VectorAdams::amsgrad;
      case ADAMAX -> VectorAdams::adamax;
      case NADAM -> VectorAdams::nadam;
    };
  }

  @Override
  public void update(
      Update update,
      UpdateStep step,
      MemorySegment g,
      long first,
      long from,
      long to,
      float factor,
      float bound) {
    MethodHandle loop = loops.of(update);
    step.check(update, from, to);
    long address = NativeMemory.address(g, from - first, to - first);
    UpdateLoop scalar = ScalarUpdates.loop(update);
    for (long i = from; i < to; i += CHUNK) {
      int n = (int) Math.min(CHUNK, to - i);
      int even = VectorMath.SPECIES.loopBound(n);
      long start = i * Float.BYTES;
      long gAt = address + (i - first) * Float.BYTES;
      UpdateLoop.call(loop, step, gAt, start, even, factor, bound);
      long done = (long) even * Float.BYTES;
      scalar.run(step, gAt + done, start + done, n - even, factor, bound);
    }
  }

  @Override
  public void scale(MemorySegment x, long from, long to, float factor) {
    long address = NativeMemory.output(x, from, to);
    for (long i = from; i < to; i += CHUNK) {
      int n = (int) Math.min(CHUNK, to - i);
      int even = SPECIES.loopBound(n);
      long start = address + i * Float.BYTES;
      scaleChunk(start, even, factor);
      ScalarUpdateKernels.scale(start + (long) even * Float.BYTES, n - even, factor);
    }
  }

  private static void scaleChunk(long start, int n, float factor) {
    for (int i = 0; i < n; i += LANES) {
      long at = start + (long) i * Float.BYTES;
      FloatVector xi = FloatVector.fromMemorySegment(SPECIES, ALL, at, ORDER);
      xi.mul(factor).intoMemorySegment(ALL, at, ORDER);
    }
  }

  @Override
  public void shrink(MemorySegment x, long from, long to, float threshold) {
    long address = NativeMemory.output(x, from, to);
    for (long i = from; i < to; i += CHUNK) {
      int n = (int) Math.min(CHUNK, to - i);
      int even = SPECIES.loopBound(n);
      long start = address + i * Float.BYTES;
      shrinkChunk(start, even, threshold);
      ScalarUpdateKernels.shrink(start + (long) even * Float.BYTES, n - even, threshold);
    }
  }

  private static void shrinkChunk(long start, int n, float threshold) {
    for (int i = 0; i < n; i += LANES) {
      long at = start + (long) i * Float.BYTES;
      FloatVector xi = FloatVector.fromMemorySegment(SPECIES, ALL, at, ORDER);
      xi.sub(xi.min(threshold).max(-threshold)).intoMemorySegment(ALL, at, ORDER);
    }
  }

  @Override
  public double sumOfSquares(MemorySegment x, long from, long to) {
    long address = NativeMemory.address(x, from, to);
    double total = 0;
    for (long i = from; i < to; i += BLOCK) {
      int n = (int) Math.min(BLOCK, to - i);
      int even = n - n % PARTS;
      long start = address + i * Float.BYTES;
      double sum = 0;
      for (int part = 0; part < PARTS; part += 2 * LANES) {
        sum = addParts(start, part, even, sum);
      }
      total += ScalarUpdateKernels.rest(start, even, n, sum);
    }
    return total;
  }

  /** Adds the sums of as many parts as two registers hold, from {@code part} on. */
  private static double addParts(long start, int part, int n, double total) {
    DoubleVector a = DoubleVector.zero(D);
    DoubleVector b = DoubleVector.zero(D);
    DoubleVector c = DoubleVector.zero(D);
    DoubleVector d = DoubleVector.zero(D);
    for (int i = part; i < n; i += PARTS) {
      long at = start + (long) i * Float.BYTES;
      FloatVector one = FloatVector.fromMemorySegment(SPECIES, ALL, at, ORDER);
      long next = at + (long) LANES * Float.BYTES;
      FloatVector two = FloatVector.fromMemorySegment(SPECIES, ALL, next, ORDER);
      DoubleVector low = (DoubleVector) one.convertShape(F2D, D, 0);
      DoubleVector high = (DoubleVector) one.rearrange(UPPER).convertShape(F2D, D, 0);
      a = a.add(low.mul(low));
      b = b.add(high.mul(high));
      low = (DoubleVector) two.convertShape(F2D, D, 0);
      high = (DoubleVector) two.rearrange(UPPER).convertShape(F2D, D, 0);
      c = c.add(low.mul(low));
      d = d.add(high.mul(high));
    }
    return addLanes(addLanes(total, a, b), c, d);
  }
}
