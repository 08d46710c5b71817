package fathom.cli;

import fathom.data.Batch;
import fathom.data.Rows;
import fathom.data.Scaling;
import fathom.matrix.Matrix;
import fathom.nn.Network;
import fathom.train.Evaluation;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** Puts the report of a training together. */
final class TrainingReport {
  private static final int MOST_POINTS = 2000;
  private static final int MOST_OUTPUTS = 4;
  private static final int BATCH = 256;

  private final ReportPage page;
  private final ReportFigures figures = new ReportFigures();
  private final TrainingData rows;
  private final Network network;

  TrainingReport(TrainingData rows, Network network, Path data, Machine machine) {
    this.rows = rows;
    this.network = network;
    String name = data == null ? "the handwritten digits" : data.toString();
    page = new ReportPage("Training on " + name, Report.describe(network));
    StringWriter text = new StringWriter();
    InfoCommand.print(machine, new Report(new PrintWriter(text)));
    page.environment(text.toString()).figures(figures);
  }

  /**
   * Says what was asked for.
   *
   * @param words of the command line
   */
  TrainingReport asked(List<String> words, Map<String, String> settings) {
    List<String> command = new ArrayList<>(List.of("fathom"));
    command.addAll(words);
    page.command(command).settings(settings);
    return this;
  }

  /**
   * Says how training went.
   *
   * @param batches of an epoch
   */
  TrainingReport ran(TrainingRun run, int batches) {
    figures.history(run.history(), batches);
    page.tile("parameters", String.format(Locale.ROOT, "%,d", network.parameterCount()));
    page.tile("steps", String.format(Locale.ROOT, "%,d", run.steps()));
    page.tile("seconds of training", String.format(Locale.ROOT, "%.1f", run.seconds()));
    page.tile(
        "waiting for data",
        String.format(Locale.ROOT, "%.1f %%", 100 * run.secondsWaited() / run.seconds()));
    return this;
  }

  TrainingReport failed(String message) {
    page.failure(message);
    return this;
  }

  /**
   * Says how well the network does.
   *
   * @param test the figures of the test, or null if there is none
   */
  TrainingReport tested(Evaluation test, List<String> classNames) {
    if (test == null) {
      return this;
    }
    page.tile("loss of the test", String.format(Locale.ROOT, "%.4f", test.loss()));
    if (!rows.hasClasses()) {
      Scaling scaling = rows.data().targetScaling();
      page.tile("RMSE", String.format(Locale.ROOT, "%.4g", Report.rmse(test, scaling)));
      page.tile("R²", String.format(Locale.ROOT, "%.4f", test.r2()));
      figures.scatter(scatter(rows.test(), scaling));
      return this;
    }
    page.tile("accuracy of the test", String.format(Locale.ROOT, "%.2f %%", 100 * test.accuracy()));
    figures.confusion(test.confusion(), classNames);
    if (rows.data().imageWidth() > 0) {
      figures.mistakes(
          WorstMistakes.of(network, rows.test()),
          rows.data().imageWidth(),
          rows.data().imageHeight());
    }
    return this;
  }

  ReportPage page() {
    return page;
  }

  /** Predicts rows, some of them evenly if they are more than a chart can show. */
  private List<ReportFigures.Scatter> scatter(Rows test, Scaling scaling) {
    int outputs = Math.min(MOST_OUTPUTS, network.outputs());
    List<float[]> truth = new ArrayList<>();
    List<float[]> found = new ArrayList<>();
    int stride = (test.size() + MOST_POINTS - 1) / MOST_POINTS;
    try (Arena arena = Arena.ofShared()) {
      Matrix y = Matrix.allocate(arena, BATCH, network.outputs());
      int row = 0;
      for (Batch batch : test.batchesInOrder(BATCH)) {
        Matrix answers = y.rows(0, batch.size());
        network.predict(batch.inputs(), answers);
        for (int i = 0; i < batch.size(); i++, row++) {
          if (row % stride == 0) {
            truth.add(unscaled(batch.targets(), i, scaling));
            found.add(unscaled(answers, i, scaling));
          }
        }
      }
    }
    List<ReportFigures.Scatter> all = new ArrayList<>();
    for (int k = 0; k < outputs; k++) {
      int output = k;
      List<Integer> order = new ArrayList<>(IntStream.range(0, truth.size()).boxed().toList());
      Collections.sort(order, Comparator.comparingDouble(i -> truth.get(i)[output]));
      all.add(
          new ReportFigures.Scatter(
              outputs == 1 ? "Predicted over true" : "Output " + (k + 1),
              order.stream().map(i -> truth.get(i)[output]).toList(),
              order.stream().map(i -> found.get(i)[output]).toList()));
    }
    return all;
  }

  private static float[] unscaled(Matrix matrix, int row, Scaling scaling) {
    float[] values = matrix.rows(row, row + 1).toArray()[0];
    scaling.undo(values);
    return values;
  }
}
