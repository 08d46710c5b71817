package fathom.cli;

import fathom.data.Scaling;
import fathom.nn.Activation;
import fathom.nn.Network;
import fathom.train.Evaluation;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** What people read about a network and about how well it does. */
final class Report {
  private final PrintWriter out;

  Report(PrintWriter out) {
    this.out = out;
  }

  /** Prints a word and what there is to say about it. */
  Report entry(String word, String text) {
    out.printf(Locale.ROOT, "%-9s %s%n", word, text);
    out.flush();
    return this;
  }

  /** Returns a network on one line, alike layers together: {@code 784 -> 100 x 256 tanh -> 10}. */
  static String describe(Network network) {
    StringBuilder text = new StringBuilder().append(network.inputs());
    int alike;
    for (int i = 0; i < network.depth(); i += alike) {
      alike = 1;
      while (i + alike < network.depth() && isAlike(network, i, i + alike)) {
        alike++;
      }
      text.append(" -> ").append(alike == 1 ? "" : alike + " x ").append(network.units(i));
      Activation activation = network.activation(i);
      text.append(activation == Activation.IDENTITY ? "" : " " + activation);
    }
    return text.append(String.format(Locale.ROOT, "; %,d parameters", network.parameterCount()))
        .toString();
  }

  private static boolean isAlike(Network network, int i, int j) {
    return network.units(i) == network.units(j)
        && network.activation(i).toString().equals(network.activation(j).toString());
  }

  /**
   * Prints how well a network does.
   *
   * @param scaling what the targets of a regression were brought to; null for classification
   */
  void test(Evaluation test, Scaling scaling) {
    test("test", test, scaling);
  }

  /** As {@link #test(Evaluation, Scaling)}, under another word. */
  void test(String word, Evaluation test, Scaling scaling) {
    String rows = String.format(Locale.ROOT, "of %,d rows", test.samples());
    if (scaling == null) {
      entry(
          word,
          String.format(
              Locale.ROOT,
              "accuracy %.2f %% %s, loss %.4f",
              100 * test.accuracy(),
              rows,
              test.loss()));
    } else {
      entry(
          word,
          String.format(
              Locale.ROOT,
              "RMSE %.5g, R2 %.4f %s, loss %.4f",
              rmse(test, scaling),
              test.r2(),
              rows,
              test.loss()));
    }
  }

  /** Prints which classes were taken for which. */
  void confusion(Evaluation test, List<String> classNames) {
    out.println();
    new ConfusionTable(test.confusion(), classNames).print(out);
    out.flush();
  }

  /**
   * Adds the figures of a test.
   *
   * @param test null where no rows were held out
   */
  static void addTest(JsonObject json, Evaluation test, boolean classes, Scaling scaling) {
    json.put("test_loss", test == null ? Double.NaN : test.loss());
    if (classes) {
      json.put("test_accuracy", test == null ? Double.NaN : test.accuracy());
    } else {
      json.put("test_rmse", test == null ? Double.NaN : rmse(test, scaling));
      json.put("test_r2", test == null ? Double.NaN : test.r2());
    }
  }

  /** Returns the root of the mean squared error in the unit of the data. */
  static double rmse(Evaluation test, Scaling scaling) {
    float[] scale = scaling.scale();
    double[] errors = test.squaredError();
    double sum = 0;
    for (int k = 0; k < errors.length; k++) {
      sum += errors[k] / ((double) scale[k] * scale[k]);
    }
    return Math.sqrt(sum / test.samples() / errors.length);
  }
}
