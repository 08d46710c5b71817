package fathom.kernel;

import static fathom.kernel.NativeMemory.ALL;
import static fathom.kernel.VectorMath.LANES;
import static fathom.kernel.VectorMath.ORDER;
import static fathom.kernel.VectorMath.SPECIES;
import static fathom.kernel.VectorMath.checkAllocated;

import fathom.matrix.Matrix;
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
    checkForward(z, z, bias, from, to);
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
          f, alpha, z.address(r, whole), left, VectorLoop.bias(bias, r));
    }
  }

  @Override
  public void activateAndSlope(
      Function f, float alpha, Matrix z, Matrix bias, Matrix a, int from, int to) {
    MethodHandle loop = VectorSlopes.of(f);
    checkForward(z, a, bias, from, to);
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
          f, z.address(r, whole), a.address(r, whole), left, VectorLoop.bias(bias, r));
    }
  }

  @Override
  public void prelu(float slope, Matrix z, Matrix bias, Matrix a, int from, int to) {
    checkForward(z, a, bias, from, to);
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
          slope, z.address(r, whole), a.address(r, whole), left, VectorLoop.bias(bias, r));
    }
  }

  @Override
  public void derive(Function f, float alpha, Matrix a, Matrix d, Matrix db, int from, int to) {
    MethodHandle loop = VectorDerivatives.of(f);
    checkBackward(d, a, db, from, to);
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
      long aAt = a.address(r, whole);
      long dAt = d.address(r, whole);
      float sum = whole > 0 ? NativeMemory.get(db.address(r, 0)) : 0;
      sum = ScalarActivationKernels.derive(f, alpha, aAt, dAt, left, sum);
      NativeMemory.set(db.address(r, 0), sum);
    }
  }

  @Override
  public void multiplySlope(Matrix slope, Matrix d, Matrix db, int from, int to) {
    checkBackward(d, slope, db, from, to);
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
      long sAt = slope.address(r, whole);
      long dAt = d.address(r, whole);
      float sum = whole > 0 ? NativeMemory.get(db.address(r, 0)) : 0;
      sum = ScalarActivationKernels.multiplySlope(sAt, dAt, left, sum);
      NativeMemory.set(db.address(r, 0), sum);
    }
  }

  @Override
  public double preluDerive(float slope, Matrix z, Matrix d, Matrix db, int from, int to) {
    checkBackward(d, z, db, from, to);
    int whole = VectorLoop.whole(d, 1);
    double total = 0;
    for (int r = from; r < to; r++) {
      float share = VectorDerivatives.prelu(slope, z, d, db, r);
      total += ScalarActivationKernels.preluDeriveRest(slope, z, d, db, r, whole, share);
    }
    return total;
  }

  private static void checkForward(Matrix z, Matrix a, Matrix bias, int from, int to) {
    checkAllocated(z);
    checkAllocated(a);
    checkAllocated(bias);
    ScalarActivationKernels.checkForward(z, a, bias, from, to);
  }

  private static void checkBackward(Matrix d, Matrix a, Matrix db, int from, int to) {
    checkAllocated(d);
    checkAllocated(a);
    checkAllocated(db);
    ScalarActivationKernels.checkBackward(d, a, db, from, to);
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
    int whole = VectorLoop.whole(z, 1);
    for (int r = from; r < to; r++) {
      float b = VectorLoop.bias(bias, r);
      long at = z.address(r, 0);
      for (int j = 0; j < whole; j += LANES) {
        FloatVector.fromMemorySegment(SPECIES, ALL, at + 4L * j, ORDER)
            .add(b)
            .intoMemorySegment(ALL, at + 4L * j, ORDER);
      }
      for (int j = whole; j < z.cols(); j++) {
        NativeMemory.set(at + 4L * j, NativeMemory.get(at + 4L * j) + b);
      }
    }
  }

  private static void addColumn(Matrix z, Matrix bias, int from, int to) {
    int whole = from + SPECIES.loopBound(to - from);
    for (int r = from; r < whole; r += LANES) {
      FloatVector.fromMemorySegment(SPECIES, ALL, z.address(r, 0), ORDER)
          .add(FloatVector.fromMemorySegment(SPECIES, ALL, bias.address(r, 0), ORDER))
          .intoMemorySegment(ALL, z.address(r, 0), ORDER);
    }
    for (int r = whole; r < to; r++) {
      NativeMemory.set(
          z.address(r, 0),
          NativeMemory.get(z.address(r, 0)) + NativeMemory.get(bias.address(r, 0)));
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
    int whole = from + SPECIES.loopBound(to - from);
    for (int r = from; r < whole; r += LANES) {
      FloatVector.fromMemorySegment(SPECIES, ALL, d.address(r, 0), ORDER)
          .add(VectorMath.ZERO)
          .intoMemorySegment(ALL, db.address(r, 0), ORDER);
    }
    for (int r = whole; r < to; r++) {
      NativeMemory.set(db.address(r, 0), 0 + NativeMemory.get(d.address(r, 0)));
    }
  }
}
