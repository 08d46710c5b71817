package fathom.kernel;

import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ONE;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;
import static fathom.kernel.VectorMath.allocated;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Loops for {@link VectorGateKernels} on the columns that fill vectors; each compiled alone. */
@SuppressWarnings("UnusedMethod") // called by handles
final class VectorGateLoops {
  private VectorGateLoops() {}

  private static FloatVector load(MemorySegment s, long at) {
    return FloatVector.fromMemorySegment(SPECIES, s, at, ORDER);
  }

  static void cell(Matrix gates, Matrix before, Matrix cell, Matrix t, int from, int to) {
    MemorySegment zs = allocated(gates.segment());
    MemorySegment bs = allocated(before.segment());
    MemorySegment cs = allocated(cell.segment());
    MemorySegment ts = allocated(t.segment());
    int n = cell.rows();
    int end = SPECIES.loopBound(cell.cols());
    for (int r = from; r < to; r++) {
      long i = gates.byteOffset(r, 0);
      long f = gates.byteOffset(n + r, 0);
      long g = gates.byteOffset(2 * n + r, 0);
      long b = before.byteOffset(r, 0);
      long c = cell.byteOffset(r, 0);
      long u = t.byteOffset(r, 0);
      for (int j = 0; j < end; j += LANES) {
        long o = 4L * j;
        FloatVector kept = load(zs, f + o).mul(load(bs, b + o));
        FloatVector v = load(zs, i + o).fma(load(zs, g + o), kept);
        v.intoMemorySegment(cs, c + o, ORDER);
        v.intoMemorySegment(ts, u + o, ORDER);
      }
    }
  }

  static void state(Matrix gates, Matrix t, Matrix h, int from, int to) {
    MemorySegment zs = allocated(gates.segment());
    MemorySegment ts = allocated(t.segment());
    MemorySegment hs = allocated(h.segment());
    int n = h.rows();
    int end = SPECIES.loopBound(h.cols());
    for (int r = from; r < to; r++) {
      long z = gates.byteOffset(3 * n + r, 0);
      long u = t.byteOffset(r, 0);
      long s = h.byteOffset(r, 0);
      for (int j = 0; j < end; j += LANES) {
        long o = 4L * j;
        load(zs, z + o).mul(load(ts, u + o)).intoMemorySegment(hs, s + o, ORDER);
      }
    }
  }

  /** The output gate's share of dZ, and dC with what came through H. */
  static void outputBackward(
      Matrix gates, Matrix t, Matrix dh, Matrix dc, Matrix dz, int from, int to) {
    MemorySegment zs = allocated(gates.segment());
    MemorySegment ts = allocated(t.segment());
    MemorySegment hs = allocated(dh.segment());
    MemorySegment cs = allocated(dc.segment());
    MemorySegment ds = allocated(dz.segment());
    int n = dh.rows();
    int end = SPECIES.loopBound(dh.cols());
    for (int r = from; r < to; r++) {
      long z = gates.byteOffset(3 * n + r, 0);
      long u = t.byteOffset(r, 0);
      long h = dh.byteOffset(r, 0);
      long c = dc.byteOffset(r, 0);
      long d = dz.byteOffset(3 * n + r, 0);
      for (int j = 0; j < end; j += LANES) {
        long at = 4L * j;
        FloatVector o = load(zs, z + at);
        FloatVector tanh = load(ts, u + at);
        FloatVector g = load(hs, h + at);
        g.mul(tanh).mul(o.mul(ONE.sub(o))).intoMemorySegment(ds, d + at, ORDER);
        FloatVector slope = tanh.neg().fma(tanh, ONE);
        g.mul(o).fma(slope, load(cs, c + at)).intoMemorySegment(cs, c + at, ORDER);
      }
    }
  }

  /** The other gates' shares of dZ, and dC by the cell before. */
  static void cellBackward(Matrix gates, Matrix before, Matrix dc, Matrix dz, int from, int to) {
    MemorySegment zs = allocated(gates.segment());
    MemorySegment bs = allocated(before.segment());
    MemorySegment cs = allocated(dc.segment());
    MemorySegment ds = allocated(dz.segment());
    int n = dc.rows();
    int end = SPECIES.loopBound(dc.cols());
    long gate = 4L * n * gates.stride();
    long share = 4L * n * dz.stride();
    for (int r = from; r < to; r++) {
      long z = gates.byteOffset(r, 0);
      long b = before.byteOffset(r, 0);
      long c = dc.byteOffset(r, 0);
      long d = dz.byteOffset(r, 0);
      for (int j = 0; j < end; j += LANES) {
        long at = 4L * j;
        FloatVector i = load(zs, z + at);
        FloatVector f = load(zs, z + gate + at);
        FloatVector g = load(zs, z + 2 * gate + at);
        FloatVector e = load(cs, c + at);
        e.mul(g).mul(i.mul(ONE.sub(i))).intoMemorySegment(ds, d + at, ORDER);
        e.mul(load(bs, b + at)).mul(f.mul(ONE.sub(f))).intoMemorySegment(ds, d + share + at, ORDER);
        e.mul(i).mul(g.neg().fma(g, ONE)).intoMemorySegment(ds, d + 2 * share + at, ORDER);
        e.mul(f).intoMemorySegment(cs, c + at, ORDER);
      }
    }
  }

