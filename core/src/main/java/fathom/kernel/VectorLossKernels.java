package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.ScalarLossKernels.E2;
import static fathom.kernel.ScalarLossKernels.E3;
import static fathom.kernel.ScalarLossKernels.E4;
import static fathom.kernel.ScalarLossKernels.E5;
import static fathom.kernel.ScalarLossKernels.E6;
import static fathom.kernel.ScalarLossKernels.L10;
import static fathom.kernel.ScalarLossKernels.L2;
import static fathom.kernel.ScalarLossKernels.L3;
import static fathom.kernel.ScalarLossKernels.L4;
import static fathom.kernel.ScalarLossKernels.L5;
import static fathom.kernel.ScalarLossKernels.L6;
import static fathom.kernel.ScalarLossKernels.L7;
import static fathom.kernel.ScalarLossKernels.L8;
import static fathom.kernel.ScalarLossKernels.L9;
import static fathom.kernel.ScalarLossKernels.LN2_HIGH;
import static fathom.kernel.ScalarLossKernels.LN2_LOW;
import static fathom.kernel.ScalarLossKernels.LOG2_E;
import static fathom.kernel.ScalarLossKernels.NEGLIGIBLE;
import static fathom.kernel.ScalarLossKernels.ROUNDER;
import static fathom.kernel.VectorDoubles.D;
import static fathom.kernel.VectorDoubles.UPPER;
import static fathom.kernel.VectorDoubles.addLanes;
import static fathom.kernel.VectorDoubles.high;
import static fathom.kernel.VectorDoubles.low;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ORDER;
import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Losses by strips of columns: a lane is a sample, the loop runs down the rows, and nothing is
 * summed across lanes but the finished losses of the samples, one by one from the left. Hence the
 * bits of {@link ScalarLossKernels} at every vector width; the columns that fill no register are
 * left to it.
 *
 * <p>C2 inlines methods of ours into a kernel only until the kernel has grown to some 18,000 nodes,
 * which is a few dozen vector operations; a vector that passes a call which is not inlined is
 * allocated. Hence small kernels, with loads and stores written out, and a gradient that computes
 * its exponential again. Of what 128-bit registers hold of doubles, two, neither comparisons nor
 * rearrangements stay in registers, so these are done in floats.
 */
final class VectorLossKernels implements LossKernels {
  private static final VectorSpecies<Float> F = VectorMath.SPECIES;

  @Override
  public double softmaxCrossEntropy(
      Matrix y, MemorySegment labels, Matrix weights, float smoothing, float scale, Matrix d) {
    ScalarLossKernels.check(y, y, d);
    if (weights != null) {
      NativeMemory.check(weights, 0, y.rows(), 1);
    }
    long address = NativeMemory.address(labels, 0, y.cols());
    return VectorSoftmax.crossEntropy(y, address, weights, smoothing, scale, d);
  }

  @Override
  public double sigmoidCrossEntropy(Matrix y, Matrix t, float scale, Matrix d) {
    ScalarLossKernels.check(y, t, d);
    double total = 0;
    int c = 0;
    for (; c <= y.cols() - LANES; c += LANES) {
      total = sigmoidStrip(y, t, c, total);
      if (d != null) {
        sigmoidGradientStrip(y, t, scale, d, c);
      }
    }
    return ScalarLossKernels.sigmoidCrossEntropy(y, t, scale, d, c, total);
  }

