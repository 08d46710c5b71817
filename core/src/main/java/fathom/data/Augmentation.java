package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Random distortions of images that leave their class as it is. One pixel of the result, at p from
 * the middle of the image, is read between four pixels of the original, at
 *
 * <pre>
 *   R(-angle) (p - shift) / factor + displacement(p)
 * </pre>
 *
 * <p>from its middle, bilinearly; beyond the edges all is 0. Noise comes last. What is drawn for an
 * image depends on a seed and the image's number alone. Immutable; each method returns a new
 * augmentation, and what is not set is left alone.
 *
 * @see <a href="https://doi.org/10.1109/ICDAR.2003.1227801">Simard et al., Best practices for
 *     convolutional neural networks applied to visual document analysis, 2003</a>
 */
public final class Augmentation {
  private static final long DRAWS = 0x6175676D656E74L;

  /** Taps of the Gaussian on each side, in standard deviations. */
  private static final float REACH = 3;

  private final int width;
  private final int height;
  private final float shift;
  private final float degrees;
  private final float scale;
  private final float alpha;
  private final float sigma;
  private final float noise;

  private Augmentation(
      int width,
      int height,
      float shift,
      float degrees,
      float scale,
      float alpha,
      float sigma,
      float noise) {
    this.width = width;
    this.height = height;
    this.shift = shift;
    this.degrees = degrees;
    this.scale = scale;
    this.alpha = alpha;
    this.sigma = sigma;
    this.noise = noise;
  }

