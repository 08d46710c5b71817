package fathom.data;

import java.util.SplittableRandom;

/**
 * Mixup: rows are trained on in pairs, {@code share x_i + (1 - share) x_j}, with {@code share}
 * drawn for each batch from Beta(alpha, alpha). Row i of B has row B - 1 - i as its partner, and
 * that one has row i, so that the larger share may be called the row's own: the batch holds both.
 *
 * @param alpha above 0; 0.1 to 0.4 mixes most batches little
 * @see <a href="https://arxiv.org/abs/1710.09412">Zhang et al., mixup: Beyond empirical risk
 *     minimization, 2018</a>
 */
record Mixup(float alpha) {
  private static final long SHARES = 0x6D69787570L;

  Mixup {
    if (!(alpha > 0 && alpha < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("mixup's alpha must be finite and above 0, not " + alpha);
    }
  }

  /** Draws the share of a batch, in [1/2, 1]. */
  float share(long seed, int batch) {
    SplittableRandom random =
        new SplittableRandom(Shuffle.derive(Shuffle.derive(seed, SHARES), batch));
    double x = logGamma(random);
    double y = logGamma(random);
    // Of logarithms, because gamma variates of a small alpha are below the smallest double.
    double share = 1 / (1 + Math.exp(y - x));
    return (float) Math.max(share, 1 - share);
  }

  /** Draws the logarithm of a gamma variate; Marsaglia and Tsang 2000, with their boost below 1. */
  private double logGamma(SplittableRandom random) {
    double shape = alpha < 1 ? alpha + 1.0 : alpha;
    double d = shape - 1.0 / 3;
    double c = 1 / Math.sqrt(9 * d);
    while (true) {
      double z = random.nextGaussian();
      double v = 1 + c * z;
      double u = 1 - random.nextDouble();
      if (v <= 0) {
        continue;
      }
      v = v * v * v;
      if (Math.log(u) < 0.5 * z * z + d - d * v + d * Math.log(v)) {
        double boost = alpha < 1 ? Math.log(1 - random.nextDouble()) / alpha : 0;
        return Math.log(d * v) + boost;
      }
    }
  }
}
