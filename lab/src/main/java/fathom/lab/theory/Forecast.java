package fathom.lab.theory;

import fathom.nn.Activate;
import fathom.nn.Activation;
import fathom.nn.BatchNorm;
import fathom.nn.Dense;
import fathom.nn.Initializer;
import fathom.nn.Layer;
import fathom.nn.LayerCases;
import fathom.nn.LayerNorm;
import fathom.nn.Network;
import fathom.nn.Noise;
import fathom.nn.Recurrent;
import fathom.nn.Residual;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What mean-field theory says of a network as its initializers draw it: signals layer by layer on
 * the way up, gradients on the way down. Biases are 0 then, and norms scale by 1.
 *
 * <p>With x the outputs below, known by the means over units of x², of x, and of x y for two
 * inputs:
 *
 * <ul>
 *   <li>dense: q = sigma_w² E x², sigma_w² being the weights' variance times the fan-in; then as in
 *       {@link MeanField}. Gradients get sigma_w² in squared norm, and E f'².
 *   <li>batch norm (Yang et al. 2019, for large batches): q = 1 and c = -1 / (B - 1); gradients are
 *       divided by the variance over the batch, q (1 - c), and lose 2 of B directions.
 *   <li>layer norm: q = 1; gradients are divided by the variance over the units, and lose 2 of n.
 *   <li>residual blocks with fresh weights in the branch (Yang and Schoenholz 2017): squares of
 *       skip and scaled branch add up, both ways.
 *   <li>dropout and alpha dropout by their means and variances; noise adds its own.
 * </ul>
 *
 * <p>There is no formula for recurrent layers, for weights that are not drawn at random (constant
 * or identity), or for an activation of what is no sum of many weights (dropped or activated
 * before).
 */
public final class Forecast {
  private static final double SELU_LIMIT = -1.0507009873554805 * 1.6732632423543772;

  /** Signals on the way: means over units, and whether units are normally distributed. */
  private record Signal(double square, double mean, double product, boolean normal) {
    double correlation() {
      return square == 0 ? 1 : Math.max(-1, Math.min(1, product / square));
    }
  }

  /** A layer: what it adds to the forecast, and its factors on gradients. */
  private record Step(
      Layer layer, double variance, double square, double correlation, double bend, double down) {}

  /** Where a residual block began. */
  private record Fork(Signal signal, int products) {}

  private final int batch;
  private final List<Step> steps = new ArrayList<>();
  private final Deque<Fork> forks = new ArrayDeque<>();
  private final List<LayerForecast> layers = new ArrayList<>();
  private Signal signal;
  private int products;
  private Layer layer;
  private double input;

  private Forecast(Network network, InputMoments inputs, int batch) {
    this.batch = batch;
    signal = new Signal(inputs.square(), inputs.mean(), inputs.product(), false);
    Entering entering = new Entering();
    for (int i = 0; i < network.depth(); i++) {
      layer = network.layer(i);
      Step step = layer.spec().match(entering);
      steps.add(step);
    }
    descend();
  }

  /**
   * Foretells a network.
   *
   * @param inputs what its rows are like
   * @param batch the samples of a step, which matter to batch norm alone
   * @throws IllegalArgumentException if there is no formula for a layer, with its name
   */
  public static Forecast of(Network network, InputMoments inputs, int batch) {
    return new Forecast(network, inputs, batch);
  }

  /** Returns all layers, from the first. */
  public List<LayerForecast> layers() {
    return List.copyOf(layers);
  }

  /** Returns the squared norm of the gradient by the inputs, over that by the outputs. */
  public double inputGradient() {
    return input;
  }

  /** What each kind of layer does to signals. */
  private final class Entering implements LayerCases<Step> {
    @Override
    public Step dense(Dense dense) {
      return Forecast.this.dense(dense);
    }

    @Override
    public Step batchNorm(BatchNorm norm) {
      return Forecast.this.batchNorm(norm.epsilon());
    }

    @Override
    public Step layerNorm(LayerNorm norm) {
      return Forecast.this.layerNorm(norm.epsilon());
    }

    @Override
    public Step activate(Activate activate) {
      return activated(1);
    }

    @Override
    public Step noise(Noise noise) {
      return switch (noise.kind()) {
        case DROPOUT -> dropped(1 - noise.p());
        case ALPHA_DROPOUT -> alphaDropped(1 - noise.p());
        case NOISE -> Forecast.this.noise(noise.p());
      };
    }

    @Override
    public Step residual(Residual block) {
      if (layer.closesBlock()) {
        return join(block.scale());
      }
      forks.push(new Fork(signal, products));
      return plain(1);
    }

