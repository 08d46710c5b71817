package fathom.lab.papers;

import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.data.Scaling;
import fathom.data.Split;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.optim.Sgd;
import fathom.train.Lsuv;
import java.util.ArrayList;
import java.util.List;

/** Unit variance layer by layer, for any activation, against initializers made for some. */
final class LsuvStart implements Reproduction {
  /** With the outputs 18 weight layers, about as many as the paper's FitNet-4 has. */
  private static final int DEPTH = 17;

  private static final int WIDTH = 100;

  /** As in {@link HeDepth}. */
  private static final Sgd DESCENT = new Sgd(0.005f, 0.9f);

  private static final List<Activation> ACTIVATIONS =
      List.of(
          Activation.TANH, Activation.RELU, Activation.ELU, Activation.SOFTSIGN, Activation.GELU);

  private static final List<String> STARTS = List.of("LSUV", "Xavier", "He", "orthonormal");

  /** Half of what is lost by who says nothing. */
  private static final double LEARNT = Math.log(10) / 2;

  @Override
  public String name() {
    return "lsuv";
  }

  @Override
  public String title() {
    return "Layers scaled to unit variance learn with every activation, where other starts may not";
  }

  @Override
  public String source() {
    return "Mishkin and Matas (2016), sections 2 and 3, Tables 3 and 4";
  }

  @Override
  public Comparison run(Form form, Apparatus apparatus) {
    int seeds = form == Form.FAST ? 1 : 5;
    Recipe recipe = new Recipe(DESCENT, 32, form == Form.FAST ? 10 : 20);
    int[][] learnt = new int[STARTS.size()][ACTIVATIONS.size()];
    double worst = 0;
    int trials = 0;
    List<Figure.Curve> curves = new ArrayList<>();
    try (Dataset digits = Digits.load()) {
      digits.scale(Scaling.standard(digits.rows()));
      Split split = digits.split(0.2, 1);
      for (int s = 0; s < STARTS.size(); s++) {
        for (int f = 0; f < ACTIVATIONS.size(); f++) {
          for (int seed = 1; seed <= seeds; seed++) {
            try (Network network = net(apparatus, s, ACTIVATIONS.get(f), seed)) {
              if (s == 0) {
                for (Lsuv.Scaled layer : scale(network, split)) {
                  worst = Math.max(worst, Math.abs(layer.variance() - 1));
                  trials = Math.max(trials, layer.trials());
                }
              }
              Recipe.Result trial = recipe.train(network, split.train(), split.held(), seed);
              learnt[s][f] += trial.loss() < LEARNT ? 1 : 0;
              String name = ACTIVATIONS.get(f) + ", " + STARTS.get(s);
              apparatus.say(name + ": loss " + ResultCheck.number(trial.loss()));
              if (seed == 1 && (s == 0 || ACTIVATIONS.get(f).equals(Activation.ELU))) {
                curves.add(trial.curve(name));
              }
            }
          }
        }
      }
    }
    return compared(worst, trials, learnt, seeds)
        .note(
            DEPTH
                + " hidden layers of "
                + WIDTH
                + " units on the UCI digits, standardized, where the paper has convolutions on"
                + " CIFAR-10; SGD, rate 0.005, momentum 0.9, "
                + recipe.epochs()
                + " epochs. Learnt is a loss below half of ln 10. Activations: tanh, ReLU, ELU,"
                + " softsign, GELU.")
        .figure(new Figure.Chart("Training loss", "epoch", "cross-entropy", false, curves));
  }

  /** Compares what LSUV came to, and how many seeds learnt by start and activation. */
  private static Comparison compared(double worst, int trials, int[][] learnt, int seeds) {
    String lsuv = row(learnt[0], seeds);
    String others =
        row(learnt[1], seeds) + "; " + row(learnt[2], seeds) + "; " + row(learnt[3], seeds);
    return new Comparison()
        .check(ResultCheck.near("layers' variance, largest distance from 1", 0, worst, 0.1))
        .check(ResultCheck.atMost("trials of a layer, most", "a few, at most 10", trials, 10))
        .check(
            ResultCheck.that(
                "LSUV: activations that learn", "all", lsuv, "all", !lsuv.contains("not")))
        .check(
            ResultCheck.that(
                "Xavier; He; orthonormal: activations that learn",
                "some fail",
                others,
                "some fail",
                others.contains("not")));
  }

  private static String row(int[] learnt, int seeds) {
    int all = 0;
    StringBuilder words = new StringBuilder();
    for (int f = 0; f < learnt.length; f++) {
      // Four of five seeds, as in all that hangs on seeds here.
      boolean learns = learnt[f] >= Math.ceil(0.8 * seeds);
      all += learns ? 1 : 0;
      words.append(learns ? "" : (words.isEmpty() ? ", not " : ", ") + ACTIVATIONS.get(f));
    }
    return all + " of " + learnt.length + words;
  }

  private static Network net(Apparatus apparatus, int start, Activation f, long seed) {
    Initializer weights =
        switch (start) {
          case 1 -> Initializer.XAVIER_UNIFORM;
          case 2 -> Initializer.HE_NORMAL;
          default -> Initializer.ORTHOGONAL;
        };
    return apparatus.plain(64, DEPTH, WIDTH, f, weights, 10, seed);
  }

  private static List<Lsuv.Scaled> scale(Network network, Split split) {
    Batch batch = split.train().batches(512, 1).iterator().next();
    return Lsuv.initialize(network, batch);
  }
}
