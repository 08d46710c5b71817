package fathom.nn;

import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.util.List;
import java.util.Locale;

/**
 * Noise in training, nothing in inference. Draws are a function of the network's seed, the step,
 * the layer and the place, so that they are the same on any number of threads, at any vector width,
 * and in a run that was stopped and resumed.
 *
 * @param p the probability, or the deviation of {@link Kind#NOISE}
 */
public record Noise(Kind kind, double p) implements LayerSpec {
  /** The kinds of noise. */
  public enum Kind {
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

    private final String word;

    Kind(String word) {
      this.word = word;
    }
  }

  /** -lambda alpha of SELU. */
  private static final double SELU_LIMIT = -1.0507009873554805 * 1.6732632423543772;

  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException if it is out of range
   */
  public Noise {
    boolean valid = p >= 0 && (kind == Kind.NOISE ? p < Float.MAX_VALUE : p < 1);
    if (!valid) {
      throw new IllegalArgumentException(
          kind == Kind.NOISE
              ? "noise needs a finite deviation of at least 0, not " + p
              : kind.word + " needs a probability of at least 0 and below 1, not " + p);
    }
  }

  @Override
  public <R> R match(LayerCases<R> cases) {
    return cases.noise(this);
  }

  @Override
  public int units(int below) {
    return below;
  }

  @Override
  public int modules() {
    return 1;
  }

  @Override
  public String toString() {
    return kind.word + ":" + p;
  }

  Layer at(Layer.Site site) {
    return new Placed(site);
  }

  private final class Placed extends Layer {
    Placed(Site site) {
      super(Noise.this, site);
    }

    @Override
    void enter(Planner planner) {
      if (!planner.learns() || p == 0) {
        return;
      }
      Buffer x = planner.below();
      Buffer y = planner.output("y", out());
      if (kind == Kind.NOISE) {
        planner.row(
            new RowPlan(
                index(),
                Work.of("add noise", List.of(x), List.of(y)),
                Work.NONE,
                y,
                bound -> new Adding(Noise.this, index(), bound, x, y)));
      } else {
        Buffer mask = planner.output("mask", out());
        planner.row(
            new RowPlan(
                index(),
                Work.of("drop", List.of(x), List.of(mask, y)),
                Work.of("drop'", List.of(mask), List.of()),
                y,
                bound -> new Mask(Noise.this, index(), bound, x, y, mask)));
      }
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%s %s", kind.word.replace('_', ' '), p);
    }
  }

  /** {@code Y <- scale M X + shift}, M being 0 or 1 for each element. */
  private static final class Mask extends RowPass {
    private final Kernels kernels;
    private final Matrix x;
    private final Matrix mask;
    private final Draws draws;
    private final int layer;
    private final double p;
    private final float scale;
    private final float shift;
    private final float dropped;

    Mask(Noise noise, int layer, Binding bound, Buffer x, Buffer y, Buffer mask) {
      super(bound.matrix(y));
      kernels = bound.kernels();
      draws = bound.draws();
      this.x = bound.matrix(x);
      this.mask = bound.matrix(mask);
      this.layer = layer;
      p = noise.p;
      if (noise.kind == Kind.DROPOUT) {
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
              x, mask, a, p, scale, shift, dropped, draws.seed(), draws.stream(layer), from, to);
    }

    @Override
    void backward(Matrix d, int from, int to) {
      kernels.norm().multiply(mask, d, from, to);
    }
  }

  /** {@code Y <- X + p N}, N being standard normal. */
  private static final class Adding extends RowPass {
    private final Kernels kernels;
    private final Matrix x;
    private final Draws draws;
    private final int layer;
    private final float deviation;

    Adding(Noise noise, int layer, Binding bound, Buffer x, Buffer y) {
      super(bound.matrix(y));
      kernels = bound.kernels();
      draws = bound.draws();
      this.x = bound.matrix(x);
      this.layer = layer;
      deviation = (float) noise.p;
    }

    @Override
    void forward(int from, int to) {
      kernels.fill().normal(a, from, to, draws.seed(), draws.stream(layer), deviation);
      kernels.norm().addScaled(x, 1, a, a, from, to);
    }

    /** Noise that is added changes no gradient. */
    @Override
    void backward(Matrix d, int from, int to) {}
  }
}
