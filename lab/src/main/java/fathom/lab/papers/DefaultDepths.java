package fathom.lab.papers;

import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.data.Split;
import fathom.lab.theory.MeanField;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Adam;
import java.util.ArrayList;
import java.util.List;

/** Nets of L layers of width L, from what libraries and books start them with. */
final class DefaultDepths implements Reproduction {
  private static final int[] DEPTHS = {30, 56, 115};

  /** U[-1/sqrt(n), 1/sqrt(n)] for weights and biases: what PyTorch's Linear draws unless told. */
  private static final Initializer TORCH = Apparatus.STANDARD_OF_2010;

  /** At chance is below a fifth right, trained above a half; a tenth would be luck. */
  private static final double CHANCE = 0.2;

  private static final double TRAINED = 0.5;

  /**
   * A way to start.
   *
   * @param weightVariance sigma_w², the variance of weights times the fan-in of square layers
   * @param skips whether every layer is a branch beside a skip, scaled by 1 / sqrt(L)
   */
  private record Start(
      String name, Activation f, Initializer weights, double weightVariance, boolean skips) {
    boolean isTorch() {
      return weights.equals(TORCH);
    }
  }

  private static final List<Start> STARTS =
      List.of(
          new Start("PyTorch's default, ReLU", Activation.RELU, TORCH, 1 / 3.0, false),
          new Start("Keras's default, ReLU", Activation.RELU, Initializer.XAVIER_UNIFORM, 1, false),
          new Start(
              "Table 11-1 as printed, tanh",
              Activation.TANH,
              Initializer.tableElevenOne(Activation.TANH, false),
              16,
              false),
          new Start(
              "Table 11-1 as printed, logistic",
              Activation.LOGISTIC,
              Initializer.tableElevenOne(Activation.LOGISTIC, false),
              1,
              false),
          new Start("He, ReLU", Activation.RELU, Initializer.HE_NORMAL, 2, false),
          new Start("Xavier, tanh", Activation.TANH, Initializer.XAVIER_UNIFORM, 1, false),
          new Start("LeCun, SELU", Activation.SELU, Initializer.LECUN_NORMAL, 1, false),
          new Start("orthogonal, tanh", Activation.TANH, Initializer.ORTHOGONAL, 1, false),
          new Start("He, ReLU, skips", Activation.RELU, Initializer.HE_NORMAL, 2, true));

  @Override
  public String name() {
    return "depths";
  }

  @Override
  public String title() {
    return "L layers of width L: libraries' defaults stay at chance where other starts learn";
  }

  @Override
  public String source() {
    return "Fathom's notes on defaults; Glorot and Bengio (2010); He et al. (2015, 2016);"
        + " Schoenholz et al. (2017)";
  }

  @Override
  public Comparison run(Form form, Apparatus apparatus) {
    boolean fast = form == Form.FAST;
    int seeds = fast ? 1 : 5;
    int shapes = fast ? 1 : DEPTHS.length;
    double[][][] accuracy = new double[STARTS.size()][shapes][seeds];
    double deepest;
    try (Dataset digits = Digits.load()) {
      for (int i = 0; i < STARTS.size(); i++) {
        for (int d = 0; d < shapes; d++) {
          for (int seed = 0; seed < seeds; seed++) {
            accuracy[i][d][seed] = train(apparatus, STARTS.get(i), DEPTHS[d], digits, seed);
          }
        }
      }
      Start last = STARTS.get(STARTS.size() - 1);
      deepest = fast ? train(apparatus, last, DEPTHS[2], digits, 0) : Double.NaN;
    }
    Comparison comparison = new Comparison();
    for (int d = 0; d < shapes; d++) {
      wanted(comparison, accuracy, d);
    }
    if (fast) {
      comparison.check(
          ResultCheck.atLeast("115 layers: He, ReLU, skips", "learns", deepest, TRAINED));
    }
    foretold(comparison, accuracy);
    return comparison
        .note(
            "UCI digits, a fifth held out for the test, Adam of rate 0.001, batches of 64, "
                + epochs(DEPTHS[0])
                + " epochs at 30 layers and "
                + epochs(DEPTHS[1])
                + " at more; figures are mean accuracies over "
                + (seeds == 1 ? "one seed." : seeds + " seeds."))
        .figure(chart(accuracy));
  }

  private static int epochs(int depth) {
    return depth <= 30 ? 30 : 20;
  }

  private static double train(
      Apparatus apparatus, Start start, int depth, Dataset digits, long seed) {
    Split split = digits.split(0.2, seed);
    Recipe recipe = new Recipe(new Adam(1e-3f), 64, epochs(depth));
    try (Network network = net(apparatus, start, depth, digits.features(), seed)) {
      double found = recipe.train(network, split.train(), split.held(), seed).accuracy();
      apparatus.say(depth + " layers, " + start.name + ": accuracy " + ResultCheck.number(found));
      return found;
    }
  }

