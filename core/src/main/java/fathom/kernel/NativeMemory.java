package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * The native memory of the process, by address. Kernels check a segment or a matrix here before a
 * loop, and then read and write at addresses, as BLAS does. The caller keeps the memory open, and
 * the segment or matrix reachable, until the kernel returns.
 *
 * <p>Loops must not access the segments themselves. An access asks whether the segment's arena has
 * an owner and then, only if so, whether that is this thread. The JDK's methods that ask keep one
 * profile for the whole process. Once any code has used a confined arena, C2 takes the second
 * question for one that a loop asks often and whose answer is always yes, and asks it once before
 * the loop, without the first. Memory of a shared arena has no owner, so this check fails, and the
 * code is thrown away. A range check of longs makes C2 split the loop in two, and the check before
 * the inner one it makes again in each compilation, up to a hundred times, whatever happened
 * before; each takes a second for a large loop, in which the loop is interpreted. {@link #ALL} is a
 * constant without an owner: C2 knows the answer, and asks nothing.
 */
final class NativeMemory {
  /** All of it; an offset is an address. */
  @SuppressWarnings("restricted")
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private NativeMemory() {}

  /**
   * Returns the address of a segment's first byte, after checking that elements of four bytes
   * {@code [from, to)} may be accessed.
   *
   * @throws IllegalArgumentException if the segment is on the heap
   * @throws IllegalStateException if its arena is closed
   * @throws WrongThreadException if its arena is another thread's
   * @throws IndexOutOfBoundsException if it has no such elements
   */
  static long address(MemorySegment x, long from, long to) {
    if (!x.isNative()) {
      throw new IllegalArgumentException("kernels work in native memory, not on the heap");
    }
    checkAccess(x);
    if (from < to) {
      Objects.checkFromToIndex(from, to, x.byteSize() / Float.BYTES);
    }
    return x.address();
  }

  /**
   * Returns the address of a segment's first byte, after checking that elements of four bytes
   * {@code [from, to)} may be written.
   *
   * @throws IllegalArgumentException as {@link #address}, and if the segment is read-only
   */
  static long output(MemorySegment x, long from, long to) {
    checkWrite(x);
    return address(x, from, to);
  }

  /**
   * Checks that rows {@code [from, to)} of a matrix may be accessed, in their first {@code cols}
   * columns.
   *
   * @throws IllegalStateException if the matrix's arena is closed
   * @throws WrongThreadException if its arena is another thread's
   * @throws IndexOutOfBoundsException if it has no such rows or columns
   */
  static void check(Matrix x, int from, int to, int cols) {
    checkAccess(x.segment());
    if (from < to && (from < 0 || to > x.rows() || cols > x.cols())) {
      throw new IndexOutOfBoundsException(
          "rows " + from + " to " + to + " in " + cols + " columns of a matrix " + x);
    }
  }

  /**
   * Checks that they may be written.
   *
   * @throws IllegalArgumentException if the matrix is read-only
   */
  static void checkOutput(Matrix x, int from, int to, int cols) {
    checkWrite(x.segment());
    check(x, from, to, cols);
  }

  private static void checkWrite(MemorySegment x) {
    if (x.isReadOnly()) {
      throw new IllegalArgumentException("a kernel was given read-only memory to write to");
    }
  }

  private static void checkAccess(MemorySegment x) {
    if (!x.scope().isAlive()) {
      throw new IllegalStateException("a kernel was given memory whose arena is closed");
    }
    if (!x.isAccessibleBy(Thread.currentThread())) {
      throw new WrongThreadException("a kernel was given memory of another thread's arena");
    }
  }

  /** Returns the float at an address. */
  static float get(long address) {
    return ALL.get(JAVA_FLOAT, address);
  }

  /** Writes a float to an address. */
  static void set(long address, float value) {
    ALL.set(JAVA_FLOAT, address, value);
  }

  /** Returns the int at an address. */
  static int getInt(long address) {
    return ALL.get(JAVA_INT, address);
  }
}
