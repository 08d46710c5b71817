package fathom.nn;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import fathom.engine.Engine;
import fathom.kernel.LossKernels;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * What training minimizes: always a mean, so that the gradient's scale does not depend on the batch
 * size. For integer labels it is a mean over the samples (with class weights, weighted by them);
 * for numeric targets over samples and outputs. Definitions are PyTorch's.
 *
 * <p>Immutable.
 */
public final class Loss {
  /** Cross-entropy of the softmax of logits, for one label of several. */
  public static final Loss SOFTMAX_CROSS_ENTROPY = new Loss(Kind.SOFTMAX, "cross_entropy");

  /** Cross-entropy of the logistic of logits, for any number of labels at once; targets 0 to 1. */
  public static final Loss SIGMOID_CROSS_ENTROPY = new Loss(Kind.SIGMOID, "sigmoid_cross_entropy");

  /** Mean squared error, without a factor 1/2. */
  public static final Loss MSE = new Loss(Kind.SQUARED, "mse");

  /** Mean absolute error. */
  public static final Loss MAE = new Loss(Kind.ABSOLUTE, "mae");

  /** Huber's loss with delta 1: quadratic near 0, linear beyond; Huber 1964. */
  public static final Loss HUBER = huber(1);

  private enum Kind {
    SOFTMAX,
    SIGMOID,
    SQUARED,
    ABSOLUTE,
    HUBER
  }

  private final Kind kind;
  private final String name;
  private final float parameter;
  private final float[] classWeights;

  private Loss(Kind kind, String name) {
    this(kind, name, 0, null);
  }

  private Loss(Kind kind, String name, float parameter, float[] classWeights) {
    this.kind = kind;
    this.name = name;
    this.parameter = parameter;
    this.classWeights = classWeights;
  }

  /** Huber's loss that turns linear at |error| = delta. */
  public static Loss huber(float delta) {
    if (!(delta > 0) || !Float.isFinite(delta)) {
      throw new IllegalArgumentException("delta must be positive and finite, not " + delta);
    }
    return new Loss(Kind.HUBER, "huber", delta, null);
  }

  /**
   * Returns the loss of a name such as {@code cross_entropy} or {@code mse}.
   *
   * @throws IllegalArgumentException if there is none, with the nearest name
   */
  public static Loss named(String text) {
    List<Loss> all = List.of(SOFTMAX_CROSS_ENTROPY, SIGMOID_CROSS_ENTROPY, MSE, MAE, HUBER);
    for (Loss loss : all) {
      if (Names.plain(loss.name).equals(Names.plain(text))) {
        return loss;
      }
    }
    throw new IllegalArgumentException(
        Names.unknown("loss", text, all.stream().map(Loss::toString).toList()));
  }

  /**
   * Returns cross-entropy against targets of 1 - e at the label plus e/K on each of the K classes;
   * Szegedy et al. 2016.
   */
  public Loss labelSmoothing(float e) {
    requireSoftmax("label smoothing");
    if (!(e >= 0 && e < 1)) {
      throw new IllegalArgumentException("label smoothing must be in [0, 1), not " + e);
    }
    return new Loss(kind, name, e, classWeights);
  }

  /** Returns cross-entropy in which class c counts {@code weights[c]} times. */
  public Loss classWeights(float... weights) {
    requireSoftmax("class weights");
    for (float w : weights) {
      if (!(w >= 0) || !Float.isFinite(w)) {
        throw new IllegalArgumentException("class weights must be finite and not negative: " + w);
      }
    }
    return new Loss(kind, name, parameter, weights.clone());
  }

  private void requireSoftmax(String what) {
    if (kind != Kind.SOFTMAX) {
      throw new IllegalArgumentException(what + " needs softmax cross-entropy, not " + name);
    }
  }

  /** Returns whether targets are integer labels rather than numbers. */
  public boolean wantsLabels() {
    return kind == Kind.SOFTMAX;
  }

  /** Returns all that the loss depends on, in words: its name and what it was told. */
  public String describe() {
    String weights = classWeights == null ? "" : ", class weights " + Arrays.toString(classWeights);
    return switch (kind) {
      case SOFTMAX -> name + (parameter == 0 ? "" : ", label smoothing " + parameter) + weights;
      case HUBER -> name + ", delta " + parameter;
      default -> name;
    };
  }

  /** Returns a name that {@link #named} reads. */
  @Override
  public String toString() {
    return name;
  }