  private static Network net(Apparatus apparatus, Start start, int depth, int inputs, long seed) {
    if (!start.skips) {
      Network network = apparatus.plain(inputs, depth, depth, start.f, start.weights, 10, seed);
      if (start.isTorch()) {
        for (int layer = 0; layer < network.depth(); layer++) {
          double bound = 1 / Math.sqrt(layer == 0 ? inputs : depth);
          apparatus.drawBias(network, layer, Initializer.uniform(bound), seed);
        }
      }
      return network;
    }
    NetworkBuilder builder = apparatus.input(inputs).dense(depth, start.f, start.weights);
    float scale = (float) (1 / Math.sqrt(depth - 1));
    for (int layer = 1; layer < depth; layer++) {
      builder.residual(scale, branch -> branch.dense(depth, start.f, start.weights));
    }
    return builder.dense(10).seed(seed).build();
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value / values.length;
    }
    return sum;
  }

  private static int reached(double[] values) {
    int count = 0;
    for (double value : values) {
      count += value > TRAINED ? 1 : 0;
    }
    return count;
  }

  /** Returns what was seen before of a start at a depth: "chance", "learns", or null for both. */
  private static String seen(Start start, int depth) {
    if (start.isTorch() || start.name.startsWith("Table")) {
      return "chance";
    }
    boolean learns =
        start.skips || depth == 30 || (depth == 56 && start.weights.equals(Initializer.ORTHOGONAL));
    return learns ? "learns" : null;
  }

  private static void wanted(Comparison comparison, double[][][] accuracy, int d) {
    for (int i = 0; i < STARTS.size(); i++) {
      Start start = STARTS.get(i);
      double[] values = accuracy[i][d];
      String what = DEPTHS[d] + " layers: " + start.name;
      String seen = seen(start, DEPTHS[d]);
      if (seen == null) {
        comparison.note(
            what + ": " + ResultCheck.number(mean(values)) + ", which hangs on the seed");
      } else if (seen.equals("chance")) {
        comparison.check(ResultCheck.atMost(what, "at chance", mean(values), CHANCE));
      } else {
        // Single seeds may fail at the edge: four of five.
        int limit = (int) Math.ceil(0.8 * values.length);
        comparison.check(
            ResultCheck.that(
                what,
                "learns",
                ResultCheck.number(mean(values)),
                "above 0.5 for " + limit + " of " + values.length,
                reached(values) >= limit));
      }
    }
  }

  /** Compares with gradients' growth over 30 layers in theory; skips have none of their own. */
  private static void foretold(Comparison comparison, double[][][] accuracy) {
    int right = 0;
    int all = 0;
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < STARTS.size(); i++) {
      Start start = STARTS.get(i);
      if (start.skips) {
        continue;
      }
      double biases = start.isTorch() ? 1 / 3.0 / DEPTHS[0] : 0;
      MeanField theory = MeanField.of(start.f, start.weightVariance, biases);
      double growth = Math.log10(theory.chi(theory.variances(1, 15)[15])) * DEPTHS[0];
      // Six depth scales: a factor of e^6 either way, 2.6 powers of ten.
      boolean trains = Math.abs(growth) < 6 / Math.log(10);
      boolean trained = mean(accuracy[i][0]) > TRAINED;
      right += trains == trained ? 1 : 0;
      all++;
      words.append(i == 0 ? "" : "; ").append(start.name).append(' ');
      words.append(ResultCheck.number(Math.rint(10 * growth) / 10));
    }
    comparison
        .check(
            ResultCheck.that(
                "30 layers: starts that learn or do not as mean-field theory foretells",
                "within six depth scales",
                right + " of " + all,
                "all but those that Adam's free scale saves, at least " + (all - 2),
                right >= all - 2))
        .note(
            "Powers of ten by which gradients' mean squares grow down 30 layers in theory: "
                + words
                + ". Adam's steps do not depend on the gradients' scale, so that what shrinks in all"
                + " layers alike may still be learnt.");
  }

  private static Figure chart(double[][][] accuracy) {
    List<Figure.Curve> curves = new ArrayList<>();
    int shapes = accuracy[0].length;
    for (int i = 0; i < STARTS.size(); i++) {
      double[] x = new double[shapes];
      double[] y = new double[shapes];
      for (int d = 0; d < shapes; d++) {
        x[d] = DEPTHS[d];
        y[d] = mean(accuracy[i][d]);
      }
      curves.add(Figure.Curve.of(STARTS.get(i).name, x, y));
    }
    return new Figure.Chart("Accuracy of the test", "layers = width", "accuracy", false, curves);
  }
}
