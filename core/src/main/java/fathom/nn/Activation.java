package fathom.nn;

import fathom.kernel.Function;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a layer does to its weighted sums, elementwise. The names are PyTorch's and Keras's, the
 * logistic function being {@code logistic} or {@code sigmoid}.
 *
 * <p>Immutable. At a kink the derivative is the one of the left side: relu'(0) = 0.
 */
public final class Activation {
  /** The weighted sums themselves; logits, or a regression's output. */
  public static final Activation IDENTITY = new Activation("identity", Function.IDENTITY, 0);

  /** 1 / (1 + exp(-x)). */
  public static final Activation LOGISTIC = new Activation("logistic", Function.LOGISTIC, 0);

  /** tanh(x). */
  public static final Activation TANH = new Activation("tanh", Function.TANH, 0);

  /** max(0, x). */
  public static final Activation RELU = new Activation("relu", Function.RELU, 0);

  /** x where positive, else 0.01 x; Maas et al. 2013. */
  public static final Activation LEAKY_RELU = leakyRelu(0.01f);

  /**
   * x where positive, else a x with one slope a for the layer, learnt from 0.25; He et al. 2015.
   */
  public static final Activation PRELU = new Activation("prelu", null, 0.25f);

  /** x where positive, else exp(x) - 1; Clevert et al. 2015. */
  public static final Activation ELU = elu(1);

  /** ELU scaled so that mean 0 and variance 1 attract; Klambauer et al. 2017. */
  public static final Activation SELU = new Activation("selu", Function.SELU, 0);

  /** x Phi(x), Phi the normal distribution's; Hendrycks and Gimpel 2016. */
  public static final Activation GELU = new Activation("gelu", Function.GELU, 0);

  /** GELU's tanh approximation. */
  public static final Activation GELU_TANH = new Activation("gelu_tanh", Function.GELU_TANH, 0);

  /** x logistic(x), also known as swish; Elfwing et al. 2017. */
  public static final Activation SILU = new Activation("silu", Function.SILU, 0);

  /** ln(1 + exp(x)). */
  public static final Activation SOFTPLUS = new Activation("softplus", Function.SOFTPLUS, 0);

  /** x / (1 + |x|). */
  public static final Activation SOFTSIGN = new Activation("softsign", Function.SOFTSIGN, 0);

  /** x clipped to -1 and 1. */
  public static final Activation HARD_TANH = new Activation("hardtanh", Function.HARD_TANH, 0);

  /** x / 6 + 1 / 2 clipped to 0 and 1. */
  public static final Activation HARD_SIGMOID =
      new Activation("hardsigmoid", Function.HARD_SIGMOID, 0);

  /** x hardsigmoid(x); Howard et al. 2019. */
  public static final Activation HARD_SWISH = new Activation("hardswish", Function.HARD_SWISH, 0);

  /** x tanh(ln(1 + exp(x))); Misra 2019. */
  public static final Activation MISH = new Activation("mish", Function.MISH, 0);

  private static final List<Activation> ALL =
      List.of(
          IDENTITY,
          LOGISTIC,
          TANH,
          RELU,
          LEAKY_RELU,
          PRELU,
          ELU,
          SELU,
          GELU,
          GELU_TANH,
          SILU,
          SOFTPLUS,
          SOFTSIGN,
          HARD_TANH,
          HARD_SIGMOID,
          HARD_SWISH,
          MISH);

  private final String name;
  private final Function function;
  private final float parameter;

  private Activation(String name, Function function, float parameter) {
    this.name = name;
    this.function = function;
    this.parameter = parameter;
  }

  /**
   * x where positive, else slope x (Maas et al. 2013, 0.01). A layer keeps its output alone, and
   * tells by its sign which of both derivatives to take, 1 or the slope; of a slope below 0 the
   * output is positive on both sides, so that there is none.
   *
   * @throws IllegalArgumentException unless the slope is finite and at least 0, which is relu
   */
  public static Activation leakyRelu(float slope) {
    if (!(slope >= 0 && slope <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "the slope of leaky_relu must be at least 0 and finite, not "
              + slope
              + "; prelu learns one of either sign");
    }
    return new Activation("leaky_relu", Function.LEAKY_RELU, slope);
  }

  /**
   * x where positive, else alpha (exp(x) - 1), with 0 < alpha as the paper has it (Clevert et al.
   * 2016). The derivative comes from the output a, which is all that a layer keeps: 1 where a > 0,
   * else a + alpha. Of an alpha below 0, a is positive on both sides, and does not tell them apart.
   *
   * @throws IllegalArgumentException unless alpha is finite and above 0
   */
  public static Activation elu(float alpha) {
    if (!(alpha > 0 && alpha <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "the alpha of elu must be above 0 and finite, not " + alpha + "; without any it is relu");
    }
    return new Activation("elu", Function.ELU, alpha);
  }

  /**
   * Returns the activation of a name such as {@code relu}, {@code leaky_relu(0.2)} or {@code
   * elu(0.5)}; case and the characters - and _ do not matter.
   *
   * @throws IllegalArgumentException if there is none, with the nearest name
   */
  public static Activation named(String text) {
    String plain = Names.plain(text);
    int open = plain.indexOf('(');
    String stem = open < 0 ? plain : plain.substring(0, open);
    Activation found = stem.equals("sigmoid") ? LOGISTIC : stem.equals("swish") ? SILU : null;
    List<String> names = new ArrayList<>();
    for (Activation a : ALL) {
      names.add(a.name);
      if (Names.plain(a.name).equals(stem)) {
        found = a;
      }
    }
    if (found == null) {
      throw new IllegalArgumentException(Names.unknown("activation", text, names));
    }
    if (open < 0) {
      return found;
    }
    float value = Names.argument("activation", text);
    if (found.function == Function.LEAKY_RELU) {
      return leakyRelu(value);
    }
    if (found.function == Function.ELU) {
      return elu(value);
    }
    throw new IllegalArgumentException("activation '" + found.name + "' takes no parameter");
  }

  /** Returns whether the layer learns a slope, so that this is PReLU. */
  public boolean isLearnt() {
    return function == null;
  }

  /**
   * Returns the kernel's function.
   *
   * @throws IllegalStateException for PReLU, which is more than a function
   */
  public Function function() {
    if (function == null) {
      throw new IllegalStateException("PReLU learns its slope: it is no fixed function");
    }
    return function;
  }

  /** Returns the slope of leaky ReLU, the scale of ELU, the first slope of PReLU; else 0. */
  public float parameter() {
    return parameter;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Activation that
        && name.equals(that.name)
        && Float.compare(parameter, that.parameter) == 0;
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Float.hashCode(parameter);
  }

  /** Returns a name that {@link #named} reads. */
  @Override
  public String toString() {
    boolean standard =
        (function != Function.LEAKY_RELU || parameter == 0.01f)
            && (function != Function.ELU || parameter == 1);
    return standard ? name : String.format(Locale.ROOT, "%s(%s)", name, parameter);
  }
}
