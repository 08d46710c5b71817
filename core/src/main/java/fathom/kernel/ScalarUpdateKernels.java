package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Updates one number at a time. {@link VectorUpdateKernels} computes the same bits, and leaves what
 * fills no register to the static methods here, which take their start in bytes and a count.
 *
 * <p>Moments below the smallest normal number become zero, and so do squares that would be: they
 * change no parameter that a float can hold, but would slow many processors down for the rest of
 * the training. PyTorch keeps them.
 */
final class ScalarUpdateKernels implements UpdateKernels {
  /** Elements of one inner loop, whose int counter the compiler handles best. */
  static final int CHUNK = 1 << 16;

  /** Elements of a block of {@link #sumOfSquares}. */
  static final int BLOCK = 1 << 14;

  /** Partial sums of a block. */
  static final int PARTS = 32;

  @Override
  public void sgd(MemorySegment w, MemorySegment g, long from, long to, float rate, float decay) {
    for (long i = from; i < to; i += CHUNK) {
      sgd(w, g, i * Float.BYTES, (int) Math.min(CHUNK, to - i), rate, decay);
    }
  }

  static void sgd(MemorySegment w, MemorySegment g, long start, int n, float rate, float decay) {
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = w.get(JAVA_FLOAT, at);
      float gi = g.get(JAVA_FLOAT, at) + decay * wi;
      w.set(JAVA_FLOAT, at, wi - rate * gi);
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
      momentum(w, g, v, i * Float.BYTES, n, rate, momentum, dampening, decay, nesterov, first);
    }
  }

  static void momentum(
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
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = w.get(JAVA_FLOAT, at);
      float gi = g.get(JAVA_FLOAT, at) + decay * wi;
      float vi = first ? gi : momentum * v.get(JAVA_FLOAT, at) + (1 - dampening) * gi;
      vi = Math.abs(vi) < Float.MIN_NORMAL ? 0 : vi;
      v.set(JAVA_FLOAT, at, vi);
      w.set(JAVA_FLOAT, at, wi - rate * (nesterov ? gi + momentum * vi : vi));
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
      adam(
          w, g, m, v, i * Float.BYTES, n, stepSize, rootBias, beta1, beta2, epsilon, decay, shrink);
    }
  }

  static void adam(
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
    float tiny = tiny(beta2);
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      float wi = w.get(JAVA_FLOAT, at) * shrink;
      float gi = g.get(JAVA_FLOAT, at) + decay * wi;
      float mi = beta1 * m.get(JAVA_FLOAT, at) + (1 - beta1) * gi;
      mi = Math.abs(mi) < Float.MIN_NORMAL ? 0 : mi;
      float base = Math.abs(gi) < tiny ? 0 : gi;
      float vi = beta2 * v.get(JAVA_FLOAT, at) + (1 - beta2) * base * base;
      vi = vi < Float.MIN_NORMAL ? 0 : vi;
      m.set(JAVA_FLOAT, at, mi);
      v.set(JAVA_FLOAT, at, vi);
      float root = (float) Math.sqrt(vi);
      w.set(JAVA_FLOAT, at, wi - stepSize * mi / (root * rootBias + epsilon));
    }
  }

  /** Returns the gradient below which its share of the second moment is no normal number. */
  static float tiny(float beta2) {
    return (float) Math.sqrt(Float.MIN_NORMAL / (1.0 - beta2));
  }

  @Override
  public void scale(MemorySegment x, long from, long to, float factor) {
    for (long i = from; i < to; i += CHUNK) {
      scale(x, i * Float.BYTES, (int) Math.min(CHUNK, to - i), factor);
    }
  }

  static void scale(MemorySegment x, long start, int n, float factor) {
    for (int i = 0; i < n; i++) {
      long at = start + (long) i * Float.BYTES;
      x.set(JAVA_FLOAT, at, x.get(JAVA_FLOAT, at) * factor);
    }
  }

  /**
   * Sums up blocks of 16,384 elements from {@code from} on, and in each the sums of every 32nd
   * element, and then what the 32 leave over. Squares of floats are exact in double precision.
   */
  @Override
  public double sumOfSquares(MemorySegment x, long from, long to) {
    double total = 0;
    for (long i = from; i < to; i += BLOCK) {
      total += block(x, i * Float.BYTES, (int) Math.min(BLOCK, to - i));
    }
    return total;
  }

  private static double block(MemorySegment x, long start, int n) {
    int even = n - n % PARTS;
    double total = 0;
    for (int part = 0; part < PARTS; part++) {
      double sum = 0;
      for (int i = part; i < even; i += PARTS) {
        double xi = x.get(JAVA_FLOAT, start + (long) i * Float.BYTES);
        sum += xi * xi;
      }
      total += sum;
    }
    return rest(x, start, even, n, total);
  }

  /** Adds the squares of elements {@code [from, to)} to total, one after the other. */
  static double rest(MemorySegment x, long start, int from, int to, double total) {
    for (int i = from; i < to; i++) {
      double xi = x.get(JAVA_FLOAT, start + (long) i * Float.BYTES);
      total += xi * xi;
    }
    return total;
  }
}
