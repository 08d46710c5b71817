package fathom.lab.papers;

import fathom.data.Dataset;
import fathom.data.Rows;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.optim.Constraint;
import fathom.optim.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Test errors on MNIST of deep nets, by activation and initializer. */
final class GlorotTable implements Reproduction {
  private static final int BATCH = 10;

  /**
   * A row of the table.
   *
   * @param depth hidden layers: five, and four of sigmoid, which in five may never leave saturation
   * @param rate of SGD; the paper searched for one for each net
   */
  private record Net(
      String name, Activation f, Initializer start, int depth, float rate, double published) {}

  private static final List<Net> NETS =
      List.of(
          new Net("softsign", Activation.SOFTSIGN, Apparatus.STANDARD_OF_2010, 5, 0.05f, 1.64),
          new Net(
              "softsign, Xavier", Activation.SOFTSIGN, Initializer.XAVIER_UNIFORM, 5, 0.05f, 1.72),
          new Net("tanh", Activation.TANH, Apparatus.STANDARD_OF_2010, 5, 0.02f, 1.76),
          new Net("tanh, Xavier", Activation.TANH, Initializer.XAVIER_UNIFORM, 5, 0.02f, 1.64),
          new Net("sigmoid", Activation.LOGISTIC, Apparatus.STANDARD_OF_2010, 4, 0.2f, 2.21));

  @Override
  public String name() {
    return "glorot-table";
  }

  @Override
  public String title() {
    return "Test errors of deep nets on MNIST: softsign and tanh below sigmoid";
  }

  @Override
  public String source() {
    return "Glorot and Bengio (2010), Table 1, column MNIST";
  }

  @Override
  public boolean needsMnist() {
    return true;
  }

  @Override
  public Comparison run(Form form, Apparatus apparatus) {
    boolean fast = form == Form.FAST;
    int width = fast ? 100 : 500;
    int epochs = fast ? 4 : 12;
    Dataset all = apparatus.mnistTrain();
    Rows rows = fast ? all.split(5000 / 60_000.0, 1).held() : all.rows();
    Rows test = fast ? apparatus.mnistTest().split(0.3, 1).held() : apparatus.mnistTest().rows();
    Comparison comparison = new Comparison();
    List<Figure.Curve> curves = new ArrayList<>();
    double[] errors = new double[NETS.size()];
    for (int i = 0; i < errors.length; i++) {
      Net net = NETS.get(i);
      double[] way = train(apparatus, net, width, epochs, rows, test);
      errors[i] = way[way.length - 1];
      curves.add(Figure.Curve.counted(net.name, way));
      if (!fast) {
        comparison.check(
            ResultCheck.near("test error, " + net.name + ", %", net.published, errors[i], 0.25));
      }
    }
    double others = Arrays.stream(errors, 0, errors.length - 1).max().orElseThrow();
    comparison.check(
        ResultCheck.that(
            "test error of the worst of the others, and of sigmoid, %",
            "1.76, 2.21",
            ResultCheck.number(others) + ", " + ResultCheck.number(errors[4]),
            "sigmoid the worst",
            others < errors[4]));
    if (!fast) {
      // A test of 10,000 rows has a standard error of 0.13 points at 1.7 %: orders of differences
      // of 0.1 are a toss, and are asked for with one such error to spare.
      comparison.check(
          ResultCheck.atMost(
              "tanh with Xavier less tanh, points", "-0.12", errors[3] - errors[2], 0.13));
    }
    return comparison
        .note(
            "Hidden layers of "
                + width
                + " units (the paper: 1,000), "
                + epochs
                + " epochs of "
                + rows.size()
                + " rows, batches of 10, SGD whose rate falls to 0 as a cosine; five hidden layers, four of"
                + " sigmoid.")
        .figure(new Figure.Chart("Test error", "epoch", "%", true, curves));
  }

  private static double[] train(
      Apparatus apparatus, Net net, int width, int epochs, Rows rows, Rows test) {
    Recipe recipe = new Recipe(new Sgd(net.rate), BATCH, epochs);
    int inputs = rows.dataset().features();
    try (Network network = apparatus.plain(inputs, net.depth, width, net.f, net.start, 10, 1)) {
      return recipe.errors(network, Constraint.none(), rows, test, net.name, apparatus);
    }
  }
}
