package fathom.cli;

import fathom.data.Scaling;
import fathom.nn.Architecture;
import fathom.nn.Layer;
import fathom.nn.Network;
import fathom.train.Evaluation;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** What people read about a network and about how well it does. */
final class Report {
  private static final int LONGEST_PERIOD = 16;

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
    Architecture architecture = network.architecture();
    List<String> words = architecture.placed().stream().map(Layer::brief).toList();
    int steps = architecture.steps();
    StringBuilder text = new StringBuilder(steps == 0 ? "" : steps + " x ");
    text.append(architecture.features());
    int i = 0;
    while (i < words.size()) {
      int period = 1;
      while (period < LONGEST_PERIOD && repeats(words, i, period) == 1) {
        period++;
      }
      int times = repeats(words, i, period);
      period = times == 1 ? 1 : period;
      String once = String.join(" -> ", words.subList(i, i + period));
      text.append(" -> ").append(times == 1 ? "" : times + " x ");
      text.append(times > 1 && period > 1 ? "(" + once + ")" : once);
      i += period * times;
    }
    return text.append(String.format(Locale.ROOT, "; %,d parameters", network.parameterCount()))
        .toString();
  }

  /** Returns how many times the words from i on, of a period, come one after the other. */
  private static int repeats(List<String> words, int i, int period) {
    int times = 1;
    while (i + (times + 1) * period <= words.size()
        && words
            .subList(i, i + period)
            .equals(words.subList(i + times * period, i + (times + 1) * period))) {
      times++;
    }
    return times;
  }

  /** Prints how long the steps of a training took, and what of that the data took. */
  void time(TrainingRun run) {
    entry(
        "time",
        String.format(
            Locale.ROOT,
            "%.1f s for %,d steps, %.1f %% of it waiting for data",
            run.seconds(),
            run.steps(),
            100 * run.secondsWaited() / run.seconds()));
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

  /**
   * Returns what to say of a training whose network is finite and whose figures are not, or null.
   *
   * @param test the figures of the test, or null
   * @param validation the loss of the validation rows; 0 where there are none
   */
  static String unsound(Evaluation test, double validation) {
    boolean tested = test == null || Double.isFinite(test.loss());
    if (tested && Double.isFinite(validation)) {
      return null;
    }
    return String.format(
        "training is done, and the loss of the %s rows is %s; correct rows whose numbers are too"
            + " large, or leave them out",
        tested ? "validation" : "test", tested ? validation : test.loss());
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
