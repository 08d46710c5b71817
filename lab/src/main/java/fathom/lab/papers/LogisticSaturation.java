package fathom.lab.papers;

import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.lab.probe.Probe;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Sgd;
import fathom.train.StepSample;
import fathom.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Logistic units under normal weights saturate; trained, the top hidden layer shuts first. */
final class LogisticSaturation implements Reproduction {
  private static final int DEPTH = 8;
  private static final int WIDTH = 300;
  private static final int ROWS = 100;

  /** Beyond these a logistic unit is within a hundredth of its ends. */
  private static final float LOW = 0.01f;

  private static final float HIGH = 0.99f;

  private static final int HIDDEN = 4;
  private static final float RATE = 0.1f;
  private static final int BATCH = 10;

  @Override
  public String name() {
    return "saturation";
  }

  @Override
  public String title() {
    return "Normal weights saturate logistic units; trained, the top hidden layer falls to 0 first";
  }

  @Override
  public String source() {
    return "Glorot and Bengio (2010), section 3.1, Figure 2; Géron (2017), chapter 11";
  }

  @Override
  public Comparison run(Form form, Apparatus apparatus) {
    Comparison comparison = new Comparison();
    try (Dataset digits = Digits.load()) {
      atTheStart(comparison, apparatus, digits);
      whileTraining(comparison, apparatus, digits, form);
    }
    return comparison;
  }

  /** What signals are like before training. */
  private static final class Profile {
    final double[] sums = new double[DEPTH];
    final double[] ratio = new double[DEPTH];
    final double[] saturated = new double[DEPTH];
  }

  private static Profile profile(Apparatus apparatus, Matrix x, Initializer initializer) {
    Profile profile = new Profile();
    try (Network network =
        apparatus.plain(x.cols(), DEPTH, WIDTH, Activation.LOGISTIC, initializer, 1, 1)) {
      List<float[][]> outputs = new Probe(network).outputs(x);
      float[][] below = transposed(x.toArray());
      for (int layer = 0; layer < DEPTH; layer++) {
        Matrix w = network.parameters().get(network.layer(layer).parameterNames().get(0));
        profile.sums[layer] = variance(product(w.toArray(), below));
        profile.ratio[layer] = profile.sums[layer] / variance(below);
        profile.saturated[layer] = saturated(outputs.get(layer));
        below = outputs.get(layer);
      }
    }
    return profile;
  }

  private static void atTheStart(Comparison comparison, Apparatus apparatus, Dataset digits) {
    Matrix x = digits.inputs().rows(0, ROWS);
    Profile normal = profile(apparatus, x, Initializer.normal(1));
    Profile xavier = profile(apparatus, x, Initializer.XAVIER_NORMAL);
    apparatus.say("signals of " + DEPTH + " layers of " + WIDTH + " logistic units");
    double least = Double.POSITIVE_INFINITY;
    for (double ratio : normal.ratio) {
      least = Math.min(least, ratio);
    }
    double[] v = normal.sums;
    comparison
        .check(
            ResultCheck.atLeast(
                "variance of a layer's sums over its inputs', least", ">> 1", least, 10))
        .check(
            ResultCheck.that(
                "variance of the sums, layer by layer",
                "grows until units saturate",
                String.format(
                    Locale.ROOT, "%.1f, %.1f, %.1f, …, %.1f", v[0], v[1], v[2], v[DEPTH - 1]),
                "layer 1 < 2 < 3",
                v[0] < v[1] && v[1] < v[2]))
        .check(
            ResultCheck.atLeast(
                "saturated share of the top layer", "saturated", normal.saturated[DEPTH - 1], 0.5))
        .check(
            ResultCheck.atMost("the same under Xavier", "not", xavier.saturated[DEPTH - 1], 0.01))
        .figure(
            new Figure.Chart(
                "Saturated share before training, by layer",
                "layer",
                "share",
                false,
                List.of(
                    Figure.Curve.counted("normal weights, sigma 1", normal.saturated),
                    Figure.Curve.counted("Xavier", xavier.saturated))))
        .figure(
            new Figure.Chart(
                "Variance of the sums before training, by layer",
                "layer",
                "variance",
                true,
                List.of(
                    Figure.Curve.counted("normal weights, sigma 1", normal.sums),
                    Figure.Curve.counted("Xavier", xavier.sums))));
  }