  private static double sigmoidStrip(Matrix y, Matrix t, int c, double total) {
    DoubleVector low = DoubleVector.zero(D);
    DoubleVector high = DoubleVector.zero(D);
    for (int r = 0; r < y.rows(); r++) {
      FloatVector v = FloatVector.fromMemorySegment(F, ALL, y.address(r, c), ORDER);
      FloatVector target = FloatVector.fromMemorySegment(F, ALL, t.address(r, c), ORDER);
      FloatVector size = v.abs();
      FloatVector z = exp(size.neg()).blend(0, size.compare(GT, -NEGLIGIBLE));
      FloatVector far = target.blend(target.neg().add(1), v.compare(GT, 0));
      FloatVector loss = size.fma(far, log1p(z));
      // What low, high and addLanes do, written out: calls from here on are past C2's limit.
      low = low.add(loss.convertShape(F2D, D, 0));
      high = high.add(loss.rearrange(UPPER).convertShape(F2D, D, 0));
    }
    for (int j = 0; j < D.length(); j++) {
      total += low.lane(j);
    }
    for (int j = 0; j < D.length(); j++) {
      total += high.lane(j);
    }
    return total;
  }

  private static void sigmoidGradientStrip(Matrix y, Matrix t, float scale, Matrix d, int c) {
    for (int r = 0; r < y.rows(); r++) {
      FloatVector v = FloatVector.fromMemorySegment(F, ALL, y.address(r, c), ORDER);
      FloatVector target = FloatVector.fromMemorySegment(F, ALL, t.address(r, c), ORDER);
      FloatVector size = v.abs();
      FloatVector z = exp(size.neg()).blend(0, size.compare(GT, -NEGLIGIBLE));
      VectorMask<Float> positive = v.compare(GT, 0);
      FloatVector far = target.blend(target.neg().add(1), positive);
      FloatVector q = far.sub(z.div(z.add(1)));
      FloatVector g = q.neg().blend(q, positive).mul(scale);
      g.intoMemorySegment(ALL, d.address(r, c), ORDER);
    }
  }

  @Override
  public double squaredError(Matrix y, Matrix t, float scale, Matrix d) {
    ScalarLossKernels.check(y, t, d);
    double total = 0;
    int c = 0;
    for (; c <= y.cols() - LANES; c += LANES) {
      total = squaredStrip(y, t, scale, d, c, total);
    }
    return ScalarLossKernels.squaredError(y, t, scale, d, c, total);
  }

  private static double squaredStrip(
      Matrix y, Matrix t, float scale, Matrix d, int c, double total) {
    DoubleVector low = DoubleVector.zero(D);
    DoubleVector high = DoubleVector.zero(D);
    for (int r = 0; r < y.rows(); r++) {
      FloatVector v = FloatVector.fromMemorySegment(F, ALL, y.address(r, c), ORDER);
      FloatVector target = FloatVector.fromMemorySegment(F, ALL, t.address(r, c), ORDER);
      FloatVector half = v.mul(0.5f).sub(target.mul(0.5f));
      DoubleVector first = low(half);
      DoubleVector second = high(half);
      low = low.add(first.mul(first));
      high = high.add(second.mul(second));
      if (d != null) {
        FloatVector g = clip(half.mul(4 * scale), Float.MAX_VALUE);
        g.intoMemorySegment(ALL, d.address(r, c), ORDER);
      }
    }
    return addLanes(total, low.mul(4), high.mul(4));
  }

  @Override
  public double absoluteError(Matrix y, Matrix t, float scale, Matrix d) {
    ScalarLossKernels.check(y, t, d);
    double total = 0;
    int c = 0;
    for (; c <= y.cols() - LANES; c += LANES) {
      total = absoluteStrip(y, t, scale, d, c, total);
    }
    return ScalarLossKernels.absoluteError(y, t, scale, d, c, total);
  }

  private static double absoluteStrip(
      Matrix y, Matrix t, float scale, Matrix d, int c, double total) {
    DoubleVector low = DoubleVector.zero(D);
    DoubleVector high = DoubleVector.zero(D);
    for (int r = 0; r < y.rows(); r++) {
      FloatVector v = FloatVector.fromMemorySegment(F, ALL, y.address(r, c), ORDER);
      FloatVector target = FloatVector.fromMemorySegment(F, ALL, t.address(r, c), ORDER);
      FloatVector half = v.mul(0.5f).sub(target.mul(0.5f)).abs();
      low = low.add(low(half));
      high = high.add(high(half));
      if (d != null) {
        FloatVector g = v.sub(target).blend(scale, v.compare(GT, target));
        g = g.blend(-scale, v.compare(LT, target));
        g.intoMemorySegment(ALL, d.address(r, c), ORDER);
      }
    }
    return addLanes(total, low.mul(2), high.mul(2));
  }

