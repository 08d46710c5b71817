package fathom.lab.papers;

import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Sgd;
import fathom.train.Evaluation;
import fathom.train.Trainer;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;

/** Three logistic layers of 100 on binary MNIST, with and without batch normalization. */
final class BatchNormNet implements Reproduction {
  private static final int WIDTH = 100;
  private static final int LAYERS = 3;
  private static final int BATCH = 60;
  private static final int WATCHED = 500;

  /**
   * The paper says "small random Gaussian values" and no rate. At 0.5, tried first, the plain net
   * is far quicker than in the paper's Figure 1(a).
   */
  private static final Initializer SMALL = Initializer.normal(0.1);

  private static final float RATE = 0.2f;

  @Override
  public String name() {
    return "batch-norm";
  }

  @Override
  public String title() {
    return "With batch norm a logistic net learns sooner and further, and its inputs stay put";
  }

  @Override
  public String source() {
    return "Ioffe and Szegedy (2015), section 4.1, Figure 1";
  }

  @Override
  public boolean needsMnist() {
    return true;
  }

  /** A net's way: by step, the accuracy, and percentiles of each unit's sums, 15, 50 and 85. */
  private static final class Way {
    final double[] steps;
    final double[] accuracy;
    final double[][][] quantiles;

    Way(int points) {
      steps = new double[points];
      accuracy = new double[points];
      quantiles = new double[WIDTH][3][points];
    }

    double reached(double limit) {
      for (int i = 0; i < steps.length; i++) {
        if (accuracy[i] >= limit) {
          return steps[i];
        }
      }
      return Double.POSITIVE_INFINITY;
    }

    /** Returns how far medians move, over the distance of the outer percentiles; mean of units. */
    double drift() {
      double sum = 0;
      for (double[][] unit : quantiles) {
        double low = Arrays.stream(unit[1]).min().orElseThrow();
        double high = Arrays.stream(unit[1]).max().orElseThrow();
        double spread = 0;
        for (int i = 0; i < steps.length; i++) {
          spread += (unit[2][i] - unit[0][i]) / steps.length;
        }
        sum += (high - low) / spread;
      }
      return sum / quantiles.length;
    }
  }

  @Override
  public Comparison run(Form form, Apparatus apparatus) {
    int rows = form == Form.FAST ? 30_000 : 60_000;
    int steps = form == Form.FAST ? 4000 : 50_000;
    int every = form == Form.FAST ? 200 : 1000;
    Way plain;
    Way normed;
    try (Dataset train = binary(apparatus.mnistTrain(), rows);
        Dataset test = binary(apparatus.mnistTest(), form == Form.FAST ? 2000 : 10_000)) {
      plain = train(apparatus, false, train, test, steps, every);
      normed = train(apparatus, true, train, test, steps, every);
    }
    int last = plain.steps.length - 1;
    double goal = plain.accuracy[last];
    return new Comparison()
        .check(
            ResultCheck.that(
                "test accuracy at the end, with and without batch norm",
                "higher with",
                ResultCheck.number(normed.accuracy[last]) + ", " + ResultCheck.number(goal),
                "higher with",
                normed.accuracy[last] > goal))
        .check(sooner(normed.reached(goal) / plain.reached(goal), form))
        .check(
            ResultCheck.that(
                "drift of units' median inputs over their spread, with and without",
                "stable with",
                ResultCheck.number(normed.drift()) + ", " + ResultCheck.number(plain.drift()),
                "less with",
                normed.drift() < plain.drift()))
        .note(
            "SGD, rate 0.2, batches of 60, weights of deviation 0.1; "
                + rows
                + " binary images and "
                + steps
                + " steps (the paper: 60,000 and 50,000).")
        .figure(
            new Figure.Chart(
                "Test accuracy",
                "step",
                "accuracy",
                false,
                List.of(
                    Figure.Curve.of("with batch norm", normed.steps, normed.accuracy),
                    Figure.Curve.of("without", plain.steps, plain.accuracy))))
        .figure(quantiles("with batch norm", normed))
        .figure(quantiles("without", plain));
  }

