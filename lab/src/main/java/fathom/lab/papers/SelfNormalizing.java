package fathom.lab.papers;

import fathom.lab.probe.LayerSounding;
import fathom.lab.probe.Probe;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import java.lang.foreign.Arena;
import java.util.List;

/** Signals in deep SELU nets: mean 0, variance 1, whatever comes in. */
final class SelfNormalizing implements Reproduction {
  private static final int WIDTH = 300;
  private static final int ROWS = 100;

  /** Layers that a disturbance is given to fade: the paper's 0.7877 to the power of 20 is 0.8 %. */
  private static final int FADING = 20;

  @Override
  public String name() {
    return "selu";
  }

  @Override
  public String title() {
    return "SELU nets keep mean 0 and variance 1 through any depth, and draw others back to it";
  }

  @Override
  public String source() {
    return "Klambauer et al. (2017), theorems 1 to 3, Figures 1 and 2";
  }

  /** What each layer puts out, for inputs of a mean and a deviation. */
  private static List<LayerSounding> profile(
      Apparatus apparatus, int depth, double mean, double sigma) {
    List<LayerSounding> profile;
    try (Arena arena = Arena.ofShared();
        Network network =
            apparatus.plain(WIDTH, depth, WIDTH, Activation.SELU, Initializer.LECUN_NORMAL, 1, 1)) {
      Matrix x = apparatus.noise(arena, ROWS, WIDTH, 2);
      for (int r = 0; r < ROWS; r++) {
        for (int c = 0; c < WIDTH; c++) {
          x.set(r, c, (float) (mean + sigma * x.get(r, c)));
        }
      }
      profile = new Probe(network).withoutJacobian().sound(x, 3).layers().subList(0, depth);
    }
    apparatus.say(depth + " SELU layers");
    return profile;
  }

  private static double[] variances(List<LayerSounding> profile) {
    return profile.stream().mapToDouble(LayerSounding::variance).toArray();
  }

  @Override
  public Comparison run(Form form, Apparatus apparatus) {
    int depth = form == Form.FAST ? 120 : 1000;
    List<LayerSounding> normal = profile(apparatus, depth, 0, 1);
    List<LayerSounding> large = profile(apparatus, depth, 1, 3);
    List<LayerSounding> small = profile(apparatus, depth, -0.3, 0.3);
    double mean = normal.stream().mapToDouble(LayerSounding::mean).average().orElseThrow();
    double variance = normal.stream().mapToDouble(LayerSounding::variance).average().orElseThrow();
    double low = normal.stream().mapToDouble(LayerSounding::variance).min().orElseThrow();
    double high = normal.stream().mapToDouble(LayerSounding::variance).max().orElseThrow();
    // A layer of n units has a mean square that strays by sd(selu²) / sqrt(n) = 0.08, and 0.79 of
    // that is handed up, so that layers stray by 0.08 / sqrt(1 - 0.79²) = 0.13 and are alike over
    // some 8: the mean over d layers strays by 0.13 sqrt(8 / d), four times which is allowed. A
    // layer's mean strays by 1 / sqrt(n) = 0.058 by itself.
    double stray = 0.13;
    double ofMean = 4 * stray * Math.sqrt(8.0 / depth);
    return new Comparison()
        .check(ResultCheck.near("mean of outputs, over all layers", 0, mean, ofMean / 2))
        .check(ResultCheck.near("variance of outputs, over all layers", 1, variance, ofMean))
        .check(
            ResultCheck.between(
                "least variance of a layer", "in the domain of attraction", low, 0.4, 1))
        .check(
            ResultCheck.between("largest of a layer", "in the domain of attraction", high, 1, 1.75))
        .check(
            ResultCheck.near(
                "variance after " + FADING + " layers, inputs of mean 1 and variance 9",
                1,
                large.get(FADING - 1).variance(),
                4 * stray))
        .check(
            ResultCheck.near(
                "the same, inputs of mean -0.3 and variance 0.09",
                1,
                small.get(FADING - 1).variance(),
                4 * stray))
        .note(depth + " layers of " + WIDTH + " units, LeCun's normal weights, no training.")
        .figure(
            new Figure.Chart(
                "Variance of outputs, layer by layer",
                "layer",
                "variance",
                true,
                List.of(
                    Figure.Curve.counted("inputs of variance 1", variances(normal)),
                    Figure.Curve.counted("inputs of mean 1, variance 9", variances(large)),
                    Figure.Curve.counted("inputs of mean -0.3, variance 0.09", variances(small)))))
        .figure(
            new Figure.Chart(
                "Mean of outputs, layer by layer",
                "layer",
                "mean",
                false,
                List.of(
                    Figure.Curve.counted(
                        "inputs of variance 1",
                        normal.stream().mapToDouble(LayerSounding::mean).toArray()))));
  }
}
