package fathom.kernel;

import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;
import static fathom.kernel.VectorMath.allocated;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.FloatVector;

/**
 * Activations by vectors. Columns that do not fill a vector are left to the scalar twin, which
 * computes the same bits. To leave few, rows that lie without gaps are taken as one: forward after
 * a pass that adds the biases, backward before one that sums the rows.
 *
 * <p>A row sum is that of {@link ScalarActivationKernels} with as many partial sums as a vector has
 * lanes. Mapped files are refused.
 *
 * <p>The few vectors here meet no method but the JDK's: where calls are rare, C2 inlines no other.
 */
final class VectorActivationKernels implements ActivationKernels {
  /** Rows taken as one are to stay in the first cache between the two passes: about 16 KiB. */
  private static final int JOINED = 4096;

  @Override
  public void activate(Function f, float alpha, Matrix z, Matrix bias, int from, int to) {
    if (!joins(z, z)) {
      activate(f, alpha, z, bias, from, to, 1);
      return;
    }
    for (int r = from; r < to; r += chunk(z)) {
      int end = Math.min(to, r + chunk(z));
      addBias(z, bias, r, end);
      activate(f, alpha, z, null, r, end, end - r);
    }
  }

  private static void activate(
      Function f, float alpha, Matrix z, Matrix bias, int from, int to, int step) {
    int whole = VectorLoop.whole(z, step);
    int left = z.cols() * step - whole;
    if (whole > 0) {
      VectorLoop.call(VectorActivations.of(f), z, bias, z, alpha, from, to, step);
    }
    for (int r = from; left > 0 && r < to; r += step) {
      ScalarActivationKernels.activate(
          f, alpha, z.segment(), z.byteOffset(r, whole), left, VectorLoop.bias(bias, r));
    }
  }

  @Override
  public void activateAndSlope(
      Function f, float alpha, Matrix z, Matrix bias, Matrix a, int from, int to) {
    MethodHandle loop = VectorSlopes.of(f);
    if (!joins(z, a)) {
      activateAndSlope(loop, f, z, bias, a, from, to, 1);
      return;
    }
    for (int r = from; r < to; r += chunk(z)) {
      int end = Math.min(to, r + chunk(z));
      addBias(z, bias, r, end);
      activateAndSlope(loop, f, z, null, a, r, end, end - r);
    }
  }

  private static void activateAndSlope(
      MethodHandle loop, Function f, Matrix z, Matrix bias, Matrix a, int from, int to, int step) {
    int whole = VectorLoop.whole(z, step);
    int left = z.cols() * step - whole;
    if (whole > 0) {
      VectorLoop.call(loop, z, bias, a, 0, from, to, step);
    }
    for (int r = from; left > 0 && r < to; r += step) {
      ScalarActivationKernels.activateAndSlope(
          f,
          z.segment(),
          z.byteOffset(r, whole),
          a.segment(),
          a.byteOffset(r, whole),
          left,
          VectorLoop.bias(bias, r));
    }
  }

  @Override
  public void prelu(float slope, Matrix z, Matrix bias, Matrix a, int from, int to) {
    if (!joins(z, a)) {
      prelu(slope, z, bias, a, from, to, 1);
      return;
    }
    for (int r = from; r < to; r += chunk(z)) {
      int end = Math.min(to, r + chunk(z));
      addBias(z, bias, r, end);
      prelu(slope, z, null, a, r, end, end - r);
    }
  }

  private static void prelu(
      float slope, Matrix z, Matrix bias, Matrix a, int from, int to, int step) {
    int whole = VectorLoop.whole(z, step);
    int left = z.cols() * step - whole;
    if (whole > 0) {
      VectorLoop.call(VectorSlopes.ofPrelu(), z, bias, a, slope, from, to, step);
    }
    for (int r = from; left > 0 && r < to; r += step) {
      ScalarActivationKernels.prelu(
          slope,
          z.segment(),
          z.byteOffset(r, whole),
          a.segment(),
          a.byteOffset(r, whole),
          left,
          VectorLoop.bias(bias, r));
    }
  }

  @Override
  public void derive(Function f, float alpha, Matrix a, Matrix d, Matrix db, int from, int to) {
    MethodHandle loop = VectorDerivatives.of(f);
    if (!joins(d, a)) {
      derive(loop, f, alpha, a, d, db, from, to, 1);
      return;
    }
    for (int r = from; r < to; r += chunk(d)) {
      int end = Math.min(to, r + chunk(d));
      derive(loop, f, alpha, a, d, db, r, end, end - r);
      sumRows(d, db, r, end);
    }
  }

  private static void derive(
      MethodHandle loop,
      Function f,
      float alpha,
      Matrix a,
      Matrix d,
      Matrix db,
      int from,
      int to,
      int step) {
    int whole = VectorLoop.whole(d, step);
    int left = d.cols() * step - whole;
    if (whole > 0) {
      VectorLoop.call(loop, a, db, d, alpha, from, to, step);
    }
    for (int r = from; (left > 0 || whole == 0) && r < to; r += step) {
      long aAt = a.byteOffset(r, whole);
      long dAt = d.byteOffset(r, whole);
      float sum = whole > 0 ? db.get(r, 0) : 0;
      sum = ScalarActivationKernels.derive(f, alpha, a.segment(), aAt, d.segment(), dAt, left, sum);
      db.set(r, 0, sum);
    }
  }