  /** A short training shows the order, and only a long one by how much. */
  private static ResultCheck sooner(double share, Form form) {
    String what = "steps to the plain net's last accuracy, with over without";
    return form == Form.FAST
        ? ResultCheck.that(what, "fewer", ResultCheck.number(share), "below 1", share < 1)
        : ResultCheck.atMost(what, "far fewer", share, 0.5);
  }

  private static Figure quantiles(String which, Way way) {
    return new Figure.Chart(
        "Input of a unit of the last hidden layer, " + which,
        "step",
        "sum",
        false,
        List.of(
            Figure.Curve.of("15th percentile", way.steps, way.quantiles[0][0]),
            Figure.Curve.of("median", way.steps, way.quantiles[0][1]),
            Figure.Curve.of("85th percentile", way.steps, way.quantiles[0][2])));
  }

  private static Dataset binary(Dataset images, int rows) {
    float[][] x = images.inputs().rows(0, rows).toArray();
    int[] labels = new int[rows];
    for (int r = 0; r < rows; r++) {
      labels[r] = images.rows().label(r);
      for (int c = 0; c < x[r].length; c++) {
        x[r][c] = x[r][c] >= 0.5f ? 1 : 0;
      }
    }
    return Dataset.ofLabels(x, labels, images.classes());
  }

  private static NetworkBuilder hidden(Apparatus apparatus, boolean normed, int inputs) {
    NetworkBuilder builder = apparatus.input(inputs);
    for (int layer = 0; layer < LAYERS; layer++) {
      if (normed) {
        builder.dense(WIDTH, Activation.IDENTITY, SMALL).noBias().batchNorm(Activation.LOGISTIC);
      } else {
        builder.dense(WIDTH, Activation.LOGISTIC, SMALL);
      }
    }
    return builder.seed(1);
  }

  private static Way train(
      Apparatus apparatus, boolean normed, Dataset train, Dataset test, int steps, int every) {
    int points = steps / every + 1;
    Way way = new Way(points);
    try (Arena arena = Arena.ofShared();
        Network network =
            hidden(apparatus, normed, train.features())
                .dense(train.classes(), Activation.IDENTITY, SMALL)
                .build();
        Network below = hidden(apparatus, normed, train.features()).build()) {
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(RATE));
      Matrix top = Matrix.allocate(arena, WATCHED, WIDTH);
      int step = 0;
      for (int epoch = 0; step <= steps; epoch++) {
        for (Batch batch : train.rows().batches(BATCH, 1, epoch)) {
          if (step % every == 0 && step <= steps) {
            int point = step / every;
            way.steps[point] = step;
            way.accuracy[point] = Evaluation.accuracy(network, test.rows());
            copy(network.parameters(), below.parameters());
            copy(network.statistics(), below.statistics());
            below.predict(test.inputs().rows(0, WATCHED), top);
            look(top, way, point);
            apparatus.say((normed ? "with" : "without") + " batch norm, step " + step);
          }
          if (step++ < steps) {
            double unused = trainer.step(batch);
          }
        }
      }
    }
    return way;
  }

  /** Copies what both have. */
  private static void copy(Slab from, Slab to) {
    to.matrices().forEach((name, matrix) -> matrix.copyFrom(from.get(name)));
  }

  /** Takes percentiles of the sums, which follow from the outputs: z = ln(a / (1 - a)). */
  private static void look(Matrix top, Way way, int point) {
    for (int unit = 0; unit < WIDTH; unit++) {
      double[] z = new double[WATCHED];
      for (int r = 0; r < WATCHED; r++) {
        // The nearest floats to 0 and 1 are as far as a sum can be told.
        double a = Math.min(1 - 0x1p-24, Math.max(0x1p-24, top.get(r, unit)));
        z[r] = Math.log(a / (1 - a));
      }
      Arrays.sort(z);
      way.quantiles[unit][0][point] = z[15 * WATCHED / 100];
      way.quantiles[unit][1][point] = z[50 * WATCHED / 100];
      way.quantiles[unit][2][point] = z[85 * WATCHED / 100];
    }
  }
}
