package fathom.nn;

import fathom.engine.Engine;
import fathom.engine.Member;
import fathom.engine.Orthogonal;
import fathom.engine.Task;
import fathom.kernel.FillKernels;
import fathom.kernel.Function;
import fathom.matrix.Matrix;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * How weights W (fan-out x fan-in) are drawn. Every number is a function of seed, tensor and place,
 * so that equal seeds give equal weights on any number of threads and any vector width.
 *
 * <p>With gain g, fan-in n and fan-out m, the variances are g² 2/(n + m) for Xavier (Glorot and
 * Bengio 2010), g² 2/n for He (He et al. 2015; 2/m for the fan-out variants), g²/n for LeCun (LeCun
 * et al. 1998); uniform draws from [-r, r] have r = sqrt(3 variance). Orthogonal weights are g
 * times a matrix with orthonormal rows or columns, uniform among those (Saxe et al. 2014).
 *
 * <p>Immutable.
 */
public final class Initializer {
  /** All zeros. */
  public static final Initializer ZEROS = new Initializer(Scheme.CONSTANT, 0);

  public static final Initializer XAVIER_UNIFORM = new Initializer(Scheme.XAVIER_UNIFORM, 1);
  public static final Initializer XAVIER_NORMAL = new Initializer(Scheme.XAVIER_NORMAL, 1);
  public static final Initializer HE_UNIFORM = new Initializer(Scheme.HE_UNIFORM, 1);
  public static final Initializer HE_NORMAL = new Initializer(Scheme.HE_NORMAL, 1);

  /** He's variance over the fan-out: keeps gradients rather than signals. */
  public static final Initializer HE_UNIFORM_FAN_OUT =
      new Initializer(Scheme.HE_UNIFORM_FAN_OUT, 1);

  public static final Initializer HE_NORMAL_FAN_OUT = new Initializer(Scheme.HE_NORMAL_FAN_OUT, 1);
  public static final Initializer LECUN_UNIFORM = new Initializer(Scheme.LECUN_UNIFORM, 1);
  public static final Initializer LECUN_NORMAL = new Initializer(Scheme.LECUN_NORMAL, 1);
  public static final Initializer ORTHOGONAL = new Initializer(Scheme.ORTHOGONAL, 1);

  /** Ones on the diagonal and zeros beside it: an RNN's state that stays, Le et al. 2015. */
  public static final Initializer IDENTITY = identity(1);

  private static final int CHUNK = 1 << 14;
  private static final Map<String, Scheme> SCHEMES = schemes();

  private enum Scheme {
    CONSTANT(false, "constant"),
    NORMAL(true, "normal"),
    UNIFORM(false, "uniform"),
    XAVIER_UNIFORM(false, "xavier_uniform", "glorot_uniform"),
    XAVIER_NORMAL(true, "xavier_normal", "glorot_normal"),
    HE_UNIFORM(false, "he_uniform", "kaiming_uniform"),
    HE_NORMAL(true, "he_normal", "kaiming_normal"),
    HE_UNIFORM_FAN_OUT(false, "he_uniform_fan_out", "kaiming_uniform_fan_out"),
    HE_NORMAL_FAN_OUT(true, "he_normal_fan_out", "kaiming_normal_fan_out"),
    LECUN_UNIFORM(false, "lecun_uniform"),
    LECUN_NORMAL(true, "lecun_normal"),
    ORTHOGONAL(false, "orthogonal"),
    IDENTITY(false, "identity");

    private final boolean normal;
    private final String title;
    private final String alias;

    Scheme(boolean normal, String title) {
      this(normal, title, title);
    }

    Scheme(boolean normal, String title, String alias) {
      this.normal = normal;
      this.title = title;
      this.alias = alias;
    }

    double variance(double fanIn, double fanOut) {
      return switch (this) {
        case XAVIER_UNIFORM, XAVIER_NORMAL -> 2 / (fanIn + fanOut);
        case HE_UNIFORM, HE_NORMAL -> 2 / fanIn;
        case HE_UNIFORM_FAN_OUT, HE_NORMAL_FAN_OUT -> 2 / fanOut;
        case LECUN_UNIFORM, LECUN_NORMAL -> 1 / fanIn;
        case ORTHOGONAL, IDENTITY -> 1 / Math.max(fanIn, fanOut);
        case NORMAL -> 1;
        case UNIFORM -> 1 / 3.0;
        case CONSTANT -> 0;
      };
    }
  }

