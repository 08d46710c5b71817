package fathom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.api.Test;

class RowsTest {
  /** Both parts together hold every row once, in order, and each class its share to within one. */
  @Property(tries = 300, seed = "2")
  void splitDividesEveryClass(
      @ForAll @IntRange(min = 2, max = 500) int n,
      @ForAll @IntRange(min = 1, max = 12) int classes,
      @ForAll @DoubleRange(min = 0.001, max = 0.999) @Scale(6) double fraction,
      @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] y = random.ints(n, 0, classes).toArray();
    String of = "n " + n + ", classes " + classes + ", fraction " + fraction + ", seed " + seed;
    try (Dataset data = Dataset.ofLabels(new float[n][1], y, classes)) {
      long held = Math.round(n * fraction);
      if (held == 0 || held == n) {
        assertThrows(IllegalArgumentException.class, () -> data.split(fraction, seed), of);
        return;
      }
      Split split = data.split(fraction, seed);
      assertEquals(held, split.held().size(), of);
      int[] rows = new int[n];
      for (int i = 0; i < n; i++) {
        Rows part = i < held ? split.held() : split.train();
        int place = i < held ? i : i - (int) held;
        rows[i] = part.row(place);
        assertTrue(place == 0 || part.row(place) > part.row(place - 1), of);
      }
      Arrays.sort(rows);
      assertArrayEquals(Shuffle.identity(n), rows, of);
      int[] all = data.rows().classCounts();
      int[] out = split.held().classCounts();
      for (int c = 0; c < classes; c++) {
        assertTrue(Math.abs(out[c] - all[c] * (double) held / n) < 1, of + ", class " + c);
      }
    }
  }

  @Test
  void splitDependsOnTheSeedAlone() {
    try (Dataset data = numbered(100);
        Dataset same = numbered(100)) {
      int[] rows = rows(data.split(0.2, 7).held());
      assertArrayEquals(rows, rows(data.split(0.2, 7).held()));
      assertArrayEquals(rows, rows(same.split(0.2, 7).held()));
      assertFalse(Arrays.equals(rows, rows(data.split(0.2, 8).held())));
    }
  }

  @Test
  void partsShareTheMemory() {
    try (Dataset data = numbered(10)) {
      Rows held = data.split(0.3, 1).held();
      assertSame(data, held.dataset());
      data.inputs().set(held.row(0), 0, 99);
      assertEquals(99, held.batchesInOrder(1).iterator().next().inputs().get(0, 0));
    }
  }

  @Test
  void partsCanBeSplitAgain() {
    try (Dataset data = numbered(100)) {
      Split outer = data.split(0.2, 1);
      Split inner = outer.train().split(0.25, 1);
      assertEquals(60, inner.train().size());
      int[] all = new int[100];
      for (Rows part : new Rows[] {inner.train(), inner.held(), outer.held()}) {
        for (int i = 0; i < part.size(); i++) {
          all[part.row(i)]++;
        }
      }
      int[] once = new int[100];
      Arrays.fill(once, 1);
      assertArrayEquals(once, all);
    }
  }

  @Test
  void refusesFractionsOutside() {
    try (Dataset data = numbered(10)) {
      for (double fraction : new double[] {0, 1, -0.1, 1.5, Double.NaN, 0.01, 0.99}) {
        String message =
            assertThrows(IllegalArgumentException.class, () -> data.split(fraction, 1))
                .getMessage();
        assertTrue(message.contains(fraction + " of 10 rows"), message);
      }
      assertThrows(IndexOutOfBoundsException.class, () -> data.rows().row(10));
      assertThrows(IndexOutOfBoundsException.class, () -> data.rows().row(-1));
    }
  }

  private static Dataset numbered(int n) {
    float[][] x = new float[n][1];
    for (int i = 0; i < n; i++) {
      x[i][0] = i;
    }
    return Dataset.ofInputs(x);
  }

  private static int[] rows(Rows rows) {
    int[] index = new int[rows.size()];
    for (int i = 0; i < index.length; i++) {
      index[i] = rows.row(i);
    }
    return index;
  }
}
