package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ONE;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;

import fathom.matrix.Matrix;
import jdk.incubator.vector.FloatVector;

/** Loops for {@link VectorGateKernels} on the columns that fill vectors; each compiled alone. */
@SuppressWarnings("UnusedMethod") // called by handles
final class VectorGateLoops {
  private VectorGateLoops() {}

  private static FloatVector load(long at) {
    return FloatVector.fromMemorySegment(SPECIES, ALL, at, ORDER);
  }

  static void cell(Matrix gates, Matrix before, Matrix cell, Matrix t, int from, int to) {
    int n = cell.rows();
    int end = SPECIES.loopBound(cell.cols());
    for (int r = from; r < to; r++) {
      long i = gates.address(r, 0);
      long f = gates.address(n + r, 0);
      long g = gates.address(2 * n + r, 0);
      long b = before.address(r, 0);
      long c = cell.address(r, 0);
      long u = t.address(r, 0);
      for (int j = 0; j < end; j += LANES) {
        long o = 4L * j;
        FloatVector kept = load(f + o).mul(load(b + o));
        FloatVector v = load(i + o).fma(load(g + o), kept);
        v.intoMemorySegment(ALL, c + o, ORDER);
        v.intoMemorySegment(ALL, u + o, ORDER);
      }
    }
  }

  static void state(Matrix gates, Matrix t, Matrix h, int from, int to) {
    int n = h.rows();
    int end = SPECIES.loopBound(h.cols());
    for (int r = from; r < to; r++) {
      long z = gates.address(3 * n + r, 0);
      long u = t.address(r, 0);
      long s = h.address(r, 0);
      for (int j = 0; j < end; j += LANES) {
        long o = 4L * j;
        load(z + o).mul(load(u + o)).intoMemorySegment(ALL, s + o, ORDER);
      }
    }
  }

  /** The output gate's share of dZ, and dC with what came through H. */
  static void outputBackward(
      Matrix gates, Matrix t, Matrix dh, Matrix dc, Matrix dz, int from, int to) {
    int n = dh.rows();
    int end = SPECIES.loopBound(dh.cols());
    for (int r = from; r < to; r++) {
      long z = gates.address(3 * n + r, 0);
      long u = t.address(r, 0);
      long h = dh.address(r, 0);
      long c = dc.address(r, 0);
      long d = dz.address(3 * n + r, 0);
      for (int j = 0; j < end; j += LANES) {
        long at = 4L * j;
        FloatVector o = load(z + at);
        FloatVector tanh = load(u + at);
        FloatVector g = load(h + at);
        g.mul(tanh).mul(o.mul(ONE.sub(o))).intoMemorySegment(ALL, d + at, ORDER);
        FloatVector slope = tanh.neg().fma(tanh, ONE);
        g.mul(o).fma(slope, load(c + at)).intoMemorySegment(ALL, c + at, ORDER);
      }
    }
  }

  /** The other gates' shares of dZ, and dC by the cell before. */
  static void cellBackward(Matrix gates, Matrix before, Matrix dc, Matrix dz, int from, int to) {
    int n = dc.rows();
    int end = SPECIES.loopBound(dc.cols());
    long gate = 4L * n * gates.stride();
    long share = 4L * n * dz.stride();
    for (int r = from; r < to; r++) {
      long z = gates.address(r, 0);
      long b = before.address(r, 0);
      long c = dc.address(r, 0);
      long d = dz.address(r, 0);
      for (int j = 0; j < end; j += LANES) {
        long at = 4L * j;
        FloatVector i = load(z + at);
        FloatVector f = load(z + gate + at);
        FloatVector g = load(z + 2 * gate + at);
        FloatVector e = load(c + at);
        e.mul(g).mul(i.mul(ONE.sub(i))).intoMemorySegment(ALL, d + at, ORDER);
        e.mul(load(b + at)).mul(f.mul(ONE.sub(f))).intoMemorySegment(ALL, d + share + at, ORDER);
        e.mul(i).mul(g.neg().fma(g, ONE)).intoMemorySegment(ALL, d + 2 * share + at, ORDER);
        e.mul(f).intoMemorySegment(ALL, c + at, ORDER);
      }
    }
  }