  private static void whileTraining(
      Comparison comparison, Apparatus apparatus, Dataset digits, Form form) {
    int width = form == Form.FAST ? 100 : 1000;
    int epochs = form == Form.FAST ? 20 : 150;
    List<StepSample> samples = new ArrayList<>();
    try (Network network =
        apparatus.plain(
            digits.features(),
            HIDDEN,
            width,
            Activation.LOGISTIC,
            Apparatus.STANDARD_OF_2010,
            digits.classes(),
            1)) {
      int steps = digits.batches(BATCH, 0).count();
      Trainer trainer =
          new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(RATE))
              .monitor(samples::add, Math.max(1, steps / 4));
      for (int epoch = 1; epoch <= epochs; epoch++) {
        double loss = trainer.epoch(digits.rows().batches(BATCH, 1, epoch));
        apparatus.say(
            "four logistic layers of "
                + width
                + ", epoch "
                + epoch
                + ": loss "
                + ResultCheck.number(loss));
      }
    }
    List<Figure.Curve> curves = new ArrayList<>();
    double[] epoch = new double[samples.size()];
    double perEpoch = digits.batches(BATCH, 0).count();
    for (int i = 0; i < epoch.length; i++) {
      epoch[i] = samples.get(i).step() / perEpoch;
    }
    double[] lowest = new double[HIDDEN];
    for (int layer = 0; layer < HIDDEN; layer++) {
      double[] mean = new double[epoch.length];
      lowest[layer] = 1;
      for (int i = 0; i < mean.length; i++) {
        mean[i] = samples.get(i).layers().get(layer).output().mean();
        lowest[layer] = Math.min(lowest[layer], mean[i]);
      }
      curves.add(Figure.Curve.of("hidden layer " + (layer + 1), epoch, mean));
    }
    List<Double> top = curves.get(HIDDEN - 1).y();
    double others = Math.min(lowest[0], Math.min(lowest[1], lowest[2]));
    comparison
        .check(
            ResultCheck.atMost(
                "top hidden layer's mean output, lowest", "falls to 0", lowest[HIDDEN - 1], 0.1))
        .check(ResultCheck.atLeast("the layers' below it, lowest", "stays above", others, 0.25))
        .note(
            String.format(
                Locale.ROOT,
                "The top hidden layer's mean output ended at %.3f after %d epochs. The paper saw it"
                    + " leave saturation around epoch 100 in a net of four hidden layers.",
                top.get(top.size() - 1),
                epochs))
        .note(
            "Trained on the UCI digits with SGD of rate "
                + RATE
                + "; the paper used Shapeset-3x2, 1,000 units a layer.")
        .figure(
            new Figure.Chart("Mean output while training", "epoch", "mean output", false, curves));
  }

  private static double saturated(float[][] a) {
    long count = 0;
    for (float[] row : a) {
      for (float value : row) {
        count += value < LOW || value > HIGH ? 1 : 0;
      }
    }
    return (double) count / a.length / a[0].length;
  }

  private static float[][] transposed(float[][] rows) {
    float[][] columns = new float[rows[0].length][rows.length];
    for (int r = 0; r < rows.length; r++) {
      for (int c = 0; c < columns.length; c++) {
        columns[c][r] = rows[r][c];
      }
    }
    return columns;
  }

  private static double variance(float[][] a) {
    double count = (double) a.length * a[0].length;
    double sum = 0;
    for (float[] row : a) {
      for (float value : row) {
        sum += value;
      }
    }
    double mean = sum / count;
    double deviations = 0;
    for (float[] row : a) {
      for (float value : row) {
        deviations += (value - mean) * (value - mean);
      }
    }
    return deviations / count;
  }

  private static float[][] product(float[][] w, float[][] a) {
    float[][] z = new float[w.length][a[0].length];
    for (int i = 0; i < z.length; i++) {
      for (int k = 0; k < a.length; k++) {
        for (int s = 0; s < z[i].length; s++) {
          z[i][s] += w[i][k] * a[k][s];
        }
      }
    }
    return z;
  }
}
