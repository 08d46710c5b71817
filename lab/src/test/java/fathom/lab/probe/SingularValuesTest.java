package fathom.lab.probe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SingularValuesTest {
  @Test
  void aDiagonalHasItsSizes() {
    double[][] matrix = {{0, -3, 0}, {2, 0, 0}, {0, 0, 1e-12}};
    double[] values = SingularValues.of(matrix);
    assertArrayEquals(new double[] {3, 2, 1e-12}, values, 1e-15);
    assertEquals(-3, matrix[0][1], "the matrix is left as it is");
  }

  /** Of [[1, 1], [0, 1]]: the golden ratio and its inverse. */
  @Test
  void aShearHasTheGoldenRatio() {
    double golden = (1 + Math.sqrt(5)) / 2;
    double[] values = SingularValues.of(new double[][] {{1, 1}, {0, 1}});
    assertArrayEquals(new double[] {golden, 1 / golden}, values, 1e-14);
    double[] wide = SingularValues.of(new double[][] {{3, 0, 4}, {0, 1, 0}});
    assertArrayEquals(new double[] {5, 1}, wide, 1e-14);
  }

  /** A rank-one matrix has one, the product of the lengths; graded ones keep the small ones. */
  @Test
  void rankAndSumOfSquaresAreKept() {
    Random random = new Random(7);
    double[][] matrix = new double[20][15];
    double squares = 0;
    for (double[] row : matrix) {
      for (int c = 0; c < row.length; c++) {
        row[c] = random.nextGaussian();
        squares += row[c] * row[c];
      }
    }
    double sum = 0;
    double[] values = SingularValues.of(matrix);
    for (int i = 0; i < values.length; i++) {
      sum += values[i] * values[i];
      assertEquals(true, i == 0 || values[i] <= values[i - 1], "descending");
    }
    assertEquals(squares, sum, 1e-11 * squares);
    double[][] product = new double[3][3];
    for (int r = 0; r < 3; r++) {
      for (int c = 0; c < 3; c++) {
        product[r][c] = (r + 1) * (c - 1);
      }
    }
    assertArrayEquals(
        new double[] {Math.sqrt(14) * Math.sqrt(2), 0, 0}, SingularValues.of(product), 1e-13);
  }
}
