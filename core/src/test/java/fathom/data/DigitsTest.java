package fathom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class DigitsTest {
  @Test
  void holdsThePublishedRows() {
    try (Dataset digits = Digits.load()) {
      assertEquals(1797, digits.size());
      assertEquals(64, digits.features());
      assertEquals(8, digits.imageWidth());
      assertEquals(8, digits.imageHeight());
      assertEquals(List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"), digits.classNames());
      assertArrayEquals(
          new int[] {178, 182, 177, 183, 181, 182, 181, 179, 174, 180},
          digits.rows().classCounts());
      float darkest = 0;
      for (float[] row : digits.inputs().toArray()) {
        for (float x : row) {
          assertTrue(x >= 0 && x * 16 == Math.rint(x * 16), "pixel " + x);
          darkest = Math.max(darkest, x);
        }
      }
      assertEquals(1, darkest);
      assertEquals(Scaling.pixels(64, 16), digits.scaling());
    }
  }

  @Test
  void aFifthHeldOutHasAFifthOfEachDigit() {
    try (Dataset digits = Digits.load()) {
      Split split = digits.split(0.2, 42);
      assertEquals(359, split.held().size());
      assertEquals(1438, split.train().size());
      int[] held = split.held().classCounts();
      int[] all = digits.rows().classCounts();
      for (int c = 0; c < 10; c++) {
        assertEquals(all[c] / 5.0, held[c], 1, "digit " + c);
      }
    }
  }
}