    @Override
    public Step recurrent(Recurrent recurrent) {
      throw none("is recurrent, and theory here is of layers that share no weights");
    }
  }

  private IllegalArgumentException none(String why) {
    return new IllegalArgumentException(
        String.format("no formula for layer %d (%s): it %s", layer.index(), layer, why));
  }

  private Step plain(double down) {
    return new Step(layer, signal.square, signal.square, signal.correlation(), 1, down);
  }

  private Step dense(Dense dense) {
    Initializer initializer = dense.initializer();
    if (!initializer.isRandom()) {
      throw none("starts from weights that are not random");
    }
    int fanIn = layer.in();
    int units = dense.units();
    double gain = initializer.variance(fanIn, units) * fanIn;
    signal = new Signal(gain * signal.square, 0, gain * signal.product, true);
    products++;
    return activated(gain);
  }

  /** Activates normal sums. */
  private Step activated(double down) {
    Activation f = layer.activation().orElseThrow();
    double q = signal.square;
    double bend = 1;
    if (!f.equals(Activation.IDENTITY)) {
      if (!signal.normal) {
        throw none("activates what is not normally distributed; put a dense layer before it");
      }
      Expectations e = Expectations.of(f);
      double v = Math.min(q, Float.MAX_VALUE);
      double mean = e.mean(v);
      signal = new Signal(e.square(v), mean, e.product(v, signal.correlation()), false);
      bend = e.slopeSquare(Math.max(v, Float.MIN_NORMAL));
    }
    return new Step(layer, q, signal.square, signal.correlation(), bend, down);
  }

  private Step batchNorm(double epsilon) {
    double all = (double) batch / Math.max(1, batch - 1);
    double variance = Math.max(0, signal.square - signal.product) / all;
    double square = variance / (variance + epsilon);
    signal = new Signal(square, 0, -square * (all - 1), signal.normal);
    return activated(Math.max(0, 1 - 2.0 / batch) / (variance + epsilon));
  }

  private Step layerNorm(double epsilon) {
    int units = layer.out();
    double shared = signal.mean * signal.mean;
    double variance = Math.max(0, signal.square - shared);
    double scale = 1 / (variance + epsilon);
    double product = (signal.product - shared) * scale;
    signal = new Signal(variance * scale, 0, product, signal.normal);
    return activated(Math.max(0, 1 - 2.0 / units) * scale);
  }

  private Step dropped(double kept) {
    signal = new Signal(signal.square / kept, signal.mean, signal.product, false);
    return plain(1 / kept);
  }

  /** {@code y = a m + b}, m being x with probability p and else the limit l. */
  private Step alphaDropped(double p) {
    double l = SELU_LIMIT;
    double a = 1 / Math.sqrt(p * (1 + (1 - p) * l * l));
    double b = -a * (1 - p) * l;
    double mean = p * signal.mean + (1 - p) * l;
    double square = p * signal.square + (1 - p) * l * l;
    double product =
        p * p * signal.product + 2 * p * (1 - p) * l * signal.mean + (1 - p) * (1 - p) * l * l;
    double shift = 2 * a * b * mean + b * b;
    signal = new Signal(a * a * square + shift, a * mean + b, a * a * product + shift, false);
    return plain(a * a * p);
  }

  private Step noise(double sigma) {
    signal = new Signal(signal.square + sigma * sigma, signal.mean, signal.product, signal.normal);
    return plain(1);
  }

  private Step join(double scale) {
    Fork fork = forks.pop();
    if (fork.products == products) {
      throw none("adds a branch without weights, which is no stranger to its input");
    }
    Signal skip = fork.signal;
    double cross = 2 * scale * skip.mean * signal.mean;
    double s = scale * scale;
    signal =
        new Signal(
            skip.square + s * signal.square + cross,
            skip.mean + scale * signal.mean,
            skip.product + s * signal.product + cross,
            skip.normal && signal.normal);
    return plain(s);
  }

  /** Takes gradients down, from 1 by the outputs. */
  private void descend() {
    Deque<Double> skips = new ArrayDeque<>();
    double gradient = 1;
    for (int l = steps.size() - 1; l >= 0; l--) {
      Step step = steps.get(l);
      if (step.layer.closesBlock()) {
        skips.push(gradient);
      }
      gradient *= step.bend;
      layers.add(
          0,
          new LayerForecast(
              l, step.layer.brief(), step.variance, step.square, step.correlation, gradient));
      gradient *= step.down;
      if (step.layer.opensBlock()) {
        gradient += skips.pop();
      }
    }
    input = gradient;
  }
}