  static void candidate(Matrix gates, Matrix s, int from, int to) {
    MemorySegment zs = allocated(gates.segment());
    MemorySegment ss = allocated(s.segment());
    int n = s.rows();
    int end = SPECIES.loopBound(s.cols());
    for (int r = from; r < to; r++) {
      long z = gates.byteOffset(r, 0);
      long c = gates.byteOffset(2 * n + r, 0);
      long u = s.byteOffset(r, 0);
      for (int j = 0; j < end; j += LANES) {
        long o = 4L * j;
        load(zs, z + o).fma(load(ss, u + o), load(zs, c + o)).intoMemorySegment(zs, c + o, ORDER);
      }
    }
  }

  static void mix(Matrix gates, Matrix before, Matrix h, int from, int to) {
    MemorySegment zs = allocated(gates.segment());
    MemorySegment bs = allocated(before.segment());
    MemorySegment hs = allocated(h.segment());
    int n = h.rows();
    int end = SPECIES.loopBound(h.cols());
    for (int r = from; r < to; r++) {
      long z = gates.byteOffset(n + r, 0);
      long c = gates.byteOffset(2 * n + r, 0);
      long b = before.byteOffset(r, 0);
      long s = h.byteOffset(r, 0);
      for (int j = 0; j < end; j += LANES) {
        long o = 4L * j;
        FloatVector candidate = load(zs, c + o);
        FloatVector change = load(bs, b + o).sub(candidate);
        load(zs, z + o).fma(change, candidate).intoMemorySegment(hs, s + o, ORDER);
      }
    }
  }

  /** The shares of Z and N, and what of dH passes on. */
  static void mixBackward(
      Matrix gates, Matrix before, Matrix dh, Matrix dz, Matrix du, int from, int to) {
    MemorySegment zs = allocated(gates.segment());
    MemorySegment bs = allocated(before.segment());
    MemorySegment hs = allocated(dh.segment());
    MemorySegment ds = allocated(dz.segment());
    MemorySegment us = allocated(du.segment());
    int n = dh.rows();
    int end = SPECIES.loopBound(dh.cols());
    long gate = 4L * n * gates.stride();
    long share = 4L * n * dz.stride();
    for (int r = from; r < to; r++) {
      long z = gates.byteOffset(n + r, 0);
      long b = before.byteOffset(r, 0);
      long h = dh.byteOffset(r, 0);
      long d = dz.byteOffset(n + r, 0);
      long u = du.byteOffset(n + r, 0);
      for (int j = 0; j < end; j += LANES) {
        long at = 4L * j;
        FloatVector keep = load(zs, z + at);
        FloatVector candidate = load(zs, z + gate + at);
        FloatVector g = load(hs, h + at);
        FloatVector other = ONE.sub(keep);
        FloatVector dk = g.mul(load(bs, b + at).sub(candidate)).mul(keep.mul(other));
        dk.intoMemorySegment(ds, d + at, ORDER);
        dk.intoMemorySegment(us, u + at, ORDER);
        g.mul(other)
            .mul(candidate.neg().fma(candidate, ONE))
            .intoMemorySegment(ds, d + share + at, ORDER);
        g.mul(keep).intoMemorySegment(hs, h + at, ORDER);
      }
    }
  }

  /** R's share, and N's of dU. */
  static void resetBackward(Matrix gates, Matrix s, Matrix dz, Matrix du, int from, int to) {
    MemorySegment zs = allocated(gates.segment());
    MemorySegment ss = allocated(s.segment());
    MemorySegment ds = allocated(dz.segment());
    MemorySegment us = allocated(du.segment());
    int n = s.rows();
    int end = SPECIES.loopBound(s.cols());
    long candidate = 8L * n * dz.stride();
    long toState = 8L * n * du.stride();
    for (int r = from; r < to; r++) {
      long z = gates.byteOffset(r, 0);
      long c = s.byteOffset(r, 0);
      long d = dz.byteOffset(r, 0);
      long u = du.byteOffset(r, 0);
      for (int j = 0; j < end; j += LANES) {
        long at = 4L * j;
        FloatVector reset = load(zs, z + at);
        FloatVector dn = load(ds, d + candidate + at);
        FloatVector dr = dn.mul(load(ss, c + at)).mul(reset.mul(ONE.sub(reset)));
        dr.intoMemorySegment(ds, d + at, ORDER);
        dr.intoMemorySegment(us, u + at, ORDER);
        dn.mul(reset).intoMemorySegment(us, u + toState + at, ORDER);
      }
    }
  }
}
