package fathom.lab.papers;

import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.data.Scaling;
import fathom.data.Split;
import fathom.lab.probe.Probe;
import fathom.lab.probe.Sounding;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.optim.Sgd;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** Rectifiers, 22 and 30 weight layers deep: He's initializer against Xavier's. */
final class HeDepth implements Reproduction {
  private static final int WIDTH = 100;

  /**
   * Momentum as in the paper. The rate is the largest of 0.1, 0.05, 0.02, 0.01 and 0.005 at which
   * nets of 22 layers learn steadily from He's start.
   */
  private static final Sgd DESCENT = new Sgd(0.005f, 0.9f);

  /** The depth and width at which signals are measured before training. */
  private static final int SOUNDED = 30;

  private static final int SOUNDED_WIDTH = 256;

  /** Says nothing: the loss of who gives all ten classes a tenth. */
  private static final double CHANCE = Math.log(10);

  @Override
  public String name() {
    return "he";
  }

  @Override
  public String title() {
    return "Rectifier nets of 30 layers learn from He's start and stall from Xavier's";
  }

  @Override
  public String source() {
    return "He et al. (2015), section 2.2, Figures 2 and 3";
  }

  @Override
  public Comparison run(Form form, Apparatus apparatus) {
    Comparison comparison = new Comparison();
    variances(comparison, apparatus, form);
    int seeds = form == Form.FAST ? 1 : 5;
    Recipe recipe = new Recipe(DESCENT, 32, form == Form.FAST ? 22 : 30);
    List<Figure.Curve> curves = new ArrayList<>();
    try (Dataset digits = Digits.load()) {
      digits.scale(Scaling.standard(digits.rows()));
      Split split = digits.split(0.2, 1);
      Recipe.Result[][] he = new Recipe.Result[2][seeds];
      Recipe.Result[][] xavier = new Recipe.Result[2][seeds];
      int[] layers = {22, 30};
      for (int d = 0; d < 2; d++) {
        for (int seed = 0; seed < seeds; seed++) {
          he[d][seed] = train(apparatus, layers[d], Initializer.HE_NORMAL, recipe, split, seed);
          xavier[d][seed] =
              train(apparatus, layers[d], Initializer.XAVIER_NORMAL, recipe, split, seed);
        }
        String what = layers[d] + " layers, ";
        curves.add(he[d][0].curve(what + "He"));
        curves.add(xavier[d][0].curve(what + "Xavier"));
      }
      comparison
          .check(learnt("22 layers, He: seeds that learn", "learns", he[0], seeds))
          .check(learnt("22 layers, Xavier: seeds that learn", "learns", xavier[0], seeds))
          .check(sooner(he[0], xavier[0]))
          .check(learnt("30 layers, He: seeds that learn", "learns", he[1], seeds))
          .check(stalled(xavier[1], seeds));
    }
    return comparison
        .note(
            "Fully connected layers of 100 units on the UCI digits where the paper has convolutions"
                + " on ImageNet; standardized; SGD, rate 0.005, momentum 0.9. Learnt is a loss below half of ln 10,"
                + " stalled one within 1 % of it.")
        .figure(new Figure.Chart("Training loss", "epoch", "cross-entropy", false, curves));
  }

  private static Recipe.Result train(
      Apparatus apparatus, int layers, Initializer start, Recipe recipe, Split split, long seed) {
    int inputs = split.train().dataset().features();
    try (Network network =
        apparatus.plain(inputs, layers - 1, WIDTH, Activation.RELU, start, 10, seed)) {
      Recipe.Result trial = recipe.train(network, split.train(), split.held(), seed);
      apparatus.say(
          layers + " layers from " + start + ": loss " + ResultCheck.number(trial.loss()));
      return trial;
    }
  }

  private static ResultCheck learnt(
      String what, String published, Recipe.Result[] trials, int seeds) {
    int learnt = 0;
    for (Recipe.Result trial : trials) {
      learnt += trial.loss() < CHANCE / 2 ? 1 : 0;
    }
    return ResultCheck.that(what, published, learnt + " of " + seeds, "all", learnt == seeds);
  }

  private static ResultCheck sooner(Recipe.Result[] he, Recipe.Result[] xavier) {
    int sooner = 0;
    double first = 0;
    double second = 0;
    for (int i = 0; i < he.length; i++) {
      double a = he[i].epochsTo(CHANCE / 2);
      double b = xavier[i].epochsTo(CHANCE / 2);
      sooner += a < b ? 1 : 0;
      first += a / he.length;
      second += b / he.length;
    }
    return ResultCheck.that(
        "22 layers: epochs until the loss has halved, He and Xavier",
        "He sooner",
        ResultCheck.number(first) + ", " + ResultCheck.number(second),
        "He sooner, all seeds",
        sooner == he.length);
  }

  private static ResultCheck stalled(Recipe.Result[] trials, int seeds) {
    int stalled = 0;
    for (Recipe.Result trial : trials) {
      stalled += Math.abs(trial.loss() - CHANCE) < 0.01 * CHANCE ? 1 : 0;
    }
    return ResultCheck.that(
        "30 layers, Xavier: seeds that stall",
        "stalls",
        stalled + " of " + seeds,
        "all",
        stalled == seeds);
  }

  /** Mean squares on the way up, against the formula of equation 10. */
  private static void variances(Comparison comparison, Apparatus apparatus, Form form) {
    int nets = form == Form.FAST ? 5 : 20;
    double he = growth(apparatus, Initializer.HE_NORMAL, nets);
    double xavier = growth(apparatus, Initializer.XAVIER_NORMAL, nets);
    // The logarithm of a net's mean square strays by sqrt(5 / n) a layer and leans down by 5 / 2n
    // (Hanin and Rolnick 2018): four standard errors of the mean over layers and nets, and the
    // lean.
    double layers = SOUNDED - 1;
    double tolerance = 4 * Math.sqrt(5.0 / SOUNDED_WIDTH / layers / nets) + 2.5 / SOUNDED_WIDTH;
    comparison
        .check(ResultCheck.near("growth of a mean square a layer, He", 1, he, tolerance))
        .check(
            ResultCheck.near("growth of a mean square a layer, Xavier", 0.5, xavier, tolerance / 2))
        .check(
            ResultCheck.between(
                "what 30 layers leave of a mean square, Xavier",
                "2^-30, 9.3e-10",
                Math.pow(xavier, 30),
                Math.pow(0.5 - tolerance / 2, 30),
                Math.pow(0.5 + tolerance / 2, 30)));
  }

  private static double growth(Apparatus apparatus, Initializer start, int nets) {
    double sum = 0;
    for (int seed = 0; seed < nets; seed++) {
      try (Arena arena = Arena.ofShared();
          Network network =
              apparatus.plain(
                  SOUNDED_WIDTH, SOUNDED, SOUNDED_WIDTH, Activation.RELU, start, 10, seed)) {
        Matrix x = apparatus.noise(arena, 16, SOUNDED_WIDTH, 1000 + seed);
        Sounding sounding = new Probe(network).withoutJacobian().sound(x, seed);
        double first = sounding.layers().get(0).q();
        double last = sounding.layers().get(SOUNDED - 1).q();
        sum += Math.log(last / first) / (SOUNDED - 1);
      }
    }
    return Math.exp(sum / nets);
  }
}
