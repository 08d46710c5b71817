package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class AugmentationTest {
  private static final int WIDTH = 30;
  private static final int HEIGHT = 20;

  private static float[] apply(Augmentation images, float[] image, long seed, int row) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(4L * (image.length + 3), 64);
      MemorySegment.copy(image, 0, memory, JAVA_FLOAT, 12, image.length);
      images.worker().apply(memory, 3, seed, row);
      return Arrays.copyOfRange(memory.toArray(JAVA_FLOAT), 3, image.length + 3);
    }
  }

  /** Light around a place, so smooth that a bilinear sample has its middle where it should be. */
  private static float[] spot(double x, double y) {
    float[] image = new float[WIDTH * HEIGHT];
    for (int p = 0; p < image.length; p++) {
      int line = p / WIDTH;
      double dx = p % WIDTH - x;
      double dy = line - y;
      image[p] = (float) Math.exp(-(dx * dx + dy * dy) / 4);
    }
    return image;
  }

  private static double[] middle(float[] image) {
    double sum = 0;
    double x = 0;
    double y = 0;
    for (int p = 0; p < image.length; p++) {
      int line = p / WIDTH;
      sum += image[p];
      x += (double) image[p] * (p % WIDTH);
      y += (double) image[p] * line;
    }
    return new double[] {x / sum, y / sum};
  }

  private static Augmentation images() {
    return Augmentation.images(WIDTH, HEIGHT);
  }

  @Test
  void nothingSetChangesNothing() {
    float[] image = spot(12, 9);
    assertArrayEquals(image, apply(images(), image, 1, 1));
    assertArrayEquals(image, apply(images().shift(0).elastic(0, 6).noise(0), image, 1, 1));
  }

  @Test
  void drawsDependOnTheSeedAndTheRowAlone() {
    Augmentation all = images().shift(2).rotate(10).scale(0.1f).elastic(36, 6).noise(0.05f);
    float[] image = spot(12, 9);
    float[] one = apply(all, image, 7, 3);
    assertArrayEquals(one, apply(all, image, 7, 3));
    assertFalse(Arrays.equals(one, apply(all, image, 8, 3)), "another seed");
    assertFalse(Arrays.equals(one, apply(all, image, 7, 4)), "another row");
    Augmentation.Worker worker = all.worker();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(4L * image.length, 64);
      worker.apply(memory, 0, 99, 99);
      MemorySegment.copy(image, 0, memory, JAVA_FLOAT, 0, image.length);
      worker.apply(memory, 0, 7, 3);
      assertArrayEquals(one, memory.toArray(JAVA_FLOAT), "what a worker did before shows");
    }
  }

  /** Bilinear samples of a shifted image have their middle shifted by as much. */
  @Test
  void shiftsUpToThePixelsEitherWay() {
    double[] least = {9, 9};
    double[] most = {-9, -9};
    for (int row = 0; row < 500; row++) {
      double[] to = middle(apply(images().shift(3), spot(15, 10), 5, row));
      double[] moved = {to[0] - 15, to[1] - 10};
      for (int axis = 0; axis < 2; axis++) {
        least[axis] = Math.min(least[axis], moved[axis]);
        most[axis] = Math.max(most[axis], moved[axis]);
      }
    }
    for (int axis = 0; axis < 2; axis++) {
      // Within the bound, but for what light the edges cut off; of 500 draws some come near it.
      assertTrue(least[axis] > -3.1 && least[axis] < -2.7, "least " + least[axis]);
      assertTrue(most[axis] < 3.1 && most[axis] > 2.7, "most " + most[axis]);
    }
  }

  @Test
  void turnsAboutTheMiddle() {
    double far = 6;
    double most = 0;
    for (int row = 0; row < 500; row++) {
      double[] to = middle(apply(images().rotate(20), spot(14.5 + far, 9.5), 5, row));
      double dx = to[0] - 14.5;
      double dy = to[1] - 9.5;
      assertEquals(far, Math.hypot(dx, dy), 0.05, "row " + row);
      most = Math.max(most, Math.abs(Math.toDegrees(Math.atan2(dy, dx))));
    }
    assertTrue(most > 19 && most < 20.5, "most degrees " + most);
  }

  @Test
  void enlargesFromTheMiddle() {
    double least = 9;
    double most = 0;
    for (int row = 0; row < 500; row++) {
      double[] to = middle(apply(images().scale(0.25f), spot(14.5 + 4, 9.5), 5, row));
      assertEquals(9.5, to[1], 0.01, "row " + row);
      double factor = (to[0] - 14.5) / 4;
      least = Math.min(least, factor);
      most = Math.max(most, factor);
    }
    assertTrue(least > 0.74 && least < 0.77 && most > 1.23 && most < 1.26, least + " " + most);
  }

  /**
   * A field is smoothed uniform noise of variance 1/3, whose squares of weights sum to 1/(4 pi s²).
   * A ramp reads it back: the result is x + dx in the inside. The field is nearly constant over s
   * pixels, so that 400 images of a few such patches give its deviation to about 4 %; 15 % are
   * allowed.
   */
  @Test
  void elasticDisplacementsHaveTheirSize() {
    float[] ramp = new float[64 * 64];
    for (int p = 0; p < ramp.length; p++) {
      ramp[p] = p % 64;
    }
    double squares = 0;
    double neighbours = 0;
    for (int row = 0; row < 400; row++) {
      float[] to = apply(Augmentation.images(64, 64).elastic(20, 4), ramp, 3, row);
      double here = to[32 * 64 + 32] - 32;
      squares += here * here / 400;
      double next = to[32 * 64 + 33] - 33 - here;
      neighbours += next * next / 400;
    }
    double deviation = 20 * Math.sqrt(1.0 / 3) / (2 * 4 * Math.sqrt(Math.PI));
    assertEquals(deviation, Math.sqrt(squares), 0.15 * deviation);
    // Of a Gaussian, neighbours differ by 1/(s sqrt 2) of the deviation.
    assertEquals(deviation / (4 * Math.sqrt(2)), Math.sqrt(neighbours), 0.15 * deviation / 5.6);
  }

  @Test
  void whatLiesOutsideIsZero() {
    float[] white = new float[WIDTH * HEIGHT];
    Arrays.fill(white, 1);
    float[] small = apply(images().shift(400), white, 1, 1);
    assertArrayEquals(new float[WIDTH * HEIGHT], small, "shifted out of sight");
    for (float x : apply(images().shift(5).rotate(45).elastic(30, 2), white, 2, 1)) {
      assertTrue(x >= 0 && x <= 1.000001f, "a mean of zeros and ones: " + x);
    }
  }

  /** 60,000 normal draws: mean within 5 and variance within 5 of their standard errors. */
  @Test
  void noiseIsNormal() {
    int n = 100 * WIDTH * HEIGHT;
    double sum = 0;
    double squares = 0;
    for (int row = 0; row < 100; row++) {
      for (float x : apply(images().noise(0.5f), new float[WIDTH * HEIGHT], 1, row)) {
        sum += x;
        squares += (double) x * x;
      }
    }
    assertEquals(0, sum / n, 5 * 0.5 / Math.sqrt(n));
    assertEquals(0.25, squares / n, 5 * 0.25 * Math.sqrt(2.0 / n));
  }

  @Test
  void refusesWhatMakesNoSense() {
    Map<Executable, String> bad =
        Map.of(
            () -> Augmentation.images(0, 3), "0x3",
            () -> images().shift(-1), "-1",
            () -> images().rotate(181), "181",
            () -> images().scale(1), "0.9",
            () -> images().elastic(1, 0), "from 0.1 to 30",
            () -> images().noise(Float.NaN), "NaN",
            () -> images().requirePixels(784), "rows of 784");
    bad.forEach(
        (call, part) -> {
          String message = assertThrows(IllegalArgumentException.class, call).getMessage();
          assertTrue(message.contains(part), message);
        });
  }
}