  private final Scheme scheme;
  private final double gain;

  private Initializer(Scheme scheme, double gain) {
    // Weights are floats, and so is what they are multiplied by.
    if (!(Math.abs(gain) <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "the parameter of " + scheme.title + " must be finite as a float, not " + gain);
    }
    this.scheme = scheme;
    this.gain = gain;
  }

  private static Map<String, Scheme> schemes() {
    Map<String, Scheme> schemes = new TreeMap<>();
    for (Scheme scheme : Scheme.values()) {
      schemes.put(scheme.title, scheme);
      schemes.put(scheme.alias, scheme);
    }
    return schemes;
  }

  /** All weights alike. */
  public static Initializer constant(double value) {
    return new Initializer(Scheme.CONSTANT, value);
  }

  /** Normal with mean 0, whatever the fans: the practice that Glorot and Bengio argued against. */
  public static Initializer normal(double sigma) {
    return new Initializer(Scheme.NORMAL, notNegative("sigma", sigma));
  }

  /** Uniform on [-bound, bound], whatever the fans. */
  public static Initializer uniform(double bound) {
    return new Initializer(Scheme.UNIFORM, notNegative("bound", bound));
  }

  /** The gain on the diagonal, zeros beside it. */
  public static Initializer identity(double gain) {
    return new Initializer(Scheme.IDENTITY, gain);
  }

  private static double notNegative(String what, double value) {
    if (!(value >= 0)) {
      throw new IllegalArgumentException(what + " must be at least 0, not " + value);
    }
    return value;
  }

  /** Returns the same scheme with its numbers, so far, multiplied by a gain. */
  public Initializer gain(double factor) {
    return new Initializer(scheme, gain * factor);
  }

  /**
   * Returns the initializer that keeps the variance of signals and gradients through an activation,
   * as nearly as one number can:
   *
   * <ul>
   *   <li>tanh, softsign, hard tanh, identity: Xavier. Their slope at 0 is 1, which is what Glorot
   *       and Bengio's formula assumes.
   *   <li>logistic and hard sigmoid: Xavier with gain 4 and 6, since their slopes at 0 are 1/4 and
   *       1/6. With gain 1 the mean square of a logistic net's gradients falls by 0.056 a layer,
   *       with 4 by 0.40.
   *   <li>ReLU and its kin, ELU, GELU, SiLU, softplus, hard swish, mish, PReLU: He, which makes up
   *       for the half that a rectifier takes away.
   *   <li>SELU: LeCun, which its paper requires.
   * </ul>
   */
  public static Initializer recommended(Activation activation) {
    if (activation.isLearnt()) {
      return HE_NORMAL;
    }
    return switch (activation.function()) {
      case IDENTITY, TANH, SOFTSIGN, HARD_TANH -> XAVIER_UNIFORM;
      case LOGISTIC -> XAVIER_UNIFORM.gain(4);
      case HARD_SIGMOID -> XAVIER_UNIFORM.gain(6);
      case SELU -> LECUN_NORMAL;
      default -> HE_NORMAL;
    };
  }

  /**
   * Returns Table 11-1 of the notes (Géron, Hands-On Machine Learning, first edition) as it is
   * printed: Xavier's formula times 1 for the logistic, 4 for tanh and sqrt(2) for ReLU and its
   * variants.
   *
   * <p>It is here to be compared, not to be used: the factor 4 belongs to the logistic, whose slope
   * at 0 is 1/4. On tanh it saturates half of the units, and gradients grow by 2.4 a layer in mean
   * square; He's formula, unlike the table's third row, counts the fan-in alone.
   *
   * @param normal whether the table's normal column is meant rather than the uniform one
   * @throws IllegalArgumentException for an activation that is not in the table
   */
  public static Initializer tableElevenOne(Activation activation, boolean normal) {
    Initializer xavier = normal ? XAVIER_NORMAL : XAVIER_UNIFORM;
    Function f = activation.isLearnt() ? Function.LEAKY_RELU : activation.function();
    return switch (f) {
      case LOGISTIC -> xavier;
      case TANH -> xavier.gain(4);
      case RELU, LEAKY_RELU, ELU -> xavier.gain(Math.sqrt(2));
      default ->
          throw new IllegalArgumentException("Table 11-1 has no row for '" + activation + "'");
    };
  }

