package fathom.cli;

import fathom.data.Rows;
import fathom.engine.Engine;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.train.RateRange;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fathom range}. */
@Command(
    name = "range",
    description =
        "Looks for a learning rate: trains a new network for some steps with a rate that rises from"
            + " step to step until the loss blows up, and tells where it fell most steeply.")
final class RangeCommand implements Runnable {
  private static final int LINES = 25;
  private static final List<String> OF_TRAIN =
      List.of(
          "--lr",
          "--epochs",
          "--no-shuffle",
          "--schedule",
          "--warmup",
          "--lr-end",
          "--decay",
          "--period",
          "--period-growth",
          "--power",
          "--patience",
          "--l1",
          "--max-norm",
          "--label-smoothing",
          "--early-stopping",
          "--augment",
          "--mixup");

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "DATA",
      description =
          "A directory of IDX files such as MNIST's, a .csv or .csv.gz table, or a .npy array;"
              + " without it, the handwritten digits that ship with Fathom.")
  private Path data;

  @Mixin private TableOptions table;
  @Mixin private LabelFileOptions labelFile;
  @Mixin private ClassOptions classes;
  @Mixin private NetworkOptions shape;
  @Mixin private LearningOptions how;

  @Option(
      names = "--from",
      paramLabel = "RATE",
      defaultValue = "1e-6",
      description = "The first rate; ${DEFAULT-VALUE} unless given.")
  private float from;

  @Option(
      names = "--to",
      paramLabel = "RATE",
      defaultValue = "10",
      description = "The last rate; ${DEFAULT-VALUE} unless given.")
  private float to;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "200",
      description = "Steps from the first to the last; ${DEFAULT-VALUE} unless given.")
  private int steps;

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Write rate, loss and smoothed loss of every step as a table.")
  private Path csv;

  @Option(names = "--svg", paramLabel = "FILE", description = "Draw the curve.")
  private Path svg;

  @Mixin private MemoryOptions saving;
  @Mixin private EngineOptions engines;

  @Mixin private OutputOptions output;

  /**
   * Leaves options that come along with train's, and that this command refuses, out of the help.
   */
  static void hideOptionsOfTrain(CommandSpec range) {
    for (String name : OF_TRAIN) {
      OptionSpec option = range.findOption(name);
      range.remove(option);
      range.addOption(option.toBuilder().hidden(true).build());
    }
  }

  @Override
  public void run() {
    checkOptions();
    output.check();
    OutputFile rowsFile = file("--csv", csv);
    OutputFile drawing = file("--svg", svg);
    OutputFile.requireApart(
        Arrays.asList(output.file(), rowsFile, drawing), Arrays.asList(data, labelFile.path()));
    DataSource source = labelFile.source(data, classes);
    try (Engine engine = engines.open();
        TrainingData rows =
            source.forTraining(table.known(), new Holdout(null, how.seed()), null)) {
      Rows train = rows.train();
      int outputs = rows.data().outputs();
      Footprint unused = shape.footprint(engine, how, saving, train, outputs, 0).require();
      try (Network network = shape.build(engine, how, saving, train, outputs)) {
        search(engine, rows, network, rowsFile, drawing);
      }
    }
  }

  private void checkOptions() {
    for (String option : OF_TRAIN) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new BadInput(
            option + " is of no use here: the rate goes from --from to --to; leave it out");
      }
    }
    shape.check(false);
    how.check(false);
    saving.check();
    if (!(from > 0 && to > from && to < Float.POSITIVE_INFINITY)) {
      throw new BadInput("--from must be above 0 and below --to, not " + from + " and " + to);
    }
    if (steps < 2) {
      throw new BadInput("--steps must be at least 2, not " + steps);
    }
  }

  private static OutputFile file(String option, Path path) {
    return path == null ? null : new OutputFile(option, path);
  }

  private void search(
      Engine engine, TrainingData rows, Network network, OutputFile rowsFile, OutputFile drawing) {
    Loss loss = how.loss(rows.hasClasses());
    Machine machine = Machine.of(engine);
    Rows train = rows.train();
    RateRange range =
        RateRange.of(
            network,
            loss,
            how.optimizer(),
            how.clipping(),
            train,
            how.batch(),
            how.seed(),
            steps,
            from,
            to);
    if (range.points().isEmpty()) {
      throw new BadInput("the loss is not finite before the first step; look at the data");
    }
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter text = output.text(out, spec.commandLine().getErr());
    Report report = new Report(text);
    report.entry("fathom", Version.text() + ": " + machine);
    report.entry("data", rows.data().about());
    report.entry("network", Report.describe(network));
    if (shape.init() != null) {
      report.entry("weights", shape.init());
    }
    print(range, text);
    report.entry("range", describe(range));
    JsonObject json =
        new JsonObject()
            .put("parameters", network.parameterCount())
            .put("steps", range.points().size())
            .put("steepest_rate", range.steepest().orElse(Double.NaN))
            .put("last_rate", range.points().getLast().rate())
            .put("seed", how.seed());
    machine.addTo(json);
    Unwritten.afterAll(
        () -> write(rowsFile, writer -> write(range, writer)),
        () -> write(drawing, new RateCurve(range)::write),
        () -> output.write(json, out));
  }

  private static void write(OutputFile file, Consumer<PrintWriter> content) {
    if (file != null) {
      file.write(content);
    }
  }

  private static String describe(RateRange range) {
    String last = String.format(Locale.ROOT, "%.3g", range.points().getLast().rate());
    String end = range.blewUp() ? "blows up past " + last : "does not blow up until " + last;
    return range.steepest().isEmpty()
        ? "the loss falls nowhere and " + end
        : String.format(
            Locale.ROOT,
            "the smoothed loss falls most steeply at a rate of %.3g and %s",
            range.steepest().getAsDouble(),
            end);
  }

  /** Prints some of the points, evenly, the first and the last among them. */
  private static void print(RateRange range, PrintWriter text) {
    List<RateRange.Point> points = range.points();
    int lines = Math.min(LINES, points.size());
    text.printf(Locale.ROOT, "%12s %12s %12s%n", "rate", "loss", "smoothed");
    for (int line = 0; line < lines; line++) {
      int i = lines == 1 ? 0 : Math.round((points.size() - 1f) * line / (lines - 1));
      RateRange.Point point = points.get(i);
      text.printf(
          Locale.ROOT, "%12.3e %12.5g %12.5g%n", point.rate(), point.loss(), point.smoothed());
    }
    text.flush();
  }

  private static void write(RateRange range, PrintWriter out) {
    out.print("rate,loss,smoothed\n");
    for (RateRange.Point point : range.points()) {
      out.print(point.rate() + "," + point.loss() + "," + point.smoothed() + "\n");
    }
  }
}
