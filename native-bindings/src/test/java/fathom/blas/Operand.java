package fathom.blas;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.DoubleSupplier;

/**
 * A matrix in single or double precision, its rows apart from each other and from both ends of its
 * memory; all that lies between is a guard.
 */
record Operand(MemorySegment segment, long offset, int rows, int cols, int ld, boolean isDouble) {
  private static final float GUARD = -98765.5f;

  static Operand of(
      Arena arena, int rows, int cols, int gap, boolean isDouble, DoubleSupplier numbers) {
    int ld = Math.max(1, cols + gap);
    long elements = 5 + (long) rows * ld + 70;
    MemorySegment segment = arena.allocate(elements * (isDouble ? 8 : 4), 64);
    Operand operand = new Operand(segment, 5, rows, cols, ld, isDouble);
    for (long i = 0; i < elements; i++) {
      operand.write(i, GUARD);
    }
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        operand.set(r, c, numbers.getAsDouble());
      }
    }
    return operand;
  }

  double get(int r, int c) {
    return read(offset + (long) r * ld + c);
  }

  void set(int r, int c, double value) {
    write(offset + (long) r * ld + c, value);
  }

  /** Returns element (r, c) of op(this). */
  double get(Transpose trans, int r, int c) {
    return trans == Transpose.NO ? get(r, c) : get(c, r);
  }

  void assertGuards(String what) {
    long elements = segment.byteSize() / (isDouble ? 8 : 4);
    for (long i = 0; i < elements; i++) {
      long r = Math.floorDiv(i - offset, (long) ld);
      boolean inside = r >= 0 && r < rows && i - offset - r * ld < cols;
      if (!inside && read(i) != GUARD) {
        fail(what + ": guard " + i + " became " + read(i));
      }
    }
  }

  private double read(long i) {
    return isDouble ? segment.getAtIndex(JAVA_DOUBLE, i) : segment.getAtIndex(JAVA_FLOAT, i);
  }

  private void write(long i, double value) {
    if (isDouble) {
      segment.setAtIndex(JAVA_DOUBLE, i, value);
    } else {
      segment.setAtIndex(JAVA_FLOAT, i, (float) value);
    }
  }
}
