package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_INT;
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

  @Property(tries = 200, seed = "5")
  void aFewRowsOfEachClassAreChosen(
      @ForAll @IntRange(min = 1, max = 7) int classes,
      @ForAll @IntRange(min = 1, max = 40) int count,
      @ForAll long seed) {
    int n = 60 * classes;
    int[] y = new SplittableRandom(seed).ints(n, 0, classes).toArray();
    String of = "classes " + classes + ", count " + count + ", seed " + seed;
    try (Dataset data = Dataset.ofLabels(new float[n][1], y, classes)) {
      Rows some = data.split(0.1, seed).train();
      int fewest = Arrays.stream(some.classCounts()).min().orElseThrow();
      if (fewest < count) {
        assertThrows(IllegalArgumentException.class, () -> some.perClass(count, seed), of);
        return;
      }
      Rows few = some.perClass(count, seed);
      int[] even = new int[classes];
      Arrays.fill(even, count);
      assertArrayEquals(even, few.classCounts(), of);
      int[] rows = rows(few);
      for (int i = 0; i < rows.length; i++) {
        assertTrue(Arrays.binarySearch(rows(some), rows[i]) >= 0, of);
        assertTrue(i == 0 || rows[i] > rows[i - 1], of);
      }
      assertArrayEquals(rows, rows(some.perClass(count, seed)), of);
    }
  }

  @Test
  void otherSeedsChooseOtherRows() {
    try (Dataset data = Dataset.ofLabels(new float[100][1], new int[100], 1)) {
      assertFalse(
          Arrays.equals(rows(data.rows().perClass(5, 1)), rows(data.rows().perClass(5, 2))));
    }
  }

  @Test
  void someClassesAreADatasetOfTheirOwn() {
    float[][] x = {{0}, {10}, {20}, {30}, {40}, {50}};
    try (Dataset data = Dataset.ofLabels(x, new int[] {0, 1, 2, 0, 1, 2}, 3)) {
      data.classNames(List.of("ash", "elm", "oak")).featureNames(List.of("height"));
      data.scale(Scaling.pixels(1, 10)).imageSize(1, 1);
      Rows later = new Rows(data, new int[] {1, 2, 3, 4, 5});
      try (Dataset chosen = later.ofClasses(2, 0)) {
        assertArrayEquals(new float[][] {{2}, {3}, {5}}, chosen.inputs().toArray());
        assertArrayEquals(new int[] {0, 1, 0}, chosen.labels().toArray(JAVA_INT));
        assertEquals(List.of("oak", "ash"), chosen.classNames());
        assertEquals(List.of("height"), chosen.featureNames());
        assertEquals(data.scaling(), chosen.scaling());
        assertEquals(1, chosen.imageHeight());
        assertTrue(chosen.about().endsWith("; 3 of the classes [oak, ash]"), chosen.about());
      }
      Rows elms = new Rows(data, new int[] {1, 4});
      for (int[] wrong : new int[][] {{0, 3}, {-1}, {1, 1}, {}}) {
        assertThrows(IllegalArgumentException.class, () -> later.ofClasses(wrong));
      }
      assertThrows(IllegalArgumentException.class, () -> elms.ofClasses(0, 2));
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