  /** Binds this loss to a number of outputs, with what it needs off-heap in the arena. */
  public Objective bind(int outputs, Arena arena) {
    if (classWeights != null && classWeights.length != outputs) {
      throw new IllegalArgumentException(
          classWeights.length + " class weights for " + outputs + " outputs");
    }
    Matrix weights = null;
    if (classWeights != null) {
      weights = Matrix.allocate(arena, outputs, 1);
      for (int c = 0; c < outputs; c++) {
        weights.set(c, 0, classWeights[c]);
      }
    }
    return new Objective(this, weights);
  }

  /** A loss ready to be evaluated, any number of times, without allocation. */
  public static final class Objective {
    private final Loss loss;
    private final Matrix weights;

    private Objective(Loss loss, Matrix weights) {
      this.loss = loss;
      this.weights = weights;
    }

    /** Returns the loss that this evaluates. */
    public Loss loss() {
      return loss;
    }

    /**
     * Returns what a batch's mean is divided by: the number of samples, their class weights' sum,
     * or the number of targets.
     *
     * @param y the outputs, K x B
     * @param labels B 32-bit labels, or null where targets are numbers
     */
    public double weight(Matrix y, MemorySegment labels) {
      if (!loss.wantsLabels()) {
        return (double) y.rows() * y.cols();
      }
      if (weights == null) {
        return y.cols();
      }
      double sum = 0;
      for (int i = 0; i < y.cols(); i++) {
        sum += weights.get(labels.getAtIndex(JAVA_INT, i), 0);
      }
      return sum;
    }

    /**
     * Returns the mean loss of a batch and, where d is given, writes its gradient by the outputs.
     * The mean's divisor enters here and nowhere else.
     *
     * @param engine whose kernels compute
     * @param y the outputs, K x B, feature-major
     * @param labels B 32-bit labels in [0, K), or null where targets are numbers
     * @param t the targets, K x B, or null where they are labels
     * @param d K x B, overwritten; null if only the loss is wanted
     */
    public double mean(Engine engine, Matrix y, MemorySegment labels, Matrix t, Matrix d) {
      LossKernels kernels = engine.kernels().loss();
      double weight = weight(y, labels);
      float scale = (float) (1 / weight);
      double sum =
          switch (loss.kind) {
            case SOFTMAX ->
                kernels.softmaxCrossEntropy(y, labels, weights, loss.parameter, scale, d);
            case SIGMOID -> kernels.sigmoidCrossEntropy(y, t, scale, d);
            case SQUARED -> kernels.squaredError(y, t, scale, d);
            case ABSOLUTE -> kernels.absoluteError(y, t, scale, d);
            case HUBER -> kernels.huber(y, t, loss.parameter, scale, d);
          };
      return sum / weight;
    }

    /**
     * As {@link #mean}, where each sample's target is shared by two labels: {@code share} of it at
     * the first and the rest at the second (mixup, Zhang et al. 2018), both before smoothing. By
     * the first label the target lies wrong by {@code m = (1 - smoothing) (1 - share)}, so that the
     * loss differs by {@code m (y[label] - y[partner])} and the gradient by m in two places.
     *
     * @param partners B 32-bit labels in [0, K)
     * @throws IllegalArgumentException if this loss takes no labels, or weighs classes
     */
    public double mixed(
        Engine engine,
        Matrix y,
        MemorySegment labels,
        MemorySegment partners,
        float share,
        Matrix d) {
      if (!loss.wantsLabels() || weights != null) {
        throw new IllegalArgumentException(
            "rows can be mixed for cross-entropy without class weights only, not for "
                + loss
                + (weights == null ? "" : " with class weights"));
      }
      double moved = (1.0 - loss.parameter) * (1.0 - share);
      double sum = 0;
      // Before the gradient, which may be written over the outputs.
      for (int i = 0; i < y.cols(); i++) {
        double own = y.get(labels.getAtIndex(JAVA_INT, i), i);
        sum += own - y.get(partners.getAtIndex(JAVA_INT, i), i);
      }
      double mean = mean(engine, y, labels, null, d) + moved * sum / y.cols();
      for (int i = 0; d != null && i < y.cols(); i++) {
        add(d, labels.getAtIndex(JAVA_INT, i), i, (float) (moved / y.cols()));
        add(d, partners.getAtIndex(JAVA_INT, i), i, (float) (-moved / y.cols()));
      }
      return mean;
    }

    private static void add(Matrix d, int r, int c, float value) {
      d.set(r, c, d.get(r, c) + value);
    }
  }
}
