package fathom.lab.papers;

import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.lab.probe.LayerSounding;
import fathom.lab.probe.Probe;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import java.lang.foreign.Arena;
import java.util.List;

/** Gradients on their way down a five-layer tanh net, under the old initializer and Xavier's. */
final class XavierGradients implements Reproduction {
  private static final int DEPTH = 5;
  private static final int WIDTH = 1000;

  @Override
  public String name() {
    return "xavier";
  }

  @Override
  public String title() {
    return "Gradients fade on their way down under the old initializer, and last under Xavier's";
  }

  @Override
  public String source() {
    return "Glorot and Bengio (2010), section 4.2, equations 10 to 16, Figures 6 to 8";
  }

  /** Mean squares of a layer's outputs, of the gradient by its sums, and by its weights. */
  private static final class Profile {
    final double[] signal = new double[DEPTH];
    final double[] gradient = new double[DEPTH];
    final double[] weights = new double[DEPTH];

    /** Returns by what a mean square grows from the top hidden layer to the first, a layer. */
    double growthDown(double[] by) {
      return Math.pow(by[0] / by[DEPTH - 1], 1.0 / (DEPTH - 1));
    }

    /** Returns by what the outputs' mean square grows a layer. */
    double growthUp() {
      return Math.pow(signal[DEPTH - 1] / signal[0], 1.0 / (DEPTH - 1));
    }

    /** Returns the largest mean square of weights' gradients over the least, but for layer 1. */
    double spread() {
      double spread = Double.NEGATIVE_INFINITY;
      for (int i = 1; i < DEPTH; i++) {
        for (int k = 1; k < DEPTH; k++) {
          spread = Math.max(spread, weights[i] / weights[k]);
        }
      }
      return spread;
    }
  }

  @Override
  public Comparison run(Form form, Apparatus apparatus) {
    int rows = form == Form.FAST ? 20 : 300;
    Profile old;
    Profile xavier;
    try (Dataset digits = Digits.load()) {
      Matrix x = digits.inputs().rows(0, rows);
      old = profile(apparatus, x, Apparatus.STANDARD_OF_2010);
      apparatus.say("old initializer, " + rows + " rows");
      xavier = profile(apparatus, x, Initializer.XAVIER_UNIFORM);
      apparatus.say("Xavier, " + rows + " rows");
    }
    // Published factors hold where tanh is linear. Its slope takes 2 q of a mean square at sums'
    // variance q; q is at most 0.08 in the first layer here and falls, so a tenth is room enough
    // for both nets, and below it the sampling of 10^6 weights, sqrt(2 / 1000) a layer, is lost.
    return new Comparison()
        .check(
            ResultCheck.near(
                "gradient's mean square, growth a layer down, old",
                1 / 3.0,
                old.growthDown(old.gradient),
                0.1 / 3))
        .check(
            ResultCheck.near(
                "gradient's mean square, growth a layer down, Xavier",
                1,
                xavier.growthDown(xavier.gradient),
                0.1))
        .check(
            ResultCheck.near(
                "signal's mean square, growth a layer up, old", 1 / 3.0, old.growthUp(), 0.1 / 3))
        .check(
            ResultCheck.near(
                "signal's mean square, growth a layer up, Xavier", 1, xavier.growthUp(), 0.1))
        .check(
            ResultCheck.between(
                "weights' gradients, old: largest mean square over least",
                "about the same in all layers",
                old.spread(),
                1,
                1.5))
        .note(
            "Five hidden layers of 1,000 tanh units under a softmax's ten, UCI digits; gradients are"
                + " sent down from standard normal ones at the outputs.")
        .figure(chart("Mean square of back-propagated gradients", old.gradient, xavier.gradient))
        .figure(chart("Mean square of outputs", old.signal, xavier.signal));
  }

  private static Figure chart(String title, double[] old, double[] xavier) {
    return new Figure.Chart(
        title,
        "hidden layer",
        "mean square",
        true,
        List.of(
            Figure.Curve.counted("old initializer", old), Figure.Curve.counted("Xavier", xavier)));
  }

  private static Profile profile(Apparatus apparatus, Matrix x, Initializer initializer) {
    Profile profile = new Profile();
    try (Arena arena = Arena.ofShared();
        Network network =
            apparatus.plain(x.cols(), DEPTH, WIDTH, Activation.TANH, initializer, 10, 1)) {
      Matrix top = apparatus.noise(arena, x.rows(), 10, 2);
      Probe probe = new Probe(network).withoutJacobian();
      // Row by row: gradients of weights by many rows at once would add up to something else.
      for (int r = 0; r < x.rows(); r++) {
        List<LayerSounding> layers = probe.sound(x.rows(r, r + 1), top.rows(r, r + 1)).layers();
        for (int l = 0; l < DEPTH; l++) {
          LayerSounding layer = layers.get(l);
          int inputs = l == 0 ? x.cols() : WIDTH;
          double weight = layer.weightGradientNorm();
          profile.signal[l] += layer.q() / x.rows();
          profile.gradient[l] += layer.gradient() / x.rows();
          profile.weights[l] += weight * weight / inputs / WIDTH / x.rows();
        }
      }
    }
    return profile;
  }
}
