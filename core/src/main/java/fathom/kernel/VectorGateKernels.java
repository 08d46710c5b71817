package fathom.kernel;

import static fathom.kernel.VectorMath.SPECIES;
import static fathom.kernel.VectorMath.checkAllocated;

import fathom.matrix.Matrix;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;

/**
 * Gates by vectors, with the bits of {@link ScalarGateKernels}, to which columns that do not fill a
 * vector are left. Mapped files are refused.
 *
 * <p>Loops are called through handles that C2 does not know as constants and so does not inline, as
 * in {@link VectorLoop}; a backward step is two or three of them, since C2 would give up on one.
 */
final class VectorGateKernels implements GateKernels {
  private final MethodHandle cellLoop = loop("cell", 4);
  private final MethodHandle stateLoop = loop("state", 3);
  private final MethodHandle outputBackwardLoop = loop("outputBackward", 5);
  private final MethodHandle cellBackwardLoop = loop("cellBackward", 4);
  private final MethodHandle candidateLoop = loop("candidate", 2);
  private final MethodHandle mixLoop = loop("mix", 3);
  private final MethodHandle mixBackwardLoop = loop("mixBackward", 5);
  private final MethodHandle resetBackwardLoop = loop("resetBackward", 4);

  private static MethodHandle loop(String name, int matrices) {
    Class<?>[] arguments = new Class<?>[matrices + 2];
    Arrays.fill(arguments, Matrix.class);
    arguments[matrices] = int.class;
    arguments[matrices + 1] = int.class;
    MethodType type = MethodType.methodType(void.class, arguments);
    try {
      return MethodHandles.lookup().findStatic(VectorGateLoops.class, name, type);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static RuntimeException thrown(Throwable t) {
    if (t instanceof Error e) {
      throw e;
    }
    return t instanceof RuntimeException e ? e : new IllegalStateException(t);
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
    checkAllocated(x);
    NativeMemory.check(x, from, to, state.cols());
  }

  /** Checks rows that are written. */
  private static void checkOutput(Matrix x, int from, int to, Matrix state) {
    checkAllocated(x);
    NativeMemory.checkOutput(x, from, to, state.cols());
  }

  private static int whole(Matrix m) {
    return SPECIES.loopBound(m.cols());
  }

  @Override
  public void lstmCell(Matrix gates, Matrix before, Matrix cell, Matrix t, int from, int to) {
    checkGates(gates, 4, cell);
    check(before, from, to, cell);
    checkOutput(cell, from, to, cell);
    checkOutput(t, from, to, cell);
    try {
      cellLoop.invokeExact(gates, before, cell, t, from, to);
    } catch (Throwable e) {
      throw thrown(e);
    }
    ScalarGateKernels.lstmCell(gates, before, cell, t, from, to, whole(cell));
  }

  @Override
  public void lstmState(Matrix gates, Matrix t, Matrix h, int from, int to) {
    checkGates(gates, 4, h);
    check(t, from, to, h);
    checkOutput(h, from, to, h);
    try {
      stateLoop.invokeExact(gates, t, h, from, to);
    } catch (Throwable e) {
      throw thrown(e);
    }
    ScalarGateKernels.lstmState(gates, t, h, from, to, whole(h));
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
    try {
      outputBackwardLoop.invokeExact(gates, t, dh, dc, dz, from, to);
      cellBackwardLoop.invokeExact(gates, before, dc, dz, from, to);
    } catch (Throwable e) {
      throw thrown(e);
    }
    ScalarGateKernels.lstmBackward(gates, before, t, dh, dc, dz, from, to, whole(dh));
  }

  @Override
  public void gruCandidate(Matrix gates, Matrix s, int from, int to) {
    checkGateOutputs(gates, 3, s);
    check(s, from, to, s);
    try {
      candidateLoop.invokeExact(gates, s, from, to);
    } catch (Throwable e) {
      throw thrown(e);
    }
    ScalarGateKernels.gruCandidate(gates, s, from, to, whole(s));
  }

  @Override
  public void gruState(Matrix gates, Matrix before, Matrix h, int from, int to) {
    checkGates(gates, 3, h);
    check(before, from, to, h);
    checkOutput(h, from, to, h);
    try {
      mixLoop.invokeExact(gates, before, h, from, to);
    } catch (Throwable e) {
      throw thrown(e);
    }
    ScalarGateKernels.gruState(gates, before, h, from, to, whole(h));
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
    try {
      mixBackwardLoop.invokeExact(gates, before, dh, dz, du, from, to);
      resetBackwardLoop.invokeExact(gates, s, dz, du, from, to);
    } catch (Throwable e) {
      throw thrown(e);
    }
    ScalarGateKernels.gruBackward(gates, before, s, dh, dz, du, from, to, whole(dh));
  }
}
