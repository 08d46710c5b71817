package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each statistic has a known mean and standard deviation under perfect draws and must lie within
 * five of the latter: perfect draws fail one check in 1.7 million, and the seeds are fixed.
 */
class FillDistributionTest {
  private static final int N = 1 << 20;
  private static final double SIGMAS = 5;

  /** P(sqrt(n) D > 2.7) = 2 exp(-2 * 2.7²) = 9e-7 (Kolmogorov). */
  private static final double KOLMOGOROV = 2.7;

  @ParameterizedTest
  @CsvSource({"0, 0", "1, 0", "0, 1", "-1, -1", "123456789012345, 77"})
  void normalIsNormal(long seed, long stream) {
    float[] z = normal(seed, stream, 0, N);
    String what = "normal, seed " + seed + ", stream " + stream;
    // E z = 0, var z = 1; E z² = 1, var z² = 2; E z³ = 0, var z³ = 15; E z⁴ = 3, var z⁴ = 96.
    near(0, 1, power(z, 1), N, what + ", mean");
    near(1, 2, power(z, 2), N, what + ", variance");
    near(0, 15, power(z, 3), N, what + ", skewness");
    near(3, 96, power(z, 4), N, what + ", kurtosis");
    kolmogorov(z, FillDistributionTest::normalCdf, what);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1, 0", "0, 1", "-1, -1", "123456789012345, 77"})
  void uniformIsUniform(long seed, long stream) {
    float[] u = uniform(seed, stream, N, 2f);
    for (int i = 0; i < N; i++) {
      u[i] /= 2;
    }
    String what = "uniform, seed " + seed + ", stream " + stream;
    // On [-1, 1], E u^k = 1/(k+1) for even k, and var u^k = 1/(2k+1) - (E u^k)².
    near(0, 1. / 3, power(u, 1), N, what + ", mean");
    near(1. / 3, 1. / 5 - 1. / 9, power(u, 2), N, what + ", variance");
    near(0, 1. / 7, power(u, 3), N, what + ", skewness");
    near(1. / 5, 1. / 9 - 1. / 25, power(u, 4), N, what + ", kurtosis");
    kolmogorov(u, x -> (x + 1) / 2, what);
    for (float value : u) {
      assertTrue(Math.abs(value) <= 1, () -> what + ": " + value + " is out of bounds");
    }
  }

  /** Elements of one counter (16, 32, 48 apart), of one pair (16) and of neighbours. */
  @Test
  void noLagCorrelatesInValueOrInSize() {
    float[] z = normal(5, 6, 0, N);
    for (int lag : new int[] {1, 2, 4, 8, 16, 32, 48, 64, 128, 4096, N / 2}) {
      double sum = 0;
      double squares = 0;
      for (int i = 0; i + lag < N; i++) {
        sum += (double) z[i] * z[i + lag];
        squares += ((double) z[i] * z[i] - 1) * ((double) z[i + lag] * z[i + lag] - 1);
      }
      int n = N - lag;
      near(0, 1, sum / n, n, "lag " + lag);
      near(0, 4, squares / n, n, "squares at lag " + lag);
    }
  }

  @Test
  void streamsSeedsAndHalvesAreIndependent() {
    float[] z = normal(0, 0, 0, N);
    uncorrelated(z, normal(0, 0, N, N), "the halves of a stream");
    uncorrelated(z, normal(0, 1, 0, N), "streams 0 and 1");
    uncorrelated(z, normal(1, 0, 0, N), "seeds 0 and 1");
    uncorrelated(z, normal(0, 1L << 32, 0, N), "streams 0 and 2^32");
    uncorrelated(normal(1, 0, 0, N), normal(0, 1, 0, N), "seed 1 and stream 1");
  }

  private static void uncorrelated(float[] a, float[] b, String what) {
    double sum = 0;
    for (int i = 0; i < N; i++) {
      sum += (double) a[i] * b[i];
    }
    near(0, 1, sum / N, N, what);
  }

  /** P(|z| > 3.5) = 4.6526e-4 and P(|z| > 4.5) = 6.7953e-6; counts are binomial. */
  @Test
  void theTailsHaveTheirShare() {
    int n = 8 * N;
    float[] z = normal(1, 2, 0, n);
    double far = 0;
    double farther = 0;
    for (float value : z) {
      far += Math.abs(value) > 3.5 ? 1 : 0;
      farther += Math.abs(value) > 4.5 ? 1 : 0;
    }
    near(4.6526e-4, 4.6526e-4, far / n, n, "share beyond 3.5 sigma");
    near(6.7953e-6, 6.7953e-6, farther / n, n, "share beyond 4.5 sigma");
  }

  private static void near(double mean, double variance, double actual, int n, String what) {
    double bound = SIGMAS * Math.sqrt(variance / n);
    assertTrue(
        Math.abs(actual - mean) <= bound,
        () -> what + " is " + actual + ", not " + mean + " +- " + bound);
  }

  private static double power(float[] x, int exponent) {
    double sum = 0;
    for (float value : x) {
      double product = value;
      for (int k = 1; k < exponent; k++) {
        product *= value;
      }
      sum += product;
    }
    return sum / x.length;
  }

  private static void kolmogorov(float[] x, DoubleUnaryOperator cdf, String what) {
    float[] sorted = x.clone();
    Arrays.sort(sorted);
    double distance = 0;
    for (int i = 0; i < sorted.length; i++) {
      double p = cdf.applyAsDouble(sorted[i]);
      distance = Math.max(distance, Math.max(p - (double) i / N, (i + 1.) / N - p));
    }
    double scaled = distance * Math.sqrt(sorted.length);
    assertTrue(scaled <= KOLMOGOROV, () -> what + ": sqrt(n) D = " + scaled);
  }

  /** Abramowitz and Stegun 26.2.17: within 7.5e-8, far below the 2.6e-3 that the test allows. */
  private static double normalCdf(double x) {
    double t = 1 / (1 + 0.2316419 * Math.abs(x));
    double p =
        t
            * (0.319381530
                + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    double upper = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * p;
    return x > 0 ? 1 - upper : upper;
  }

  private static float[] normal(long seed, long stream, long from, int n) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate((long) n * Float.BYTES, 64);
      VectorFillKernels.INSTANCE.normal(x, -from, from, from + n, seed, stream, 1f);
      return x.toArray(JAVA_FLOAT);
    }
  }

  private static float[] uniform(long seed, long stream, int n, float bound) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate((long) n * Float.BYTES, 64);
      VectorFillKernels.INSTANCE.uniform(x, 0, 0, n, seed, stream, bound);
      return x.toArray(JAVA_FLOAT);
    }
  }
}
