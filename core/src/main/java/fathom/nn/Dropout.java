package fathom.nn;

import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.util.Locale;

/**
 * Noise in training, nothing in inference. Draws are a function of the network's seed, the step,
 * the layer and the place, so that they are the same on any number of threads, at any vector width,
 * and in a run that was stopped and resumed.
 */
final class Dropout extends Layer {
  /** The kinds of noise. */
  enum Kind {
    /**
     * Srivastava et al. 2014, inverted: an element is zero with probability p, else divided by 1 -
     * p.
     */
    DROPOUT("dropout"),
    /**
     * Klambauer et al. 2017: an element is SELU's lower limit with probability p; then mean 0 and
     * variance 1 are restored by one affine map.
     */
    ALPHA_DROPOUT("alpha_dropout"),
    /** Normal noise of standard deviation p is added. */
    NOISE("noise");

    final String word;

    Kind(String word) {
      this.word = word;
    }
  }

  /** -lambda alpha of SELU. */
  private static final double SELU_LIMIT = -1.0507009873554805 * 1.6732632423543772;

  private final Kind kind;
  private final double p;
  private final int place;

  /**
   * Describes noise.
   *
   * @param p the probability, or the deviation
   * @param place which of the network's layers this is, from 0
   */
  Dropout(int units, Kind kind, double p, int place, String prefix, int module) {
    super(units, units, prefix, module);
    boolean valid = p >= 0 && (kind == Kind.NOISE ? p < Float.MAX_VALUE : p < 1);
    if (!valid) {
      throw new IllegalArgumentException(
          kind == Kind.NOISE
              ? "noise needs a finite deviation of at least 0, not " + p
              : kind.word + " needs a probability of at least 0 and below 1, not " + p);
    }
    this.kind = kind;
    this.p = p;
    this.place = place;
  }

  @Override
  Dropout copy() {
    return new Dropout(out, kind, p, place, prefix(), module());
  }

  @Override
  int modules() {
    return 1;
  }

  @Override
  void enter(Plan plan) {
    if (!plan.learns() || p == 0) {
      return;
    }
    Kernels kernels = plan.engine().kernels();
    Matrix x = plan.output();
    Matrix y = plan.allocate(out);
    if (kind == Kind.NOISE) {
      plan.add(new Noise(kernels, x, y, plan.draws()));
    } else {
      plan.add(new Mask(kernels, x, y, plan.allocate(out), plan.draws()));
    }
  }

  @Override
  String text() {
    return kind.word + ":" + p;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s %s", kind.word.replace('_', ' '), p);
  }

  /** Where the draws of a step come from. */
  static final class Draws {
    private static final int PLACES = 20;

    /** Keeps the masks' streams apart from those of the weights, which start from 0. */
    private static final long MASKS = 1L << 62;

    private long seed;
    private long step;

    void seed(long newSeed) {
      seed = newSeed;
    }

    /** Sets the number of the step, from 0. */
    void step(long newStep) {
      step = newStep;
    }

    long seed() {
      return seed;
    }

    long stream(int place) {
      return MASKS | step << PLACES | place;
    }
  }

  private final class Mask extends RowPass {
    private final Kernels kernels;
    private final Matrix x;
    private final Matrix mask;
    private final Draws draws;
    private final float scale;
    private final float shift;
    private final float dropped;

    Mask(Kernels kernels, Matrix x, Matrix y, Matrix mask, Draws draws) {
      super(y);
      this.kernels = kernels;
      this.x = x;
      this.mask = mask;
      this.draws = draws;
      if (kind == Kind.DROPOUT) {
        scale = (float) (1 / (1 - p));
        shift = 0;
        dropped = 0;
      } else {
        // Of mean 0 and variance 1, kept with 1 - p and else the limit l: mean p l, variance
        // (1 - p) (1 + p l²).
        double limit = SELU_LIMIT;
        double factor = 1 / Math.sqrt((1 - p) * (1 + p * limit * limit));
        scale = (float) factor;
        shift = (float) (-factor * p * limit);
        dropped = (float) (factor * limit - factor * p * limit);
      }
    }

    @Override
    void forward(int from, int to) {
      kernels
          .dropout()
          .dropout(
              x, mask, a, p, scale, shift, dropped, draws.seed(), draws.stream(place), from, to);
    }

    @Override
    void backward(Matrix d, int from, int to) {
      kernels.norm().multiply(mask, d, from, to);
    }
  }

  private final class Noise extends RowPass {
    private final Kernels kernels;
    private final Matrix x;
    private final Draws draws;

    Noise(Kernels kernels, Matrix x, Matrix y, Draws draws) {
      super(y);
      this.kernels = kernels;
      this.x = x;
      this.draws = draws;
    }

    @Override
    void forward(int from, int to) {
      kernels.fill().normal(a, from, to, draws.seed(), draws.stream(place), (float) p);
      kernels.norm().addScaled(x, 1, a, a, from, to);
    }

    /** Noise that is added changes no gradient. */
    @Override
    void backward(Matrix d, int from, int to) {}
  }
}
