package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.ScalarLossKernels.NEGLIGIBLE;
import static fathom.kernel.VectorDoubles.D;
import static fathom.kernel.VectorDoubles.addLanes;
import static fathom.kernel.VectorDoubles.high;
import static fathom.kernel.VectorDoubles.low;
import static fathom.kernel.VectorLossKernels.exp;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ORDER;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import fathom.matrix.Matrix;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Softmax and its cross-entropy, as in {@link VectorLossKernels}: three loops down a strip, for the
 * maxima, the exponentials with their sums, and the gradients. The exponentials wait in D, and so
 * do the sums, which the last loop adds up anew rather than have memory of its own.
 */
final class VectorSoftmax {
  private static final VectorSpecies<Float> F = VectorMath.SPECIES;
  private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());

  /** Moves every lane down by one. */
  private static final VectorShuffle<Float> NEXT = VectorShuffle.iota(F, 1, 1, true);

  private VectorSoftmax() {}

  /** See {@link LossKernels#softmaxCrossEntropy}. */
  static double crossEntropy(
      Matrix y, long labels, Matrix weights, float smoothing, float scale, Matrix d) {
    double share = (double) smoothing / y.rows();
    double total = smoothing == 0 ? 0 : smoothing(y, weights, share);
    double spread = share * ScalarLossKernels.totalWeight(y, weights);
    int c = 0;
    for (; c <= y.cols() - LANES; c += LANES) {
      total = lossStrip(y, labels, weights, smoothing, d, spread, c, total);
      if (d != null) {
        gradientStrip(labels, weights, smoothing, scale, d, spread, c);
      }
    }
    return ScalarLossKernels.softmaxCrossEntropy(
        y, labels, weights, smoothing, scale, d, spread, c, total);
  }

  /** Writes exp(Y - max) to D, if any, and adds the losses. */
  private static double lossStrip(
      Matrix y,
      long labels,
      Matrix weights,
      float smoothing,
      Matrix d,
      double spread,
      int c,
      double total) {
    FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    int rows = y.rows();
    long yAt = y.address(0, c);
    long yStep = 4L * y.stride();
    for (int r = 0; r < rows; r++) {
      FloatVector v = FloatVector.fromMemorySegment(F, ALL, yAt + r * yStep, ORDER);
      max = max.blend(v, v.compare(GT, max));
    }
    IntVector label = IntVector.fromMemorySegment(I, ALL, labels + (long) c * Integer.BYTES, ORDER);
    FloatVector zero = FloatVector.zero(F);
    FloatVector sum = zero;
    long dAt = d == null ? 0 : d.address(0, c);
    long dStep = d == null ? 0 : 4L * d.stride();
    FloatVector own = zero;
    FloatVector weight = zero;
    for (int r = 0; r < rows; r++) {
      FloatVector v = FloatVector.fromMemorySegment(F, ALL, yAt + r * yStep, ORDER);
      FloatVector x = v.sub(max);
      FloatVector e = v.fma(zero, exp(x).blend(zero, x.compare(LT, NEGLIGIBLE)));
      sum = sum.add(e);
      VectorMask<Float> here = label.compare(EQ, r).cast(F);
      own = own.blend(v, here);
      weight = weight.blend(ScalarLossKernels.weight(weights, r), here);
      if (d != null) {
        e.intoMemorySegment(ALL, dAt + r * dStep, ORDER);
      }
    }
    for (int j = 0; j < LANES; j++) {
      double mass = (1.0 - smoothing) * weight.lane(0);
      double log = Math.log(sum.lane(0));
      total += mass * ((double) max.lane(0) - own.lane(0)) + (mass + spread) * log;
      max = max.rearrange(NEXT);
      own = own.rearrange(NEXT);
      sum = sum.rearrange(NEXT);
      weight = weight.rearrange(NEXT);
    }
    return total;
  }

  /** Turns exp(Y - max) in D into the gradient. */
  private static void gradientStrip(
      long labels, Matrix weights, float smoothing, float scale, Matrix d, double spread, int c) {
    IntVector label = IntVector.fromMemorySegment(I, ALL, labels + (long) c * Integer.BYTES, ORDER);
    FloatVector sum = FloatVector.zero(F);
    FloatVector weight = FloatVector.zero(F);
    int rows = d.rows();
    long at = d.address(0, c);
    long step = 4L * d.stride();
    for (int r = 0; r < rows; r++) {
      sum = sum.add(FloatVector.fromMemorySegment(F, ALL, at + r * step, ORDER));
      VectorMask<Float> here = label.compare(EQ, r).cast(F);
      weight = weight.blend(ScalarLossKernels.weight(weights, r), here);
    }
    float share = smoothing / d.rows() * scale;
    FloatVector target = weight.mul((1 - smoothing) * scale);
    FloatVector factor = target.add((float) (spread * scale)).div(sum);
    for (int r = 0; r < rows; r++) {
      FloatVector e = FloatVector.fromMemorySegment(F, ALL, at + r * step, ORDER);
      FloatVector own = FloatVector.broadcast(F, -share * ScalarLossKernels.weight(weights, r));
      FloatVector g = e.fma(factor, own);
      g = g.sub(target, label.compare(EQ, r).cast(F));
      g.intoMemorySegment(ALL, at + r * step, ORDER);
    }
  }

  private static double smoothing(Matrix y, Matrix weights, double share) {
    double total = 0;
    int c = 0;
    for (; c <= y.cols() - LANES; c += LANES) {
      total = smoothingStrip(y, weights, share, c, total);
    }
    return ScalarLossKernels.smoothing(y, weights, share, c, total);
  }

  private static double smoothingStrip(
      Matrix y, Matrix weights, double share, int c, double total) {
    FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    int rows = y.rows();
    long yAt = y.address(0, c);
    long yStep = 4L * y.stride();
    for (int r = 0; r < rows; r++) {
      FloatVector v = FloatVector.fromMemorySegment(F, ALL, yAt + r * yStep, ORDER);
      max = max.blend(v, v.compare(GT, max));
    }
    DoubleVector lowMax = low(max);
    DoubleVector highMax = high(max);
    DoubleVector low = DoubleVector.zero(D);
    DoubleVector high = DoubleVector.zero(D);
    for (int r = 0; r < rows; r++) {
      double w = ScalarLossKernels.weight(weights, r);
      FloatVector v = FloatVector.fromMemorySegment(F, ALL, yAt + r * yStep, ORDER);
      low = low.add(lowMax.sub(low(v)).mul(w));
      high = high.add(highMax.sub(high(v)).mul(w));
    }
    return addLanes(total, low.mul(share), high.mul(share));
  }
}
