package fathom.cli;

import fathom.data.Dataset;
import fathom.data.Rows;
import fathom.data.Task;
import fathom.engine.Engine;
import fathom.train.Evaluation;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fathom evaluate}. */
@Command(name = "evaluate", description = "Tells how well a model does on labelled rows.")
final class EvaluateCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "MODEL", description = "A model that train has saved.")
  private Path model;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "DATA",
      description =
          "A directory of IDX files, whose test set is used, or a .csv or .csv.gz table or a .npy"
              + " array with --labels, of which all rows are; without it, the digits that were held"
              + " out in training.")
  private Path data;

  @Option(
      names = "--label",
      paramLabel = "NAME",
      description = "CSV: the column of labels; as in training unless given.")
  private String label;

  @Mixin private EngineOptions engines;
  @Mixin private LabelFileOptions labelFile;
  @Mixin private ClassOptions classes;

  @Mixin private OutputOptions output;

  @Override
  public void run() {
    output.check();
    OutputFile.requireApart(
        Arrays.asList(output.file()), Arrays.asList(model, data, labelFile.path()));
    DataSource source = labelFile.source(data, classes);
    try (Engine engine = engines.open();
        ModelFile file = ModelFile.read(model, engine);
        Dataset rows = source.forEvaluation(file, label)) {
      evaluate(engine, file, rows);
    }
  }

  private void evaluate(Engine engine, ModelFile file, Dataset data) {
    Rows rows = rows(file, data);
    long start = System.nanoTime();
    Evaluation result = measured(file, rows);
    double seconds = (System.nanoTime() - start) / 1e9;
    Machine machine = Machine.of(engine);
    PrintWriter out = spec.commandLine().getOut();
    Report report = new Report(output.text(out, spec.commandLine().getErr()));
    report.entry("fathom", Version.text() + ": " + machine);
    report.entry("network", Report.describe(file.network()));
    report.entry("data", data.about());
    report.test(result, data.targetScaling());
    boolean classes = file.task() == Task.CLASSIFICATION;
    Measures measures = Measures.of(result, classes);
    measures.print(report);
    if (classes) {
      report.confusion(result, file.classNames());
      measures.printClasses(output.text(out, spec.commandLine().getErr()), file.classNames());
    }
    JsonObject json =
        new JsonObject()
            .put("parameters", file.network().parameterCount())
            .put("samples", result.samples())
            .put("seconds", seconds)
            .put("samples_per_second", result.samples() / seconds);
    Report.addTest(json, result, classes, data.targetScaling());
    measures.addTo(machine.addTo(json));
    output.write(json, out);
  }

  /** Names the data that the network has no finite answer for. */
  private Evaluation measured(ModelFile file, Rows rows) {
    String name = data == null ? "the digits" : data.toString();
    try {
      Evaluation result = Evaluation.measured(file.network(), rows, file.loss());
      if (Double.isFinite(result.loss())) {
        return result;
      }
      throw new BadInput(
          name + ": the loss is " + result.loss() + ": a row's answer is too far from its target");
    } catch (IllegalArgumentException e) {
      throw new BadInput(name + ": " + e.getMessage() + "; correct the row, or leave it out", e);
    }
  }

  /** Of the digits, those that training held out; of other data, all. */
  private Rows rows(ModelFile file, Dataset digits) {
    String share = file.note(ModelFile.TEST);
    String seed = file.note(ModelFile.SPLIT_SEED);
    if (data != null || share == null || seed == null) {
      return digits.rows();
    }
    return new Holdout(Double.valueOf(share), Long.parseLong(seed)).heldOf(digits);
  }
}