  @Override
  public void multiplySlope(Matrix slope, Matrix d, Matrix db, int from, int to) {
    if (!joins(d, slope)) {
      multiplySlope(slope, d, db, from, to, 1);
      return;
    }
    for (int r = from; r < to; r += chunk(d)) {
      int end = Math.min(to, r + chunk(d));
      multiplySlope(slope, d, db, r, end, end - r);
      sumRows(d, db, r, end);
    }
  }

  private static void multiplySlope(Matrix slope, Matrix d, Matrix db, int from, int to, int step) {
    int whole = VectorLoop.whole(d, step);
    int left = d.cols() * step - whole;
    if (whole > 0) {
      VectorLoop.call(VectorDerivatives.ofSlope(), slope, db, d, 0, from, to, step);
    }
    for (int r = from; (left > 0 || whole == 0) && r < to; r += step) {
      long sAt = slope.byteOffset(r, whole);
      long dAt = d.byteOffset(r, whole);
      float sum = whole > 0 ? db.get(r, 0) : 0;
      sum =
          ScalarActivationKernels.multiplySlope(slope.segment(), sAt, d.segment(), dAt, left, sum);
      db.set(r, 0, sum);
    }
  }

  @Override
  public double preluDerive(float slope, Matrix z, Matrix d, Matrix db, int from, int to) {
    int whole = VectorLoop.whole(d, 1);
    double total = 0;
    for (int r = from; r < to; r++) {
      float share = VectorDerivatives.prelu(slope, z, d, db, r);
      total += ScalarActivationKernels.preluDeriveRest(slope, z, d, db, r, whole, share);
    }
    return total;
  }

  /** Returns whether to take several rows as one, of two matrices of one shape. */
  private static boolean joins(Matrix z, Matrix a) {
    int cols = z.cols();
    return cols % LANES != 0 && cols < JOINED && z.stride() == cols && a.stride() == cols;
  }

  /** Returns how many rows to take as one: a multiple of the lanes, so that no columns are left. */
  private static int chunk(Matrix z) {
    return Math.max(LANES, JOINED / z.cols() / LANES * LANES);
  }

  private static boolean isColumn(Matrix x) {
    return x.cols() == 1 && x.stride() == 1;
  }

  private static void addBias(Matrix z, Matrix bias, int from, int to) {
    if (isColumn(z) && isColumn(bias)) {
      addColumn(z, bias, from, to);
      return;
    }
    MemorySegment zs = allocated(z.segment());
    int whole = VectorLoop.whole(z, 1);
    for (int r = from; r < to; r++) {
      float b = VectorLoop.bias(bias, r);
      long at = z.byteOffset(r, 0);
      for (int j = 0; j < whole; j += LANES) {
        FloatVector.fromMemorySegment(SPECIES, zs, at + 4L * j, ORDER)
            .add(b)
            .intoMemorySegment(zs, at + 4L * j, ORDER);
      }
      for (int j = whole; j < z.cols(); j++) {
        zs.set(JAVA_FLOAT, at + 4L * j, zs.get(JAVA_FLOAT, at + 4L * j) + b);
      }
    }
  }

  private static void addColumn(Matrix z, Matrix bias, int from, int to) {
    MemorySegment zs = allocated(z.segment());
    MemorySegment bs = allocated(bias.segment());
    int whole = from + SPECIES.loopBound(to - from);
    for (int r = from; r < whole; r += LANES) {
      FloatVector.fromMemorySegment(SPECIES, zs, z.byteOffset(r, 0), ORDER)
          .add(FloatVector.fromMemorySegment(SPECIES, bs, bias.byteOffset(r, 0), ORDER))
          .intoMemorySegment(zs, z.byteOffset(r, 0), ORDER);
    }
    for (int r = whole; r < to; r++) {
      z.set(r, 0, z.get(r, 0) + bias.get(r, 0));
    }
  }

  /** {@code db <- D 1}, where rows that were taken as one left no sums of their own. */
  private static void sumRows(Matrix d, Matrix db, int from, int to) {
    if (isColumn(d) && isColumn(db)) {
      copyColumn(d, db, from, to);
    } else {
      MethodHandle loop = VectorDerivatives.of(Function.IDENTITY);
      derive(loop, Function.IDENTITY, 0, d, d, db, from, to, 1);
    }
  }

  /** Adds zero, as every sum does. */
  private static void copyColumn(Matrix d, Matrix db, int from, int to) {
    MemorySegment ds = allocated(d.segment());
    MemorySegment dbs = allocated(db.segment());
    int whole = from + SPECIES.loopBound(to - from);
    for (int r = from; r < whole; r += LANES) {
      FloatVector.fromMemorySegment(SPECIES, ds, d.byteOffset(r, 0), ORDER)
          .add(VectorMath.ZERO)
          .intoMemorySegment(dbs, db.byteOffset(r, 0), ORDER);
    }
    for (int r = whole; r < to; r++) {
      db.set(r, 0, 0 + d.get(r, 0));
    }
  }
}
