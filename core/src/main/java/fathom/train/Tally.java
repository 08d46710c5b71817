package fathom.train;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Sums and counts over a run of numbers, in one pass and in double precision. */
final class Tally {
  private static final int CHUNK = 1024;
  private static final int LANES = 4;

  private final float[] chunk = new float[CHUNK];

  /** A histogram for each lane: counting alike numbers in one would wait for each count before. */
  private final int[] lanes = new int[LANES * Distribution.BINS];

  private final long[] bins = new long[Distribution.BINS];
  private long count;
  private double sum;
  private double squares;

  /** Adds elements {@code [from, to)}; returns whether all of them are zero. */
  boolean add(MemorySegment x, long from, long to) {
    boolean zero = true;
    for (long start = from; start < to; start += CHUNK) {
      int length = (int) Math.min(CHUNK, to - start);
      MemorySegment.copy(x, ValueLayout.JAVA_FLOAT, start * Float.BYTES, chunk, 0, length);
      zero &= addChunk(length);
    }
    return zero;
  }

  private boolean addChunk(int length) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    double q0 = 0;
    double q1 = 0;
    double q2 = 0;
    double q3 = 0;
    int i = 0;
    for (; i <= length - LANES; i += LANES) {
      double a = chunk[i];
      double b = chunk[i + 1];
      double c = chunk[i + 2];
      double d = chunk[i + 3];
      s0 += a;
      s1 += b;
      s2 += c;
      s3 += d;
      q0 += a * a;
      q1 += b * b;
      q2 += c * c;
      q3 += d * d;
      lanes[Distribution.bin(chunk[i])]++;
      lanes[Distribution.BINS + Distribution.bin(chunk[i + 1])]++;
      lanes[2 * Distribution.BINS + Distribution.bin(chunk[i + 2])]++;
      lanes[3 * Distribution.BINS + Distribution.bin(chunk[i + 3])]++;
    }
    for (; i < length; i++) {
      double a = chunk[i];
      s0 += a;
      q0 += a * a;
      lanes[Distribution.bin(chunk[i])]++;
    }
    double q = q0 + q1 + (q2 + q3);
    count += length;
    sum += s0 + s1 + (s2 + s3);
    squares += q;
    return q == 0;
  }

  /** Adds what another has counted. */
  void add(Tally other) {
    other.settle();
    count += other.count;
    sum += other.sum;
    squares += other.squares;
    for (int k = 0; k < bins.length; k++) {
      bins[k] += other.bins[k];
    }
  }

  Distribution distribution() {
    settle();
    return new Distribution(count, sum, squares, bins.clone());
  }

  private void settle() {
    for (int k = 0; k < lanes.length; k++) {
      bins[k % Distribution.BINS] += lanes[k];
      lanes[k] = 0;
    }
  }
}
