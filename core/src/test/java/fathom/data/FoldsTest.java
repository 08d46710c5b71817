package fathom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class FoldsTest {
  /** Every row is held out once and trained on in all other folds, in order. */
  @Property(tries = 200, seed = "10")
  void foldsDivideRowsAndClasses(
      @ForAll @IntRange(min = 2, max = 300) int n,
      @ForAll @IntRange(min = 1, max = 9) int classes,
      @ForAll @IntRange(min = 2, max = 12) int wanted,
      @ForAll long seed) {
    int k = Math.min(wanted, n);
    int[] y = new SplittableRandom(seed).ints(n, 0, classes).toArray();
    String of = "n " + n + ", classes " + classes + ", k " + k + ", seed " + seed;
    try (Dataset data = Dataset.ofLabels(new float[n][1], y, classes)) {
      int[] all = data.rows().classCounts();
      for (boolean stratified : new boolean[] {true, false}) {
        List<Split> folds = stratified ? data.folds(k, seed) : data.rows().plainFolds(k, seed);
        assertEquals(k, folds.size(), of);
        int[] held = new int[n];
        for (Split fold : folds) {
          assertSame(data, fold.train().dataset());
          int size = fold.held().size();
          assertTrue(size == n / k || size == (n + k - 1) / k, of + ": " + size);
          int[] once = new int[n];
          Arrays.fill(once, 1);
          int[] count = new int[n];
          for (Rows part : List.of(fold.train(), fold.held())) {
            for (int i = 0; i < part.size(); i++) {
              count[part.row(i)]++;
              assertTrue(i == 0 || part.row(i) > part.row(i - 1), of);
            }
          }
          assertArrayEquals(once, count, of);
          for (int i = 0; i < size; i++) {
            held[fold.held().row(i)]++;
          }
          int[] counts = fold.held().classCounts();
          for (int c = 0; stratified && c < classes; c++) {
            assertTrue(
                counts[c] == all[c] / k || counts[c] == (all[c] + k - 1) / k,
                of + ", class " + c + ": " + counts[c] + " of " + all[c]);
          }
        }
        assertTrue(Arrays.stream(held).allMatch(times -> times == 1), of);
      }
    }
  }

  @Test
  void foldsDependOnTheSeedAlone() {
    try (Dataset data = Dataset.ofInputs(new float[50][1]);
        Dataset same = Dataset.ofInputs(new float[50][1])) {
      int[] rows = held(data.folds(5, 3).get(1));
      assertArrayEquals(rows, held(same.folds(5, 3).get(1)));
      assertArrayEquals(rows, held(same.rows().plainFolds(5, 3).get(1)));
      assertFalse(Arrays.equals(rows, held(data.folds(5, 4).get(1))));
    }
  }

  @Test
  void partsHaveFoldsOfTheirOwn() {
    try (Dataset data = Dataset.ofInputs(new float[40][1])) {
      Split outer = data.split(0.25, 1);
      for (Split inner : outer.train().folds(3, 1)) {
        assertEquals(10, inner.held().size());
        assertEquals(20, inner.train().size());
        for (int row : held(inner)) {
          assertFalse(Arrays.stream(held(outer)).anyMatch(other -> other == row));
        }
      }
    }
  }

  @Test
  void refusesTooFewAndTooMany() {
    try (Dataset data = Dataset.ofInputs(new float[5][1])) {
      assertEquals(1, data.folds(5, 0).get(4).held().size());
      for (int k : new int[] {-1, 0, 1, 6}) {
        String message =
            assertThrows(IllegalArgumentException.class, () -> data.folds(k, 0)).getMessage();
        assertTrue(message.startsWith(k + " folds of 5 rows: choose"), message);
      }
    }
  }

  private static int[] held(Split split) {
    int[] rows = new int[split.held().size()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = split.held().row(i);
    }
    return rows;
  }
}