  /**
   * Returns the initializer of a name such as {@code he_normal}, {@code glorot_uniform(4)} (with a
   * gain), {@code normal(0.01)} or {@code zeros}; case and the characters - and _ do not matter.
   *
   * @throws IllegalArgumentException if there is none, with the nearest name
   */
  public static Initializer named(String text) {
    int open = text.indexOf('(');
    String stem = Names.plain(open < 0 ? text : text.substring(0, open));
    if (stem.equals("zeros")) {
      return ZEROS;
    }
    for (Map.Entry<String, Scheme> e : SCHEMES.entrySet()) {
      if (Names.plain(e.getKey()).equals(stem)) {
        double value = open < 0 ? 1 : Names.argument("initializer", text);
        boolean signed = e.getValue() == Scheme.CONSTANT;
        return new Initializer(
            e.getValue(), signed ? value : notNegative("the gain of " + e.getKey(), value));
      }
    }
    throw new IllegalArgumentException(Names.unknown("initializer", text, SCHEMES.keySet()));
  }

  /** Returns whether weights differ from draw to draw: neither a constant nor the identity do. */
  public boolean isRandom() {
    return scheme != Scheme.CONSTANT && scheme != Scheme.IDENTITY;
  }

  /** Returns the variance of the weights; of a constant, 0. */
  public double variance(int fanIn, int fanOut) {
    return gain * gain * scheme.variance(fanIn, fanOut);
  }

  /**
   * Fills weights, with all of the engine's threads.
   *
   * @param w fan-out x fan-in, overwritten
   * @param stream the tensor's number: equal seeds and numbers give equal weights
   */
  public void fill(Engine engine, Matrix w, int fanIn, int fanOut, long seed, long stream) {
    if (scheme == Scheme.ORTHOGONAL) {
      Orthogonal.fill(engine, w, (float) gain, seed, stream);
    } else if (scheme == Scheme.IDENTITY) {
      ZEROS.fill(engine, w, fanIn, fanOut, seed, stream);
      for (int i = 0; i < Math.min(w.rows(), w.cols()); i++) {
        w.set(i, i, (float) gain);
      }
    } else {
      engine.run(new Fill(engine, w, Math.sqrt(variance(fanIn, fanOut)), seed, stream), true);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Initializer that
        && scheme == that.scheme
        && Double.compare(gain, that.gain) == 0;
  }

  @Override
  public int hashCode() {
    return 31 * scheme.hashCode() + Double.hashCode(gain);
  }

  /** Returns a name that {@link #named} reads. */
  @Override
  public String toString() {
    if (scheme == Scheme.CONSTANT && gain == 0) {
      return "zeros";
    }
    return gain == 1 ? scheme.title : String.format(Locale.ROOT, "%s(%s)", scheme.title, gain);
  }

  /** Element (r, c) is number r fan-in + c of the stream, whatever the stride. */
  private final class Fill extends Task {
    private final FillKernels kernels;
    private final Matrix w;
    private final float sigma;
    private final long seed;
    private final long stream;

    Fill(Engine engine, Matrix w, double sigma, long seed, long stream) {
      kernels = engine.kernels().fill();
      this.w = w;
      this.sigma = (float) sigma;
      this.seed = seed;
      this.stream = stream;
    }

    @Override
    protected void share(Member member) {
      if (w.stride() == w.cols()) {
        long size = (long) w.rows() * w.cols();
        long chunks = (size + CHUNK - 1) / CHUNK;
        long from = member.from(chunks) * CHUNK;
        range(w.offset(), from, Math.min(size, member.to(chunks) * CHUNK));
        return;
      }
      for (int r = member.from(w.rows()); r < member.to(w.rows()); r++) {
        long first = (long) r * w.cols();
        long base = w.offset() + (long) r * (w.stride() - w.cols());
        range(base, first, first + w.cols());
      }
    }

    private void range(long base, long from, long to) {
      if (scheme == Scheme.CONSTANT) {
        kernels.constant(w.segment(), base, from, to, (float) gain);
      } else if (scheme.normal) {
        kernels.normal(w.segment(), base, from, to, seed, stream, sigma);
      } else {
        float bound = (float) (Math.sqrt(3) * sigma);
        kernels.uniform(w.segment(), base, from, to, seed, stream, bound);
      }
    }
  }
}
