package fathom.cli;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Dataset;
import fathom.data.Task;
import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.train.Evaluation;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fathom predict}. */
@Command(
    name = "predict",
    description =
        "Writes a line of CSV for each row of DATA: its most probable class and that probability,"
            + " or its value.")
final class PredictCommand implements Runnable {
  private static final int BATCH = 256;

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "MODEL", description = "A model that train has saved.")
  private Path model;

  @Parameters(
      index = "1",
      paramLabel = "DATA",
      description =
          "A .csv or .csv.gz table, with or without a column of labels, a directory of IDX files,"
              + " whose test set is used, one file of IDX images, or a .npy array.")
  private Path data;

  @Option(
      names = "--label",
      paramLabel = "NAME",
      description = "CSV: the column of labels, if there is one; as in training unless given.")
  private String label;

  @Option(
      names = "--out",
      paramLabel = "FILE.csv",
      description = "Write here instead of to standard output, which is also -.")
  private Path target;

  @Mixin private EngineOptions engines;

  @Override
  public void run() {
    OutputFile file = null;
    if (target != null && !target.toString().equals("-")) {
      file = new OutputFile("--out", target);
      OutputFile.requireApart(List.of(file), List.of(model, data));
    }
    DataSource source = new DataSource(data);
    try (Engine engine = engines.open();
        ModelFile trained = ModelFile.read(model, engine);
        Dataset rows = source.forPrediction(trained, label)) {
      if (file != null && !file.isSpecial()) {
        file.write(out -> print(trained, rows, out));
      } else {
        // What was written to a pipe cannot be taken back: all answers are looked at before.
        answer(trained, rows, (y, first) -> true);
        PrintWriter out = spec.commandLine().getOut();
        if (file == null) {
          print(trained, rows, out);
        } else {
          file.write(writer -> print(trained, rows, writer));
        }
      }
    }
  }

  /** Reads answers. */
  private interface Reader {
    /**
     * Reads some answers, all of them finite.
     *
     * @param first the row of the data that the first one is for, from 0
     * @return whether more are wanted
     */
    boolean read(Matrix answers, int first);
  }

  private void print(ModelFile trained, Dataset rows, PrintWriter out) {
    int outputs = trained.network().outputs();
    boolean classes = trained.task() == Task.CLASSIFICATION;
    out.print(header(classes, outputs));
    out.print('\n');
    answer(
        trained,
        rows,
        (y, first) -> {
          for (int i = 0; i < y.rows(); i++) {
            out.print(classes ? classLine(y, i, trained.classNames()) : valueLine(y, i));
            out.print('\n');
          }
          // Nobody computes for a reader who is gone; whoever runs this command looks again.
          return !out.checkError();
        });
  }

  /**
   * Answers rows in order, values in the unit of the data.
   *
   * @throws BadInput if an answer is not finite
   */
  private void answer(ModelFile trained, Dataset rows, Reader reader) {
    boolean classes = trained.task() == Task.CLASSIFICATION;
    try (Arena arena = Arena.ofShared();
        Batches.Iteration batches = rows.batchesInOrder(BATCH).iterator()) {
      Matrix memory = Matrix.allocate(arena, BATCH, trained.network().outputs());
      int first = 0;
      boolean more = true;
      while (more && batches.hasNext()) {
        Batch batch = batches.next();
        Matrix y = memory.rows(0, batch.size());
        trained.network().predict(batch.inputs(), y);
        if (!classes) {
          trained.targetScaling().undo(y);
        }
        requireFinite(y, first);
        more = reader.read(y, first);
        first += batch.size();
      }
    }
  }

  private void requireFinite(Matrix y, int first) {
    for (int i = 0; i < y.rows(); i++) {
      for (int k = 0; k < y.cols(); k++) {
        if (!Float.isFinite(y.get(i, k))) {
          throw new BadInput(
              String.format(
                  "%s: the answer of %s for row %d is %s: the row's numbers are too large for the"
                      + " model; correct the row, or leave it out",
                  data, model, first + i + 1, y.get(i, k)));
        }
      }
    }
  }

  private static String header(boolean classes, int outputs) {
    if (classes) {
      return "class,probability";
    }
    StringBuilder names = new StringBuilder(outputs == 1 ? "value" : "value_1");
    for (int k = 2; k <= outputs; k++) {
      names.append(",value_").append(k);
    }
    return names.toString();
  }

  private static String classLine(Matrix y, int row, List<String> names) {
    int best = Evaluation.largest(y, row);
    double sum = 0;
    for (int k = 0; k < y.cols(); k++) {
      sum += Math.exp((double) y.get(row, k) - y.get(row, best));
    }
    String name = names.isEmpty() ? Integer.toString(best) : quoted(names.get(best));
    return name + String.format(Locale.ROOT, ",%.6f", 1 / sum);
  }

  private static String valueLine(Matrix y, int row) {
    StringBuilder line = new StringBuilder().append(y.get(row, 0));
    for (int k = 1; k < y.cols(); k++) {
      line.append(',').append(y.get(row, k));
    }
    return line.toString();
  }

  private static String quoted(String name) {
    return name.matches("[^\",\\r\\n]*") ? name : '"' + name.replace("\"", "\"\"") + '"';
  }
}