  static void candidate(Matrix gates, Matrix s, int from, int to) {
    int n = s.rows();
    int end = SPECIES.loopBound(s.cols());
    for (int r = from; r < to; r++) {
      long z = gates.address(r, 0);
      long c = gates.address(2 * n + r, 0);
      long u = s.address(r, 0);
      for (int j = 0; j < end; j += LANES) {
        long o = 4L * j;
        load(z + o).fma(load(u + o), load(c + o)).intoMemorySegment(ALL, c + o, ORDER);
      }
    }
  }

  static void mix(Matrix gates, Matrix before, Matrix h, int from, int to) {
    int n = h.rows();
    int end = SPECIES.loopBound(h.cols());
    for (int r = from; r < to; r++) {
      long z = gates.address(n + r, 0);
      long c = gates.address(2 * n + r, 0);
      long b = before.address(r, 0);
      long s = h.address(r, 0);
      for (int j = 0; j < end; j += LANES) {
        long o = 4L * j;
        FloatVector candidate = load(c + o);
        FloatVector change = load(b + o).sub(candidate);
        load(z + o).fma(change, candidate).intoMemorySegment(ALL, s + o, ORDER);
      }
    }
  }

  /** The shares of Z and N, and what of dH passes on. */
  static void mixBackward(
      Matrix gates, Matrix before, Matrix dh, Matrix dz, Matrix du, int from, int to) {
    int n = dh.rows();
    int end = SPECIES.loopBound(dh.cols());
    long gate = 4L * n * gates.stride();
    long share = 4L * n * dz.stride();
    for (int r = from; r < to; r++) {
      long z = gates.address(n + r, 0);
      long b = before.address(r, 0);
      long h = dh.address(r, 0);
      long d = dz.address(n + r, 0);
      long u = du.address(n + r, 0);
      for (int j = 0; j < end; j += LANES) {
        long at = 4L * j;
        FloatVector keep = load(z + at);
        FloatVector candidate = load(z + gate + at);
        FloatVector g = load(h + at);
        FloatVector other = ONE.sub(keep);
        FloatVector dk = g.mul(load(b + at).sub(candidate)).mul(keep.mul(other));
        dk.intoMemorySegment(ALL, d + at, ORDER);
        dk.intoMemorySegment(ALL, u + at, ORDER);
        g.mul(other)
            .mul(candidate.neg().fma(candidate, ONE))
            .intoMemorySegment(ALL, d + share + at, ORDER);
        g.mul(keep).intoMemorySegment(ALL, h + at, ORDER);
      }
    }
  }

  /** R's share, and N's of dU. */
  static void resetBackward(Matrix gates, Matrix s, Matrix dz, Matrix du, int from, int to) {
    int n = s.rows();
    int end = SPECIES.loopBound(s.cols());
    long candidate = 8L * n * dz.stride();
    long toState = 8L * n * du.stride();
    for (int r = from; r < to; r++) {
      long z = gates.address(r, 0);
      long c = s.address(r, 0);
      long d = dz.address(r, 0);
      long u = du.address(r, 0);
      for (int j = 0; j < end; j += LANES) {
        long at = 4L * j;
        FloatVector reset = load(z + at);
        FloatVector dn = load(d + candidate + at);
        FloatVector dr = dn.mul(load(c + at)).mul(reset.mul(ONE.sub(reset)));
        dr.intoMemorySegment(ALL, d + at, ORDER);
        dr.intoMemorySegment(ALL, u + at, ORDER);
        dn.mul(reset).intoMemorySegment(ALL, u + toState + at, ORDER);
      }
    }
  }
}
