package fathom.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProductTest {
  static Stream<Arguments> shapes() {
    int[][] sizes = {
      {1, 1, 1},
      {10, 1, 256},
      {128, 32, 784},
      {33, 65, 31},
      {64, 64, 200},
      {97, 128, 1100},
      {70, 130, 400},
      {3, 2600, 1000},
      {300, 200, 100}
    };
    return Stream.of(Form.values())
        .flatMap(f -> Stream.of(sizes).map(s -> Arguments.of(f, s[0], s[1], s[2])));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void blocksTogetherAreTheProduct(Form form, int rows, int cols, int inner) {
    Random random = new Random(rows * 31L + cols);
    try (Arena arena = Arena.ofConfined()) {
      Matrix a =
          draw(arena, random, form == Form.TN ? inner : rows, form == Form.TN ? rows : inner);
      Matrix b =
          draw(arena, random, form == Form.NT ? cols : inner, form == Form.NT ? inner : cols);
      Matrix c = Matrix.allocate(arena, rows, cols);
      for (int r = 0; r < rows; r++) {
        for (int j = 0; j < cols; j++) {
          c.set(r, j, Float.NaN);
        }
      }
      Product product = new Product(Blas.openBlas(), form, rows, cols, inner);
      int covered = 0;
      for (int block = 0; block < product.blocks(); block++) {
        assertEquals(covered, product.from(block));
        covered = product.to(block);
        product.run(a, b, c, block);
      }
      assertEquals(rows, covered);
      for (int r = 0; r < rows; r++) {
        for (int j = 0; j < cols; j++) {
          double sum = 0;
          for (int k = 0; k < inner; k++) {
            float left = form == Form.TN ? a.get(k, r) : a.get(r, k);
            float right = form == Form.NT ? b.get(j, k) : b.get(k, j);
            sum += (double) left * right;
          }
          // Whole numbers from -3 to 3: sums below 2^24 are exact in any order.
          assertEquals(sum, c.get(r, j), 0.0, form + " at " + r + ", " + j);
        }
      }
    }
  }

  private static Matrix draw(Arena arena, Random random, int rows, int cols) {
    Matrix matrix = Matrix.allocate(arena, rows, cols);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        matrix.set(r, c, random.nextInt(7) - 3);
      }
    }
    return matrix;
  }

  /** One column of a wider matrix is what a recurrent step sees of a batch of one. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 64})
  void aProductIsAddedToColumnsOfWiderMatrices(int cols) {
    Random random = new Random(cols);
    try (Arena arena = Arena.ofConfined()) {
      Matrix a = draw(arena, random, 40, 30);
      Matrix wideB = draw(arena, random, 30, cols + 5);
      Matrix wideC = draw(arena, random, 40, cols + 7);
      float[][] before = wideC.toArray();
      Matrix b = new Matrix(wideB.segment(), 2, 30, cols, cols + 5);
      Matrix c = new Matrix(wideC.segment(), 3, 40, cols, cols + 7);
      Product product = new Product(Blas.openBlas(), Form.NN, 40, cols, 30);
      for (int block = 0; block < product.blocks(); block++) {
        product.add(a, b, c, block);
      }
      for (int r = 0; r < 40; r++) {
        for (int j = 0; j < cols + 7; j++) {
          double sum = before[r][j];
          for (int k = 0; k < 30 && j >= 3 && j < cols + 3; k++) {
            sum += (double) a.get(r, k) * b.get(k, j - 3);
          }
          assertEquals(sum, wideC.get(r, j), 0.0, "at " + r + ", " + j);
        }
      }
    }
  }

  @Test
  void blocksStartAtMultiplesOfSixteen() {
    for (int rows : new int[] {16, 100, 1000, 5000}) {
      for (int inner : new int[] {16, 700, 4096}) {
        Product product = new Product(Blas.openBlas(), Form.TN, rows, 256, inner);
        for (int block = 0; block < product.blocks(); block++) {
          assertEquals(0, product.from(block) % 16, rows + " rows, block " + block);
        }
      }
    }
  }

  @Test
  void aWrongShapeIsNamedWithBothSides() {
    try (Arena arena = Arena.ofConfined()) {
      Matrix a = Matrix.allocate(arena, 4, 5);
      Matrix b = Matrix.allocate(arena, 6, 3);
      Matrix c = Matrix.allocate(arena, 4, 3);
      Product product = new Product(Blas.openBlas(), Form.NN, 4, 3, 5);
      String message =
          assertThrows(IllegalArgumentException.class, () -> product.run(a, b, c, 0)).getMessage();
      assertTrue(message.contains("4x3 over 5") && message.contains("6x3"), message);
    }
  }
}
