package fathom.lab.papers;

import fathom.data.Rows;
import fathom.data.Split;
import fathom.lab.probe.LayerSounding;
import fathom.lab.probe.Probe;
import fathom.lab.theory.Criticality;
import fathom.lab.theory.Expectations;
import fathom.lab.theory.MeanField;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.optim.Sgd;
import java.lang.foreign.Arena;
import java.util.List;

/** The phases of tanh nets, their depth scale, and what can be trained. */
final class MeanFieldDepth implements Reproduction {
  /** The variance of biases, as in the paper's experiments. */
  private static final double BIASES = 0.05;

  private static final Activation F = Activation.TANH;

  /** A net has trained when it is right on half of what it was trained on; a tenth is chance. */
  private static final double TRAINED = 0.5;

  @Override
  public String name() {
    return "mean-field";
  }

  @Override
  public String title() {
    return "Tanh nets can be trained as deep as information travels: about six depth scales";
  }

  @Override
  public String source() {
    return "Schoenholz et al. (2017), sections 3 to 5, Figures 1, 2 and 5";
  }

  @Override
  public boolean needsMnist() {
    return true;
  }

  @Override
  public Comparison run(Form form, Apparatus apparatus) {
    Comparison comparison = new Comparison();
    phases(comparison);
    gradients(comparison, apparatus, form);
    map(comparison, apparatus, form);
    return comparison;
  }

  private static MeanField theory(double weights) {
    return MeanField.of(F, weights, BIASES);
  }

  private static void phases(Comparison comparison) {
    Criticality critical = Criticality.of(Expectations.of(F), BIASES);
    double[] biases = new double[16];
    double[] line = new double[biases.length];
    for (int i = 0; i < biases.length; i++) {
      biases[i] = 0.02 * i;
      line[i] = Criticality.of(Expectations.of(F), biases[i]).weightVariance();
    }
    comparison
        .check(
            ResultCheck.near(
                "critical variance of weights, biases' 0.05",
                1.76,
                critical.weightVariance(),
                0.005))
        .figure(
            new Figure.Chart(
                "The critical line: ordered below, chaotic above",
                "variance of biases",
                "variance of weights",
                false,
                List.of(Figure.Curve.of("chi = 1", biases, line))));
  }

  /** The engine's gradients against chi. */
  private static void gradients(Comparison comparison, Apparatus apparatus, Form form) {
    int width = form == Form.FAST ? 500 : 1000;
    int depth = 12;
    int nets = form == Form.FAST ? 2 : 5;
    for (double weights : new double[] {1.3, 1.76, 2.5}) {
      MeanField theory = theory(weights);
      double q = theory.fixedPoint();
      double sum = 0;
      for (int seed = 0; seed < nets; seed++) {
        sum += growth(apparatus, weights, width, depth, q, seed);
      }
      double measured = Math.exp(sum / nets);
      // A layer's factor strays by some 2 / sqrt(n) in one net and one row, and by less in the mean
      // over layers, nets and rows: 2 % is what the notes ask for at a width of 1,000.
      comparison.check(
          ResultCheck.near(
              "growth of the gradient's mean square a layer, weights " + weights,
              theory.chi(q),
              measured,
              0.02 * theory.chi(q)));
    }
    apparatus.say("gradients of " + depth + " layers of " + width);
  }

  /** Returns the logarithm of the growth, from rows whose variance is that of the fixed point. */
  private static double growth(
      Apparatus apparatus, double weights, int width, int depth, double q, int seed) {
    int rows = 24;
    try (Arena arena = Arena.ofShared();
        Network network = net(apparatus, width, depth, width, weights, 10, seed)) {
      Matrix x = apparatus.noise(arena, rows, width, 100 + seed);
      float scale = (float) Math.sqrt((q - BIASES) / weights);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < width; c++) {
          x.set(r, c, scale * x.get(r, c));
        }
      }
      List<LayerSounding> layers =
          new Probe(network).withoutJacobian().sound(x, 200 + seed).layers();
      double first = layers.get(0).gradient();
      double last = layers.get(depth - 1).gradient();
      return Math.log(first / last) / (depth - 1);
    }
  }

  private static Network net(
      Apparatus apparatus,
      int inputs,
      int depth,
      int width,
      double weights,
      int outputs,
      long seed) {
    Network network =
        apparatus.plain(
            inputs,
            depth,
            width,
            F,
            Initializer.LECUN_NORMAL.gain(Math.sqrt(weights)),
            outputs,
            seed);
    for (int layer = 0; layer < network.depth(); layer++) {
      apparatus.drawBias(network, layer, Initializer.normal(Math.sqrt(BIASES)), seed);
    }
    return network;
  }

  private static void map(Comparison comparison, Apparatus apparatus, Form form) {
    boolean fast = form == Form.FAST;
    double[] weights =
        fast
            ? new double[] {1, 1.76, 4}
            : new double[] {1, 1.25, 1.5, 1.76, 2, 2.25, 2.5, 3, 3.5, 4};
    double[] depths = fast ? new double[] {8, 80} : new double[] {10, 20, 30, 50, 75, 100, 150};
    int width = fast ? 64 : 300;
    Split split = apparatus.mnistTrain().split(2000 / 60_000.0, 1);
    Rows rows = split.held();
    Recipe recipe = new Recipe(new Sgd(0.01f, 0.9f), 64, fast ? 8 : 12);
    double[][] reached = new double[depths.length][weights.length];
    double[] limit = new double[weights.length];
    int right = 0;
    for (int i = 0; i < weights.length; i++) {
      limit[i] = 6 * scale(weights[i]);
      for (int j = 0; j < depths.length; j++) {
        int depth = (int) depths[j];
        try (Network network =
            net(apparatus, rows.dataset().features(), depth, width, weights[i], 10, 1)) {
          reached[j][i] = recipe.train(network, rows, rows, 1).accuracy();
        }
        boolean trained = reached[j][i] > TRAINED;
        boolean foretold = depth < limit[i];
        right += trained == foretold ? 1 : 0;
        apparatus.say(
            depth + " layers, weights " + weights[i] + ": " + ResultCheck.number(reached[j][i]));
      }
    }
    double cells = weights.length * depths.length;
    comparison
        .check(
            ResultCheck.atLeast(
                "share of nets that train or do not as 6 xi tells",
                "trainable to about 6 xi",
                right / cells,
                0.8))
        .note(
            "Nets of "
                + width
                + " units on 2,000 rows of MNIST, "
                + recipe.epochs()
                + " epochs of SGD, rate 0.01, momentum 0.9 (the paper: 300 units, SGD of rate 0.001"
                + " without momentum, up to 14,000 steps). Trained is right on half of the rows.")
        .figure(
            Figure.Heat.ofShares(
                "Accuracy on the rows trained on, and 6 xi",
                "variance of weights",
                "layers",
                weights,
                depths,
                reached,
                List.of(sixScales())));
  }

  /**
   * Returns six depth scales over variances of weights from 1 to 4, cut off where they are many.
   */
  private static Figure.Curve sixScales() {
    double[] weights = new double[121];
    double[] line = new double[weights.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = 1 + 3.0 * i / (weights.length - 1);
      double six = 6 * scale(weights[i]);
      line[i] = six < 1000 ? six : 1000;
    }
    return Figure.Curve.of("6 xi", weights, line);
  }

  /** Returns the depth scale of correlations; infinite at criticality. */
  private static double scale(double weights) {
    return theory(weights).correlationScale();
  }
}
