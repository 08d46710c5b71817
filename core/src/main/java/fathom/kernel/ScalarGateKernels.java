package fathom.kernel;

import fathom.matrix.Matrix;

/**
 * Gates one number at a time: the meaning of every bit, and the columns that fill no vector. Where
 * a product is added to something, it is not rounded first.
 */
final class ScalarGateKernels implements GateKernels {
  @Override
  public void lstmCell(Matrix gates, Matrix before, Matrix cell, Matrix t, int from, int to) {
    checkGates(gates, 4, cell);
    check(before, from, to, cell);
    checkOutput(cell, from, to, cell);
    checkOutput(t, from, to, cell);
    lstmCell(gates, before, cell, t, from, to, 0);
  }

  @Override
  public void lstmState(Matrix gates, Matrix t, Matrix h, int from, int to) {
    checkGates(gates, 4, h);
    check(t, from, to, h);
    checkOutput(h, from, to, h);
    lstmState(gates, t, h, from, to, 0);
  }

  @Override
  public void lstmBackward(
      Matrix gates, Matrix before, Matrix t, Matrix dh, Matrix dc, Matrix dz, int from, int to) {
    checkGates(gates, 4, dh);
    checkGates(gates, 4, dc);
    checkGateOutputs(dz, 4, dh);
    checkGateOutputs(dz, 4, dc);
    check(before, from, to, dh);
    check(before, from, to, dc);
    check(t, from, to, dh);
    check(dh, from, to, dh);
    checkOutput(dc, from, to, dh);
    lstmBackward(gates, before, t, dh, dc, dz, from, to, 0);
  }

  @Override
  public void gruCandidate(Matrix gates, Matrix s, int from, int to) {
    checkGateOutputs(gates, 3, s);
    check(s, from, to, s);
    gruCandidate(gates, s, from, to, 0);
  }

  @Override
  public void gruState(Matrix gates, Matrix before, Matrix h, int from, int to) {
    checkGates(gates, 3, h);
    check(before, from, to, h);
    checkOutput(h, from, to, h);
    gruState(gates, before, h, from, to, 0);
  }

  @Override
  public void gruBackward(
      Matrix gates, Matrix before, Matrix s, Matrix dh, Matrix dz, Matrix du, int from, int to) {
    checkGates(gates, 3, dh);
    checkGates(gates, 3, s);
    checkGateOutputs(dz, 3, dh);
    checkGateOutputs(dz, 3, s);
    checkGateOutputs(du, 3, dh);
    checkGateOutputs(du, 3, s);
    check(before, from, to, dh);
    check(s, from, to, dh);
    checkOutput(dh, from, to, dh);
    gruBackward(gates, before, s, dh, dz, du, from, to, 0);
  }

  /** Checks a matrix that has rows for each of several gates. */
  private static void checkGates(Matrix gates, int count, Matrix state) {
    check(gates, 0, count * state.rows(), state);
  }

  /** Checks one that is written. */
  private static void checkGateOutputs(Matrix gates, int count, Matrix state) {
    checkOutput(gates, 0, count * state.rows(), state);
  }

  /** Checks rows of a matrix with the columns of a state. */
  private static void check(Matrix x, int from, int to, Matrix state) {
    NativeMemory.check(x, from, to, state.cols());
  }

  /** Checks rows that are written. */
  private static void checkOutput(Matrix x, int from, int to, Matrix state) {
    NativeMemory.checkOutput(x, from, to, state.cols());
  }

  private static float at(Matrix m, int r, int c) {
    return NativeMemory.get(m.address(r, c));
  }

  private static void put(Matrix m, int r, int c, float value) {
    NativeMemory.set(m.address(r, c), value);
  }

  /** {@code v (1 - v)}, the logistic's derivative by its value. */
  private static float slope(float v) {
    return v * (1 - v);
  }

  /** {@code 1 - v²}, tanh's. */
  private static float tanhSlope(float v) {
    return Math.fma(-v, v, 1);
  }

  /** On columns from the given one on, as all of these. */
  static void lstmCell(
      Matrix gates, Matrix before, Matrix cell, Matrix t, int from, int to, int first) {
    int n = cell.rows();
    for (int r = from; r < to; r++) {
      for (int c = first; c < cell.cols(); c++) {
        float kept = at(gates, n + r, c) * at(before, r, c);
        float v = Math.fma(at(gates, r, c), at(gates, 2 * n + r, c), kept);
        put(cell, r, c, v);
        put(t, r, c, v);
      }
    }
  }

  static void lstmState(Matrix gates, Matrix t, Matrix h, int from, int to, int first) {
    int n = h.rows();
    for (int r = from; r < to; r++) {
      for (int c = first; c < h.cols(); c++) {
        put(h, r, c, at(gates, 3 * n + r, c) * at(t, r, c));
      }
    }
  }

  static void lstmBackward(
      Matrix gates,
      Matrix before,
      Matrix t,
      Matrix dh,
      Matrix dc,
      Matrix dz,
      int from,
      int to,
      int first) {
    int n = dh.rows();
    for (int r = from; r < to; r++) {
      for (int c = first; c < dh.cols(); c++) {
        float i = at(gates, r, c);
        float f = at(gates, n + r, c);
        float g = at(gates, 2 * n + r, c);
        float o = at(gates, 3 * n + r, c);
        float tanh = at(t, r, c);
        float d = at(dh, r, c);
        put(dz, 3 * n + r, c, d * tanh * slope(o));
        float e = Math.fma(d * o, tanhSlope(tanh), at(dc, r, c));
        put(dz, r, c, e * g * slope(i));
        put(dz, n + r, c, e * at(before, r, c) * slope(f));
        put(dz, 2 * n + r, c, e * i * tanhSlope(g));
        put(dc, r, c, e * f);
      }
    }
  }

  static void gruCandidate(Matrix gates, Matrix s, int from, int to, int first) {
    int n = s.rows();
    for (int r = from; r < to; r++) {
      for (int c = first; c < s.cols(); c++) {
        float sum = at(gates, 2 * n + r, c);
        put(gates, 2 * n + r, c, Math.fma(at(gates, r, c), at(s, r, c), sum));
      }
    }
  }

  static void gruState(Matrix gates, Matrix before, Matrix h, int from, int to, int first) {
    int n = h.rows();
    for (int r = from; r < to; r++) {
      for (int c = first; c < h.cols(); c++) {
        float candidate = at(gates, 2 * n + r, c);
        float change = at(before, r, c) - candidate;
        put(h, r, c, Math.fma(at(gates, n + r, c), change, candidate));
      }
    }
  }

  static void gruBackward(
      Matrix gates,
      Matrix before,
      Matrix s,
      Matrix dh,
      Matrix dz,
      Matrix du,
      int from,
      int to,
      int first) {
    int n = dh.rows();
    for (int r = from; r < to; r++) {
      for (int c = first; c < dh.cols(); c++) {
        float reset = at(gates, r, c);
        float keep = at(gates, n + r, c);
        float candidate = at(gates, 2 * n + r, c);
        float d = at(dh, r, c);
        float dn = d * (1 - keep) * tanhSlope(candidate);
        float dr = dn * at(s, r, c) * slope(reset);
        float dk = d * (at(before, r, c) - candidate) * slope(keep);
        put(dz, r, c, dr);
        put(du, r, c, dr);
        put(dz, n + r, c, dk);
        put(du, n + r, c, dk);
        put(dz, 2 * n + r, c, dn);
        put(du, 2 * n + r, c, dn * reset);
        put(dh, r, c, d * keep);
      }
    }
  }
}
