package fathom.lab.papers;

import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.data.Rows;
import fathom.lab.probe.Probe;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Sgd;
import fathom.train.Trainer;
import fathom.train.TrainingDivergedException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Deep linear nets from orthogonal and from normal weights, and what Jacobians are like. */
final class OrthogonalStart implements Reproduction {
  private static final int WIDTH = 64;
  private static final int DEPTH = 64;

  /** Each weight of variance 1 / n: signals keep their mean square, singular values do not. */
  private static final Initializer NORMAL = Initializer.LECUN_NORMAL;

  /** A mean squared error of one of ten: 0.09 says nothing, linear regression reaches 0.04. */
  private static final double GOAL = 0.055;

  private static final int BATCH = 32;

  @Override
  public String name() {
    return "orthogonal";
  }

  @Override
  public String title() {
    return "Deep linear nets learn in a time independent of depth from orthogonal weights only";
  }

  @Override
  public String source() {
    return "Saxe et al. (2014), section 3, Figure 6; Pennington et al. (2017), section 3";
  }

  @Override
  public Comparison run(Form form, Apparatus apparatus) {
    Comparison comparison = new Comparison();
    spectra(comparison, apparatus);
    times(comparison, apparatus, form);
    return comparison;
  }

  /**
   * Returns singular values of a linear layer's outputs by the first layer's sums, with {@link
   * #DEPTH} products between them, for a small random row.
   */
  private static double[] spectrum(Apparatus apparatus, Activation f, Initializer start) {
    NetworkBuilder builder = apparatus.input(WIDTH);
    for (int layer = 0; layer < DEPTH; layer++) {
      builder.dense(WIDTH, f, start);
    }
    // The probe's Jacobian ends below the last product.
    builder.dense(WIDTH, Activation.IDENTITY, start).dense(1);
    try (Arena arena = Arena.ofShared();
        Network network = builder.seed(1).build()) {
      Matrix x = apparatus.noise(arena, 1, WIDTH, 2);
      for (int c = 0; c < WIDTH; c++) {
        x.set(0, c, 0.1f * x.get(0, c));
      }
      return new Probe(network).spectrum(x);
    }
  }

  private static void spectra(Comparison comparison, Apparatus apparatus) {
    double[] linear = spectrum(apparatus, Activation.IDENTITY, Initializer.ORTHOGONAL);
    double[] normal = spectrum(apparatus, Activation.IDENTITY, NORMAL);
    double[] tanh = spectrum(apparatus, Activation.TANH, Initializer.ORTHOGONAL);
    double[] relu = spectrum(apparatus, Activation.RELU, Initializer.ORTHOGONAL.gain(Math.sqrt(2)));
    apparatus.say("singular values of " + DEPTH + " layers");
    // Of ReLU's, no more are left than the layer with the fewest units on has, half of them or
    // less; all others are 0 but for rounding: 64 terms of 2^-24 in each of 64 layers, 2.4e-4.
    // A drawn matrix keeps lengths to 1e-5.
    double rounding = DEPTH * 1e-5;
    double stray = Math.max(linear[0] - 1, 1 - linear[WIDTH - 1]);
    comparison
        .check(
            ResultCheck.near(
                "linear, orthogonal: singular values' largest distance from 1", 0, stray, rounding))
        .check(
            ResultCheck.atLeast(
                "linear, normal: largest singular value over the median",
                "many orders apart",
                normal[0] / normal[WIDTH / 2],
                1e3))
        .check(
            ResultCheck.atMost(
                "tanh, orthogonal, at criticality: largest over least",
                "close to isometry",
                tanh[0] / tanh[WIDTH - 1],
                3))
        .check(
            ResultCheck.atLeast(
                "ReLU, orthogonal times sqrt 2: share below a thousandth of the largest",
                "never isometric",
                shareBelow(relu, 1e-3 * relu[0]),
                0.5))
        .figure(
            new Figure.Chart(
                "Singular values of the Jacobian through " + DEPTH + " layers",
                "rank",
                "singular value",
                true,
                List.of(
                    Figure.Curve.counted("linear, orthogonal", linear),
                    Figure.Curve.counted("linear, normal", normal),
                    Figure.Curve.counted("tanh, orthogonal", tanh),
                    Figure.Curve.counted("ReLU, orthogonal", relu))));
  }

