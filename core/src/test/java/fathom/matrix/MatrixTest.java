package fathom.matrix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class MatrixTest {
  @Property(tries = 100)
  void transposeOfTransposeIsTheSame(
      @ForAll @IntRange(max = 70) int rows, @ForAll @IntRange(max = 70) int cols) {
    try (Arena arena = Arena.ofConfined()) {
      Matrix a = Matrix.allocate(arena, rows, cols);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++) {
          a.set(r, c, r * 1000 + c);
        }
      }
      Matrix t = Matrix.allocate(arena, cols, rows);
      t.transposeFrom(a);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++) {
          assertEquals(a.get(r, c), t.get(c, r));
        }
      }
      Matrix back = Matrix.allocate(arena, rows, cols);
      back.transposeFrom(t);
      assertArrayEquals(a.toArray(), back.toArray());
    }
  }

  @Test
  void rowsAreAView() {
    try (Arena arena = Arena.ofConfined()) {
      Matrix a = Matrix.of(arena, new float[][] {{1, 2}, {3, 4}, {5, 6}});
      Matrix middle = a.rows(1, 2);
      middle.set(0, 1, 9);
      assertEquals(9, a.get(1, 1));
      assertEquals("1x2", middle.toString());
      assertThrows(IndexOutOfBoundsException.class, () -> a.rows(1, 4));
      assertThrows(IndexOutOfBoundsException.class, () -> middle.get(1, 0));
    }
  }

  @Test
  void misuseIsNamed() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ten = arena.allocate(40, 64);
      assertEquals(
          "a matrix of 3x4 at offset 0 passes the end of a segment of 10 elements",
          assertThrows(IndexOutOfBoundsException.class, () -> new Matrix(ten, 0, 3, 4, 4))
              .getMessage());
      assertEquals(
          "a matrix of 2x4 needs a stride of 4, not 3",
          assertThrows(IllegalArgumentException.class, () -> new Matrix(ten, 0, 2, 4, 3))
              .getMessage());
      MemorySegment heap = MemorySegment.ofArray(new float[10]);
      assertThrows(IllegalArgumentException.class, () -> new Matrix(heap, 0, 1, 1, 1));
      assertThrows(IllegalArgumentException.class, () -> Matrix.allocate(arena, -1, 2));
      float[][] ragged = {{1, 2}, {3}};
      assertEquals(
          "row 0 has 2 values, row 1 has 1",
          assertThrows(IllegalArgumentException.class, () -> Matrix.of(arena, ragged))
              .getMessage());
    }
  }

  @Test
  void useAfterCloseThrows() {
    Matrix a;
    try (Arena arena = Arena.ofShared()) {
      a = Matrix.allocate(arena, 2, 2);
    }
    assertThrows(IllegalStateException.class, () -> a.get(0, 0));
  }
}
