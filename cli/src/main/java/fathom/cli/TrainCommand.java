package fathom.cli;

import fathom.data.Rows;
import fathom.data.Split;
import fathom.engine.Engine;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.train.Evaluation;
import fathom.train.TrainingDivergedException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fathom train}. */
@Command(
    name = "train",
    description = "Trains a network and tells how well it does on rows that it has not seen.")
final class TrainCommand implements Runnable {
  private static final long PAUSE_MILLIS = 10_000;

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
      names = "--test",
      paramLabel = "SHARE",
      description =
          "Share of the rows to hold out for the test, where the data have no test set; 0.2 unless"
              + " given.")
  private Double test;

  @Option(
      names = "--validation",
      paramLabel = "SHARE",
      defaultValue = "0",
      description =
          "Share of the rows for training to look at after each epoch instead; ${DEFAULT-VALUE}"
              + " unless given.")
  private double validation;

  @Option(
      names = "--labels-per-class",
      paramLabel = "N",
      description = "Train on so many rows of each class alone, chosen at random.")
  private Integer perClass;

  @Option(
      names = "--folds",
      paramLabel = "K",
      description =
          "Cross-validate: divide the rows into K parts, and test with each the network that was"
              + " trained on the others.")
  private Integer folds;

  @Mixin private MemoryOptions saving;
  @Mixin private EngineOptions engines;

  @Mixin private SaveOptions saved;

  @Option(
      names = "--load",
      paramLabel = "FILE.safetensors",
      description = "Go on from the weights of this model.")
  private Path load;

  @Mixin private TransferOptions transfer;

  @Mixin private CheckpointOptions keeping;

  @Mixin private OutputOptions output;
  @Mixin private ReportOptions page;
  @Mixin private MonitorOptions watch;

  @Option(names = "--quiet", description = "Print the figures of the test and nothing else.")
  private boolean quiet;

  /** What the network was reckoned to need. */
  private Footprint footprint;

  @Override
  public void run() {
    checkOptions();
    DataSource source = labelFile.source(data, classes);
    try (Engine engine = engines.open();
        ModelFile from = transfer.read(load, engine);
        TrainingData rows = source.forTraining(table.known(), holdout(from), from);
        Network fresh = fresh(engine, rows, from)) {
      rows.keepPerClass(perClass, how.seed());
      if (folds != null) {
        crossValidate(engine, rows);
        return;
      }
      Network network = fresh == null ? from.network() : fresh;
      transfer.apply(network);
      if (from != null) {
        Rows train = parts(rows.train()).train();
        footprint = Footprint.of(network, how, saving, train, copies()).requireBeside(network);
        saving.apply(network);
      }
      saved.requireRoom(network);
      train(engine, rows, network, transfer.newHead() ? null : from);
    }
  }

  /** Returns a network that is not the model's; null if there is none. */
  private Network fresh(Engine engine, TrainingData rows, ModelFile from) {
    if (from != null) {
      return transfer.withNewHead(load, engine, from, rows.data().outputs(), how.seed());
    }
    return folds == null ? build(engine, rows, parts(rows.train()).train()) : null;
  }

  private void checkOptions() {
    transfer.check(load, folds != null);
    shape.check(load != null);
    how.check(validation > 0);
    saving.check();
    if (!(validation >= 0 && validation < 1)) {
      throw new BadInput("--validation must be at least 0 and less than 1, not " + validation);
    }
    CrossValidation.check(folds, test, perClass, saved.path(), load);
    output.check();
    keeping.check(folds);
    page.check(folds != null);
    watch.check(folds != null, page.path());
    saved.check();
    OutputFile.requireApart(
        Arrays.asList(output.file(), keeping.file(), page.file(), watch.file(), saved.file()),
        Arrays.asList(data, labelFile.path(), keeping.input(), saved.isAt(load) ? null : load));
  }

  /** A model that goes on is tested with rows that it had not seen before either. */
  private Holdout holdout(ModelFile from) {
    String seed = from == null ? null : from.note(ModelFile.SPLIT_SEED);
    return new Holdout(test, seed == null ? how.seed() : Long.parseLong(seed));
  }

  private Network build(Engine engine, TrainingData rows, Rows train) {
    int outputs = rows.data().outputs();
    footprint = shape.footprint(engine, how, saving, train, outputs, copies()).require();
    return shape.build(engine, how, saving, train, outputs);
  }

  private int copies() {
    return how.copies() + watch.copies(how, page.path() != null);
  }

  /** Returns the rows to train on and those to look at after each epoch, null if there are none. */
  private Split parts(Rows rows) {
    return validation == 0 ? new Split(rows, null) : rows.split(validation, how.seed() + 1);
  }

  private void crossValidate(Engine engine, TrainingData rows) {
    CrossValidation folded = new CrossValidation(rows, folds, this::parts, how, watch);
    Machine machine = Machine.of(engine);
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Report report = new Report(output.text(out, err));
    Report told = quiet ? null : report;
    Header header = header(machine, rows, folded.describe(), null);
    try (Ending ending = new Ending()) {
      Checkpoints none = Checkpoints.none(ending);
      if (!folded.run(
          none,
          part -> build(engine, rows, part),
          part -> {
            header.tell(told, err);
            return progress(err, part);
          },
          told)) {
        say(err, none.farewell());
        return;
      }
    }
    folded.print(report);
    output.write(machine.addTo(folded.json()), out);
  }

  private void train(Engine engine, TrainingData rows, Network network, ModelFile from) {
    Loss loss = how.loss(rows.hasClasses());
    Machine machine = Machine.of(engine);
    Split parts = parts(rows.train());
    TrainingRun run = new TrainingRun(network, loss, parts.train(), parts.held(), how);
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Report report = new Report(output.text(out, err));
    Header header = header(machine, rows, rows.describe(parts), network);
    TrainingReport summary = new TrainingReport(rows, network, data, machine);
    summary.asked(spec.root().commandLine().getParseResult().originalArgs(), header.settings());
    // A signal waits until all is written that a training came to.
    try (Ending ending = new Ending();
        Checkpoints checkpoints = keeping.open(ending, spec, rows, watch, header::note)) {
      Runnable keep = () -> saved.write(network, rows, from, notes(rows, loss));
      try {
        if (!run(run, checkpoints, parts.train(), () -> header.tell(quiet ? null : report, err))) {
          watch.write();
          say(err, checkpoints.farewell());
          return;
        }
      } catch (TrainingDivergedException | BadInput e) {
        int kept = run.kept();
        if (e instanceof BadInput && kept == 0) {
          throw e;
        }
        String words =
            Unwritten.after(
                e.getMessage() + saved.rescue(kept),
                watch::write,
                () -> page.write(() -> summary.ran(run, steps(parts)).failed(e.getMessage())),
                kept > 0 ? keep : () -> {});
        throw new BadInput(words, e);
      }
      if (!quiet) {
        report.time(run);
      }
      Evaluation result = rows.test() == null ? null : Evaluation.of(network, rows.test(), loss);
      String unsound = Report.unsound(result, validation > 0 ? run.validationLoss() : 0);
      Evaluation sound = unsound == null ? result : null;
      tell(report, sound, rows, from);
      Unwritten.afterAll(
          watch::write,
          keep,
          () ->
              page.write(
                  () ->
                      summary
                          .ran(run, steps(parts))
                          .tested(sound, from == null ? rows.classNames() : from.classNames())),
          () -> output.write(json(network, run, machine, sound, rows), out));
      if (unsound != null) {
        throw new BadInput(unsound);
      }
    }
  }

  private void tell(Report report, Evaluation result, TrainingData rows, ModelFile from) {
    if (result != null) {
      report.test(result, rows.data().targetScaling());
    }
    if (result != null && rows.hasClasses() && !quiet) {
      report.confusion(result, from == null ? rows.classNames() : from.classNames());
    }
    if (!quiet && MachineMemory.peak() >= 0) {
      report.entry(
          "memory",
          String.format(
              "%s reckoned for the network, %s held by the process at most",
              MachineMemory.text(footprint.bytes()),
              MachineMemory.text((double) MachineMemory.peak())));
    }
  }

  private Header header(Machine machine, TrainingData rows, String counts, Network network) {
    return new Header()
        .entry("fathom", Version.text() + ": " + machine)
        .entry("data", rows.data().about())
        .entry("rows", counts)
        .entry("network", network == null ? null : Report.describe(network))
        .entry("weights", shape.init())
        .entry("learning", how.describe(how.loss(rows.hasClasses())));
  }

  /** Trains, and shows it below a header; returns whether it came to its end. */
  private boolean run(TrainingRun run, Checkpoints checkpoints, Rows train, Runnable header) {
    long steps = how.steps(train);
    RunHistory reported = page.path() == null ? null : run.history();
    run.watch(trainer -> watch.attach(transfer.rates(trainer), steps, reported, run::tell));
    return run.run(
        checkpoints,
        () -> {
          header.run();
          return progress(spec.commandLine().getErr(), train);
        });
  }

  /** Tells what even those must hear who want it quiet. */
  private static void say(PrintWriter err, String text) {
    err.println(text);
    err.flush();
  }

  /** Returns how many steps an epoch takes. */
  private int steps(Split parts) {
    return parts.train().batchesInOrder(how.batch()).count();
  }

  private Progress progress(PrintWriter err, Rows train) {
    if (quiet) {
      return Progress.silent();
    }
    long steps = how.steps(train);
    return Terminal.watchesStandardError()
        ? Progress.bar(err, steps)
        : Progress.lines(err, PAUSE_MILLIS);
  }

  private Map<String, String> notes(TrainingData rows, Loss loss) {
    Map<String, String> notes = new LinkedHashMap<>();
    notes.put("fathom", Version.text());
    rows.note(notes);
    notes.put(ModelFile.LOSS, loss.toString());
    notes.put("learning", how.describe(loss));
    if (load != null) {
      notes.put("from", load.getFileName().toString());
    }
    if (shape.init() != null) {
      notes.put("init", shape.init());
    }
    return notes;
  }

  private JsonObject json(
      Network network, TrainingRun run, Machine machine, Evaluation result, TrainingData rows) {
    JsonObject json =
        new JsonObject()
            .put("parameters", network.parameterCount())
            .put("epochs", how.epochs())
            .put("steps", run.steps())
            .put("seconds", run.seconds())
            .put("seconds_waited", run.secondsWaited())
            .put("samples_per_second", run.samplesPerSecond())
            .put("train_loss", run.trainLoss())
            .put("validation_loss", run.validationLoss())
            .put("memory_needed_bytes", (long) footprint.bytes());
    MachineMemory.addPeak(json);
    Report.addTest(json, result, rows.hasClasses(), rows.data().targetScaling());
    return machine.addTo(json.put("seed", how.seed()));
  }
}
