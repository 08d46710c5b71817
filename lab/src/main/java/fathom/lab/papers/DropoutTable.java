package fathom.lab.papers;

import fathom.data.Dataset;
import fathom.data.Rows;
import fathom.nn.Activation;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Constraint;
import fathom.optim.Sgd;
import java.util.ArrayList;
import java.util.List;

/** Dropout and max-norm on MNIST without knowledge of what pixels are neighbours. */
final class DropoutTable implements Reproduction {
  @Override
  public String name() {
    return "dropout";
  }

  @Override
  public String title() {
    return "Dropout, and dropout with max-norm, against overfitting on MNIST";
  }

  @Override
  public String source() {
    return "Srivastava et al. (2014), Table 2, rows of 1,024 rectifiers in three layers";
  }

  @Override
  public boolean needsMnist() {
    return true;
  }

  /** What is compared, all in one form. */
  private record Setting(int layers, int width, int batch, int epochs, float rate) {}

  @Override
  public Comparison run(Form form, Apparatus apparatus) {
    boolean fast = form == Form.FAST;
    Setting setting =
        fast ? new Setting(2, 256, 64, 60, 0.02f) : new Setting(3, 1024, 128, 60, 0.01f);
    Dataset all = apparatus.mnistTrain();
    Rows rows = fast ? all.split(2000 / 60_000.0, 1).held() : all.rows();
    Rows test = fast ? apparatus.mnistTest().split(0.3, 1).held() : apparatus.mnistTest().rows();
    List<Figure.Curve> curves = new ArrayList<>();
    double plain =
        train(apparatus, setting, rows, test, "neither", false, Constraint.none(), curves);
    double dropped =
        train(apparatus, setting, rows, test, "dropout", true, Constraint.none(), curves);
    double both =
        train(
            apparatus,
            setting,
            rows,
            test,
            "dropout and max-norm 2",
            true,
            Constraint.ofMaxNorm(2),
            curves);
    Comparison comparison = new Comparison();
    if (!fast) {
      comparison
          .check(ResultCheck.near("test error, dropout, %", 1.25, dropped, 0.15))
          .check(ResultCheck.near("test error, dropout and max-norm, %", 1.06, both, 0.15));
    }
    String errors =
        ResultCheck.number(plain)
            + ", "
            + ResultCheck.number(dropped)
            + ", "
            + ResultCheck.number(both);
    return comparison
        .check(
            ResultCheck.that(
                "test error of neither, dropout, dropout and max-norm, %",
                "1.60, 1.25, 1.06",
                errors,
                "dropout, and both, below neither",
                dropped < plain && both < plain))
        .check(
            ResultCheck.that(
                "what max-norm adds, points",
                "-0.19",
                ResultCheck.number(both - dropped),
                fast ? "no more than 0.3 worse" : "below 0",
                both - dropped < (fast ? 0.3 : 0)))
        .note(
            setting.layers
                + " layers of "
                + setting.width
                + " rectifiers, "
                + rows.size()
                + " rows, "
                + setting.epochs
                + " epochs of batches of "
                + setting.batch
                + ", rate "
                + setting.rate
                + " falling to 0 as a cosine, momentum 0.95; the paper trained for a million steps.")
        .figure(new Figure.Chart("Test error", "epoch", "%", false, curves));
  }

  private static double train(
      Apparatus apparatus,
      Setting setting,
      Rows rows,
      Rows test,
      String name,
      boolean dropout,
      Constraint constraint,
      List<Figure.Curve> curves) {
    NetworkBuilder builder = apparatus.input(rows.dataset().features());
    if (dropout) {
      builder.dropout(0.2);
    }
    for (int layer = 0; layer < setting.layers; layer++) {
      builder.dense(setting.width, Activation.RELU);
      if (dropout) {
        builder.dropout(0.5);
      }
    }
    Sgd descent = new Sgd(setting.rate, 0.95f);
    Recipe recipe = new Recipe(descent, setting.batch, setting.epochs);
    try (Network network = builder.dense(10).seed(1).build()) {
      double[] errors = recipe.errors(network, constraint, rows, test, name, apparatus);
      curves.add(Figure.Curve.counted(name, errors));
      return errors[errors.length - 1];
    }
  }
}