  /**
   * Returns an augmentation of images that changes nothing yet.
   *
   * @throws IllegalArgumentException if a side is below 1
   */
  public static Augmentation images(int width, int height) {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException("an image of " + width + "x" + height + " has no pixels");
    }
    return new Augmentation(width, height, 0, 0, 0, 0, 1, 0);
  }

  /** Moves each image along each axis by uniform draws of up to so many pixels. */
  public Augmentation shift(float pixels) {
    require("a shift", pixels, Float.MAX_VALUE);
    return new Augmentation(width, height, pixels, degrees, scale, alpha, sigma, noise);
  }

  /** Turns each image by a uniform draw of up to so many degrees, either way. */
  public Augmentation rotate(float upTo) {
    require("a rotation", upTo, 180);
    return new Augmentation(width, height, shift, upTo, scale, alpha, sigma, noise);
  }

  /** Enlarges each image by a factor drawn from {@code [1 - share, 1 + share]}. */
  public Augmentation scale(float share) {
    require("a change of scale", share, 0.9f);
    return new Augmentation(width, height, shift, degrees, share, alpha, sigma, noise);
  }

  /**
   * Displaces each pixel: for each axis, uniform draws from [-1, 1] of all pixels are smoothed by a
   * Gaussian (with zeros beyond the edges) and multiplied by the strength. Inside the image the
   * displacement's standard deviation is about {@code 0.163 strength / deviation} pixels.
   *
   * @param strength Simard's alpha
   * @param deviation the Gaussian's standard deviation in pixels, at most as large as the image
   */
  public Augmentation elastic(float strength, float deviation) {
    require("the strength of an elastic distortion", strength, Float.MAX_VALUE);
    if (!(deviation >= 0.1f && deviation <= Math.max(width, height))) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the deviation of an elastic distortion must be from 0.1 to %d pixels, not %s",
              Math.max(width, height),
              deviation));
    }
    return new Augmentation(width, height, shift, degrees, scale, strength, deviation, noise);
  }

  /** Adds normal noise of this standard deviation, in the unit of the inputs, to each pixel. */
  public Augmentation noise(float deviation) {
    require("the deviation of noise", deviation, Float.MAX_VALUE);
    return new Augmentation(width, height, shift, degrees, scale, alpha, sigma, deviation);
  }

  private static void require(String what, float value, float most) {
    if (!(value >= 0 && value <= most)) {
      String range = most == Float.MAX_VALUE ? "finite" : "at most " + most;
      throw new IllegalArgumentException(
          what + " must be at least 0 and " + range + ", not " + value);
    }
  }

  /** Checks that these are images of as many pixels as rows have numbers. */
  void requirePixels(int features) {
    if ((long) width * height != features) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the augmentation is for images of %dx%d pixels, the data have rows of %d numbers",
              width,
              height,
              features));
    }
  }

  /** Returns what applies this, with memory of its own, for one thread. */
  Worker worker() {
    return new Worker();
  }

  /** Distorts images in place, one after the other; it allocates two small objects for each. */
  final class Worker {
    private final int pixels = width * height;
    private final float[] source = new float[pixels];
    private final float[] result = new float[pixels];
    private final float[] across = new float[pixels];
    private final float[] down = new float[pixels];
    private final float[] scratch = new float[pixels];
    private final float[] taps = taps();

    /** Distorts the image that starts at an element. */
    void apply(MemorySegment memory, long offset, long seed, int row) {
      SplittableRandom random =
          new SplittableRandom(Shuffle.derive(Shuffle.derive(seed, DRAWS), row));
      MemorySegment.copy(memory, JAVA_FLOAT, offset * Float.BYTES, source, 0, pixels);
      float[] image = source;
      if (shift > 0 || degrees > 0 || scale > 0 || alpha > 0) {
        warp(random);
        image = result;
      }
      if (noise > 0) {
        for (int p = 0; p < pixels; p++) {
          image[p] += noise * (float) random.nextGaussian();
        }
      }
      MemorySegment.copy(image, 0, memory, JAVA_FLOAT, offset * Float.BYTES, pixels);
    }

    private void warp(SplittableRandom random) {
      double moveX = shift * (2 * random.nextDouble() - 1);
      double moveY = shift * (2 * random.nextDouble() - 1);
      double angle = Math.toRadians(degrees * (2 * random.nextDouble() - 1));
      double factor = 1 + scale * (2 * random.nextDouble() - 1);
      if (alpha > 0) {
        field(random, across);
        field(random, down);
      }
      double cosine = StrictMath.cos(angle) / factor;
      double sine = StrictMath.sin(angle) / factor;
      double middleX = (width - 1) / 2.0;
      double middleY = (height - 1) / 2.0;
      for (int y = 0; y < height; y++) {
        double v = y - middleY - moveY;
        for (int x = 0; x < width; x++) {
          double u = x - middleX - moveX;
          // Fields lie column after column.
          int p = x * height + y;
          double fromX = middleX + cosine * u + sine * v + across[p];
          double fromY = middleY - sine * u + cosine * v + down[p];
          result[y * width + x] = between(fromX, fromY);
        }
      }
    }

    /** Returns the original at a place between its pixels. */
    private float between(double x, double y) {
      // Beyond one pixel outside, all is 0.
      if (!(x > -1 && x < width && y > -1 && y < height)) {
        return 0;
      }
      int left = (int) (x + 1) - 1;
      int top = (int) (y + 1) - 1;
      float right = (float) (x - left);
      float below = (float) (y - top);
      float upper = pixel(left, top) * (1 - right) + pixel(left + 1, top) * right;
      float lower = pixel(left, top + 1) * (1 - right) + pixel(left + 1, top + 1) * right;
      return upper * (1 - below) + lower * below;
    }

    private float pixel(int x, int y) {
      return x >= 0 && x < width && y >= 0 && y < height ? source[y * width + x] : 0;
    }

    /** Fills a field of displacements, column after column. */
    private void field(SplittableRandom random, float[] to) {
      for (int p = 0; p < pixels; p += 2) {
        long bits = random.nextLong();
        scratch[p] = (int) (bits >> 32) * 0x1p-31f;
        if (p + 1 < pixels) {
          scratch[p + 1] = (int) bits * 0x1p-31f;
        }
      }
      smooth(scratch, to, width);
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          scratch[x * height + y] = to[y * width + x];
        }
      }
      smooth(scratch, to, height);
      for (int p = 0; p < pixels; p++) {
        to[p] *= alpha;
      }
    }

    /** Smooths along the slower axis of an image of rows of this length. */
    private void smooth(float[] from, float[] to, int length) {
      int lines = pixels / length;
      int reach = Math.min(taps.length - 1, lines - 1);
      for (int p = 0; p < pixels; p++) {
        to[p] = taps[0] * from[p];
      }
      for (int t = 1; t <= reach; t++) {
        float weight = taps[t];
        int step = t * length;
        for (int p = 0; p < pixels - step; p++) {
          to[p] += weight * from[p + step];
        }
        for (int p = step; p < pixels; p++) {
          to[p] += weight * from[p - step];
        }
      }
    }

    /** Returns one half of a Gaussian whose two halves sum to 1. */
    private float[] taps() {
      int reach = (int) Math.ceil(REACH * sigma);
      double[] weights = new double[reach + 1];
      double sum = 0;
      for (int t = 0; t <= reach; t++) {
        weights[t] = StrictMath.exp(-(double) t * t / (2.0 * sigma * sigma));
        sum += t == 0 ? weights[t] : 2 * weights[t];
      }
      float[] half = new float[reach + 1];
      for (int t = 0; t <= reach; t++) {
        half[t] = (float) (weights[t] / sum);
      }
      return half;
    }
  }
}