  private static double shareBelow(double[] values, double limit) {
    return Arrays.stream(values).filter(v -> v < limit).count() / (double) values.length;
  }

  private static void times(Comparison comparison, Apparatus apparatus, Form form) {
    int[] depths = form == Form.FAST ? new int[] {4, 12, 36} : new int[] {4, 8, 16, 32, 64, 128};
    int most = form == Form.FAST ? 40 : 200;
    double[] orthogonal = new double[depths.length];
    double[] normal = new double[depths.length];
    try (Dataset digits = Digits.load();
        Dataset answers = oneHot(digits.split(320.0 / digits.size(), 1).held())) {
      for (int i = 0; i < depths.length; i++) {
        orthogonal[i] = epochs(apparatus, answers, depths[i], Initializer.ORTHOGONAL, form, most);
        normal[i] = epochs(apparatus, answers, depths[i], NORMAL, form, most);
        apparatus.say(
            depths[i]
                + " linear layers: "
                + ResultCheck.number(orthogonal[i])
                + " epochs from orthogonal weights, "
                + ResultCheck.number(normal[i])
                + " from normal ones");
      }
    }
    int last = depths.length - 1;
    double[] x = Arrays.stream(depths).asDoubleStream().toArray();
    comparison
        .check(
            ResultCheck.atMost(
                "orthogonal: epochs at " + depths[last] + " layers over those at " + depths[0],
                "1: independent of depth",
                orthogonal[last] / orthogonal[0],
                2))
        .check(
            ResultCheck.atLeast(
                "normal: epochs at " + depths[last] + " layers over orthogonal's",
                "grows with depth",
                Math.min(normal[last], most + 1) / orthogonal[last],
                2))
        .note(
            "Linear nets of 64 units on 320 of the UCI digits, ten steps an epoch, mean squared error of one-of-ten, SGD with"
                + " the best of several rates for each depth; time is the epochs until the error is"
                + " below "
                + GOAL
                + ", "
                + most
                + " at the most.")
        .figure(
            new Figure.Chart(
                "Epochs to learn, linear nets",
                "layers",
                "epochs",
                false,
                List.of(
                    Figure.Curve.of("orthogonal", x, finite(orthogonal)),
                    Figure.Curve.of("normal", x, finite(normal)))));
  }

  private static double[] finite(double[] values) {
    return Arrays.stream(values).map(v -> Double.isFinite(v) ? v : Double.NaN).toArray();
  }

  /** Returns the least epochs to the goal over some rates; infinite if no rate gets there. */
  private static double epochs(
      Apparatus apparatus, Dataset data, int depth, Initializer start, Form form, int most) {
    List<Float> rates = new ArrayList<>();
    double factor = form == Form.FAST ? 4 : 2;
    // Steps that learn go with 1 / depth, since all layers move the answer.
    for (double rate = 8.0 / depth; rate > 0.05 / depth; rate /= factor) {
      rates.add((float) rate);
    }
    double least = Double.POSITIVE_INFINITY;
    for (float rate : rates) {
      try (Network network =
          apparatus.plain(
              data.features(), depth - 1, WIDTH, Activation.IDENTITY, start, data.outputs(), 1)) {
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(rate));
        for (int epoch = 1; epoch <= Math.min(most, least - 1); epoch++) {
          if (trainer.epoch(data.rows().batches(BATCH, 1, epoch)) < GOAL) {
            least = epoch;
          }
        }
      } catch (TrainingDivergedException e) {
        // This rate is too high; a lower one may do.
      }
    }
    return least;
  }

  private static Dataset oneHot(Rows digits) {
    float[][] x = new float[digits.size()][];
    float[][] t = new float[digits.size()][digits.dataset().classes()];
    for (int i = 0; i < t.length; i++) {
      int row = digits.row(i);
      x[i] = digits.dataset().inputs().rows(row, row + 1).toArray()[0];
      t[i][digits.label(i)] = 1;
    }
    return Dataset.ofTargets(x, t);
  }
}
