package fathom.optim;

import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.lang.foreign.MemorySegment;

/**
 * Measures a slab of gradients, tensor by tensor, and clips by what it found. Squares are summed up
 * in blocks that depend on the layout alone, and blocks in their order, so that the norm has the
 * same bits on any number of threads. Nothing is allocated after the beginning.
 */
final class GradientNorms {
  private static final int BLOCK = 1 << 14;

  /** What PyTorch adds to a norm. */
  private static final double GUARD = 1e-6;

  private final Clipping clipping;
  private final MemorySegment gradients;

  /** Where each tensor starts; the gap behind it belongs to it. */
  private final long[] starts;

  /** The first block of each tensor. */
  private final int[] firstBlocks;

  private final double[] sums;
  private final float[] factors;
  private double norm = Double.NaN;

  GradientNorms(Clipping clipping, Slab gradients) {
    this.clipping = clipping;
    this.gradients = gradients.segment();
    int tensors = gradients.matrices().size();
    starts = new long[tensors + 1];
    firstBlocks = new int[tensors + 1];
    factors = new float[tensors];
    int t = 0;
    for (Matrix matrix : gradients.matrices().values()) {
      starts[t++] = matrix.offset();
    }
    starts[tensors] = gradients.size();
    for (t = 0; t < tensors; t++) {
      long blocks = (starts[t + 1] - starts[t] + BLOCK - 1) / BLOCK;
      firstBlocks[t + 1] = Math.toIntExact(firstBlocks[t] + blocks);
    }
    sums = new double[firstBlocks[tensors]];
  }

  /** Returns the number of blocks to {@link #measure}. */
  int blocks() {
    return sums.length;
  }

  /** Sums up the squares of blocks {@code [from, to)}; threads may share the blocks. */
  void measure(Engine engine, int from, int to) {
    for (int t = 0; t < factors.length; t++) {
      int end = Math.min(to, firstBlocks[t + 1]);
      for (int block = Math.max(from, firstBlocks[t]); block < end; block++) {
        long start = starts[t] + (long) (block - firstBlocks[t]) * BLOCK;
        sums[block] =
            engine
                .kernels()
                .update()
                .sumOfSquares(gradients, start, Math.min(start + BLOCK, starts[t + 1]));
      }
    }
  }

  /** Returns the norm of all gradients, once all blocks are measured, and keeps the factors. */
  double sumUp() {
    double total = 0;
    for (int t = 0; t < factors.length; t++) {
      double sum = 0;
      for (int block = firstBlocks[t]; block < firstBlocks[t + 1]; block++) {
        sum += sums[block];
      }
      total += sum;
      factors[t] = factor(Math.sqrt(sum));
    }
    norm = Math.sqrt(total);
    return norm;
  }

  /** Returns the norm that was found last; NaN before that. */
  double norm() {
    return norm;
  }

  private float factor(double size) {
    return (float) Math.min(1, clipping.limit() / (size + GUARD));
  }

  /** Does a rule's step for elements {@code [from, to)} with clipped gradients. */
  void update(
      Optimizer.Rule rule, Engine engine, MemorySegment where, long first, long from, long to) {
    switch (clipping.scope()) {
      case NONE -> rule.update(engine, where, first, from, to, 1, Float.POSITIVE_INFINITY);
      case NORM ->
          rule.update(engine, where, first, from, to, factor(norm), Float.POSITIVE_INFINITY);
      case VALUE -> rule.update(engine, where, first, from, to, 1, clipping.limit());
      case TENSOR_NORM -> {
        for (int t = 0; t < factors.length; t++) {
          long start = Math.max(from, starts[t]);
          long end = Math.min(to, starts[t + 1]);
          if (start < end) {
            rule.update(engine, where, first, start, end, factors[t], Float.POSITIVE_INFINITY);
          }
        }
      }
    }
  }
}
