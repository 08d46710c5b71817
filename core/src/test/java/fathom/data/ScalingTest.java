package fathom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.api.Test;

class ScalingTest {
  /**
   * Shift and scale are rounded to floats (relative error u = 2^-24 each) and so is each result z,
   * |z| at most sqrt(N). The mean then misses 0 by at most u (|mean| / deviation + 2 max |z|), and
   * the variance 1 by about twice that times max |z|.
   */
  @Property(tries = 100, seed = "4")
  void standardGivesMeanZeroAndVarianceOne(
      @ForAll @IntRange(min = 2, max = 400) int n,
      @ForAll @FloatRange(min = -1000, max = 1000) @Scale(4) float centre,
      @ForAll @FloatRange(min = 0.01f, max = 1000) @Scale(4) float width,
      @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[][] x = new float[n][1];
    for (float[] row : x) {
      row[0] = centre + width * (float) (random.nextDouble() - 0.5);
    }
    String of = "n " + n + ", centre " + centre + ", width " + width + ", seed " + seed;
    try (Dataset data = Dataset.ofInputs(x)) {
      Scaling scaling = Scaling.standard(data.rows());
      data.scale(scaling);
      double mean = 0;
      double most = 0;
      for (int r = 0; r < n; r++) {
        mean += data.inputs().get(r, 0) / (double) n;
        most = Math.max(most, Math.abs(data.inputs().get(r, 0)));
      }
      double variance = 0;
      for (int r = 0; r < n; r++) {
        variance += Math.pow(data.inputs().get(r, 0) - mean, 2) / n;
      }
      double error =
          0x1p-24 * (Math.abs(scaling.shift()[0] * (double) scaling.scale()[0]) + 2 * most + 1);
      assertEquals(0, mean, error, of);
      assertEquals(1, variance, 4 * error * (most + 1), of);
    }
  }

  @Test
  void constantFeaturesAreOnlyCentred() {
    float[][] x = {{5, 0.1f, 1}, {5, 0.1f, 3}};
    try (Dataset data = Dataset.ofInputs(x)) {
      Scaling standard = Scaling.standard(data.rows());
      assertArrayEquals(new float[] {5, 0.1f, 2}, standard.shift());
      assertArrayEquals(new float[] {1, 1, 1}, standard.scale());
      Scaling range = Scaling.range(data.rows());
      assertArrayEquals(new float[] {5, 0.1f, 1}, range.shift());
      assertArrayEquals(new float[] {1, 1, 0.5f}, range.scale());
      data.scale(range);
      assertArrayEquals(new float[][] {{0, 0, 0}, {0, 0, 1}}, data.inputs().toArray());
    }
  }

  @Test
  void fitsTheRowsThatItIsGivenAndNoOthers() {
    float[][] x = new float[10][1];
    for (int i = 0; i < 10; i++) {
      x[i][0] = i;
    }
    try (Dataset data = Dataset.ofInputs(x)) {
      Rows train = data.split(0.3, 1).train();
      double mean = 0;
      for (int i = 0; i < train.size(); i++) {
        mean += train.row(i) / (double) train.size();
      }
      assertNotEquals(4.5, mean);
      assertEquals((float) mean, Scaling.standard(train).shift()[0]);
    }
  }

  @Test
  void extremeNumbersStayFinite() {
    float[][] x = {{Float.MAX_VALUE, Float.MIN_VALUE}, {-Float.MAX_VALUE, 0}};
    try (Dataset data = Dataset.ofInputs(x)) {
      data.scale(Scaling.standard(data.rows()));
      for (float[] row : data.inputs().toArray()) {
        assertTrue(Float.isFinite(row[0]) && Float.isFinite(row[1]));
      }
      assertEquals(1, data.inputs().get(0, 0), 1e-6);
    }
  }

  @Test
  void pixelsBecomeZeroToOne() {
    float[] row = {0, 255, 51};
    Scaling.pixels(3, 255).apply(row);
    assertArrayEquals(new float[] {0, 1, 51 * (1 / 255f)}, row);
  }

  /** x' = (x - a) s loses at most u |x'| + u |x|; dividing by s and adding a, as much again. */
  @Property(tries = 200, seed = "5")
  void undoGoesBack(
      @ForAll @FloatRange(min = -1000, max = 1000) @Scale(4) float x,
      @ForAll @FloatRange(min = -1000, max = 1000) @Scale(4) float shift,
      @ForAll @FloatRange(min = 0.001f, max = 1000) @Scale(4) float scale) {
    Scaling scaling = new Scaling(new float[] {shift}, new float[] {scale});
    float[] row = {x};
    scaling.apply(row);
    scaling.undo(row);
    assertEquals(x, row[0], 0x1p-23 * (Math.abs(x - shift) + Math.abs(x)) + 1e-30);
  }

