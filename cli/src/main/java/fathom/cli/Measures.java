package fathom.cli;

import fathom.train.ClassificationMetrics;
import fathom.train.Evaluation;
import fathom.train.RegressionMetrics;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** What there is to say about a model beyond loss and accuracy, of classes or of numbers. */
final class Measures {
  private static final int TOP = 5;
  private static final int MOST_CLASSES = 20;
  private static final int LONGEST_NAME = 24;

  private final ClassificationMetrics classes;
  private final RegressionMetrics numbers;

  private Measures(ClassificationMetrics classes, RegressionMetrics numbers) {
    this.classes = classes;
    this.numbers = numbers;
  }

  /** Returns what was measured. */
  static Measures of(Evaluation measured, boolean classes) {
    return classes
        ? new Measures(measured.classification(), null)
        : new Measures(null, measured.regression());
  }

  /** Prints one entry. */
  void print(Report report) {
    if (numbers != null) {
      report.entry("errors", String.format(Locale.ROOT, "MAE %.5g", numbers.mae()));
      return;
    }
    StringBuilder text = new StringBuilder();
    if (classes.classes() > TOP) {
      text.append(String.format(Locale.ROOT, "top %d %.2f %%, ", TOP, 100 * top()));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "precision %.2f %%, recall %.2f %%, F1 %.2f %% (means of classes), ROC AUC %s,"
                + " calibration error %.2f %%",
            100 * classes.macroPrecision(),
            100 * classes.macroRecall(),
            100 * classes.macroF1(),
            area(classes.rocAuc()),
            100 * classes.calibrationError()));
    report.entry("measures", text.toString());
  }

  /** Prints a line for each class, if they are not too many to read. */
  void printClasses(PrintWriter out, List<String> names) {
    if (classes == null || classes.classes() > MOST_CLASSES) {
      return;
    }
    int width = "class".length();
    for (String name : names) {
      width = Math.max(width, Math.min(LONGEST_NAME, name.length()));
    }
    String row = "%" + width + "s %12s %9s %9s %9s %9s%n";
    out.println();
    out.printf(Locale.ROOT, row, "class", "precision", "recall", "F1", "ROC AUC", "rows");
    for (int c = 0; c < classes.classes(); c++) {
      String name = names.isEmpty() ? Integer.toString(c) : names.get(c);
      out.printf(
          Locale.ROOT,
          row,
          name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME - 1) + "~",
          percent(classes.precision(c)),
          percent(classes.recall(c)),
          percent(classes.f1(c)),
          area(classes.rocAuc(c)),
          String.format(Locale.ROOT, "%,d", classes.support(c)));
    }
    out.flush();
  }

  /** Adds the figures. */
  JsonObject addTo(JsonObject json) {
    if (numbers != null) {
      return json.put("test_mae", numbers.mae());
    }
    return json.put("test_top5_accuracy", top())
        .put("test_precision_macro", classes.macroPrecision())
        .put("test_recall_macro", classes.macroRecall())
        .put("test_f1_macro", classes.macroF1())
        .put("test_roc_auc", classes.rocAuc())
        .put("test_log_loss", classes.logLoss())
        .put("test_calibration_error", classes.calibrationError());
  }

  /** Of five classes or fewer, that the right one is among five says nothing. */
  private double top() {
    return classes.classes() > TOP ? classes.topK(TOP) : Double.NaN;
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  private static String area(double auc) {
    return Double.isNaN(auc) ? "none" : String.format(Locale.ROOT, "%.4f", auc);
  }
}