  @Override
  public double huber(Matrix y, Matrix t, float delta, float scale, Matrix d) {
    ScalarLossKernels.check(y, t, d);
    double total = 0;
    int c = 0;
    for (; c <= y.cols() - LANES; c += LANES) {
      total = huberStrip(y, t, delta, scale, d, c, total);
    }
    return ScalarLossKernels.huber(y, t, delta, scale, d, c, total);
  }

  private static double huberStrip(
      Matrix y, Matrix t, float delta, float scale, Matrix d, int c, double total) {
    DoubleVector low = DoubleVector.zero(D);
    DoubleVector high = DoubleVector.zero(D);
    for (int r = 0; r < y.rows(); r++) {
      FloatVector v = FloatVector.fromMemorySegment(F, ALL, y.address(r, c), ORDER);
      FloatVector target = FloatVector.fromMemorySegment(F, ALL, t.address(r, c), ORDER);
      FloatVector half = v.mul(0.5f).sub(target.mul(0.5f)).abs();
      FloatVector near = clip(v.sub(target), delta);
      if (d != null) {
        near.mul(scale).intoMemorySegment(ALL, d.address(r, c), ORDER);
      }
      near = near.abs();
      DoubleVector first = low(near);
      DoubleVector second = high(near);
      low = low.add(first.mul(low(half).mul(2).sub(first.mul(0.5))));
      high = high.add(second.mul(high(half).mul(2).sub(second.mul(0.5))));
    }
    return addLanes(total, low, high);
  }

  /** Clips to ±limit and leaves NaN alone. */
  private static FloatVector clip(FloatVector x, float limit) {
    FloatVector y = x.blend(limit, x.compare(GT, limit));
    return y.blend(-limit, y.compare(LT, -limit));
  }

  /** Returns exp(x) for x in [-87, 0], NaN for NaN. */
  static FloatVector exp(FloatVector x) {
    FloatVector rounder = FloatVector.broadcast(F, ROUNDER);
    FloatVector shifted = x.fma(FloatVector.broadcast(F, LOG2_E), rounder);
    FloatVector n = shifted.sub(rounder);
    FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_HIGH), x);
    r = n.fma(FloatVector.broadcast(F, -LN2_LOW), r);
    FloatVector p = r.fma(FloatVector.broadcast(F, E6), FloatVector.broadcast(F, E5));
    p = p.fma(r, FloatVector.broadcast(F, E4));
    p = p.fma(r, FloatVector.broadcast(F, E3));
    p = p.fma(r, FloatVector.broadcast(F, E2));
    p = p.fma(r.mul(r), r).add(1);
    IntVector exponent = shifted.reinterpretAsInts().lanewise(LSHL, 23);
    return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
  }

  /** Returns ln(1 + z) for z in [0, 1], NaN for NaN. */
  private static FloatVector log1p(FloatVector z) {
    FloatVector p = z.fma(FloatVector.broadcast(F, L10), FloatVector.broadcast(F, L9));
    p = p.fma(z, FloatVector.broadcast(F, L8));
    p = p.fma(z, FloatVector.broadcast(F, L7));
    p = p.fma(z, FloatVector.broadcast(F, L6));
    p = p.fma(z, FloatVector.broadcast(F, L5));
    p = p.fma(z, FloatVector.broadcast(F, L4));
    p = p.fma(z, FloatVector.broadcast(F, L3));
    p = p.fma(z, FloatVector.broadcast(F, L2));
    return p.mul(z).fma(z, z);
  }
}