  @Test
  void matrixAndRowAgree() {
    Scaling scaling = new Scaling(new float[] {1, -3}, new float[] {0.3f, 7});
    float[][] values = {{0.1f, 2}, {5, -1}};
    try (Arena arena = Arena.ofConfined()) {
      Matrix m = Matrix.of(arena, values);
      scaling.apply(m);
      for (float[] row : values) {
        scaling.apply(row);
      }
      assertArrayEquals(values, m.toArray());
      scaling.undo(m);
      for (float[] row : values) {
        scaling.undo(row);
      }
      assertArrayEquals(values, m.toArray());
    }
  }

  @Test
  void datasetRemembersAllThatWasDone() {
    try (Dataset data = Dataset.ofInputs(new float[][] {{0}, {128}, {255}})) {
      assertEquals(Scaling.identity(1), data.scaling());
      data.scale(Scaling.pixels(1, 255)).scale(Scaling.standard(data.rows()));
      float[] raw = {128};
      data.scaling().apply(raw);
      assertEquals(data.inputs().get(1, 0), raw[0], 1e-6);
    }
  }

  @Test
  void scaleToBringsRowsToTheScalingOfAModel() {
    float[][] x = {{3, 10}, {4, 30}, {9, 20}};
    try (Dataset data = Dataset.ofInputs(x);
        Dataset other = Dataset.ofInputs(x);
        Dataset pixels = Dataset.ofInputs(x)) {
      data.scale(Scaling.standard(data.rows()));
      other.scaleTo(data.scaling());
      assertArrayEquals(data.inputs().toArray(), other.inputs().toArray());
      other.scaleTo(data.scaling());
      assertArrayEquals(data.inputs().toArray(), other.inputs().toArray());
      pixels.scale(Scaling.pixels(2, 16)).scaleTo(data.scaling());
      for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 2; c++) {
          assertEquals(data.inputs().get(r, c), pixels.inputs().get(r, c), 1e-5);
        }
      }
      assertEquals(data.scaling(), pixels.scaling());
    }
  }

  @Test
  void targetsAreStandardizedAndTakenBack() {
    float[][] y = {{10}, {20}, {30}};
    try (Dataset data = Dataset.ofTargets(new float[3][1], y)) {
      data.scaleTargets(Scaling.standardTargets(data.rows()));
      assertEquals(0, data.targets().get(1, 0));
      float[] back = {data.targets().get(2, 0)};
      data.targetScaling().undo(back);
      assertEquals(30, back[0], 1e-5);
      assertThrows(IllegalArgumentException.class, () -> data.scaleTargets(Scaling.identity(2)));
    }
    try (Dataset data = Dataset.ofInputs(y)) {
      assertThrows(IllegalArgumentException.class, () -> data.scaleTargets(Scaling.identity(1)));
      assertThrows(IllegalArgumentException.class, () -> Scaling.standardTargets(data.rows()));
    }
  }

  @Test
  void isImmutableAndChecked() {
    float[] shift = {1};
    float[] scale = {2};
    Scaling scaling = new Scaling(shift, scale);
    shift[0] = 9;
    scaling.scale()[0] = 9;
    assertEquals(new Scaling(new float[] {1}, new float[] {2}), scaling);
    assertEquals(new Scaling(new float[] {1}, new float[] {2}).hashCode(), scaling.hashCode());
    assertNotEquals(new Scaling(new float[] {1}, new float[] {3}), scaling);
    for (float bad : new float[] {0, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThrows(
          IllegalArgumentException.class, () -> new Scaling(new float[1], new float[] {bad}));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new Scaling(new float[] {Float.NaN}, new float[] {1}));
    assertThrows(IllegalArgumentException.class, () -> new Scaling(new float[2], new float[1]));
    assertThrows(IllegalArgumentException.class, () -> new Scaling(new float[0], new float[0]));
    assertThrows(IllegalArgumentException.class, () -> scaling.apply(new float[2]));
    assertThrows(IllegalArgumentException.class, () -> scaling.undo(new float[2]));
    assertThrows(IllegalArgumentException.class, () -> scaling.then(Scaling.identity(2)));
  }
}
