package fathom.cli;

import fathom.engine.Engine;
import fathom.lab.preflight.Diagnostic;
import fathom.lab.preflight.Preflight;
import fathom.lab.preflight.PreflightStudy;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Method;
import fathom.optim.Optimizer;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fathom preflight}. */
@Command(
    name = "preflight",
    description =
        "Says, before any training, whether a network can be trained, where its signals or gradients"
            + " are lost if not, and what would help.")
final class PreflightCommand implements Runnable {
  private static final List<String> OF_TRAIN =
      List.of(
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

  /** What a study takes of what a training does. */
  private static final List<String> OF_STUDY = List.of("--optimizer", "--seed");

  private static final int MOST_CURES = 3;

  /** A change of the network or of how it learns, as it is typed. */
  private record Change(String words, NetworkOptions shape, float rate) {}

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
  @Mixin private NetworkOptions shape;
  @Mixin private LearningOptions how;

  @Option(
      names = "--study",
      paramLabel = "N",
      description =
          "Instead: draw N networks by --seed, foretell and then train each, in two orders of the"
              + " rows, and tell how often the forecast was right. They learn by sgd unless"
              + " --optimizer is given, at rates around its usual one.")
  private Integer study;

  @Option(
      names = "--outcomes",
      paramLabel = "FILE",
      description =
          "Keep in a file what became of the networks of --study, and do not train again those that"
              + " are in it.")
  private Path outcomes;

  @Mixin private EngineOptions engines;
  @Mixin private OutputOptions output;

  /**
   * Leaves options that come along with train's, and that do not matter before, out of the help.
   */
  static void hideOptionsOfTrain(CommandSpec preflight) {
    for (String name : OF_TRAIN) {
      OptionSpec option = preflight.findOption(name);
      preflight.remove(option);
      preflight.addOption(option.toBuilder().hidden(true).build());
    }
  }

  @Override
  public void run() {
    for (String option : OF_TRAIN) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new BadInput(
            option + " is of no use here: preflight looks at the first steps; leave it out");
      }
    }
    output.check();
    OutputFile kept = null;
    if (outcomes != null && study == null) {
      throw new BadInput("--outcomes keeps what --study finds; give both, or leave it out");
    }
    if (study != null) {
      checkStudy();
      kept = outcomes == null ? null : new OutputFile("--outcomes", outcomes).requireRegular();
    }
    OutputFile.requireApart(
        Arrays.asList(kept, output.file()), Arrays.asList(data, labelFile.path()));
    shape.check(false);
    if (shape.recurrent().given()) {
      throw new BadInput("preflight foretells dense networks; leave out --recurrent");
    }
    how.check(false);
    DataSource source = labelFile.source(data, new ClassOptions());
    try (Engine engine = engines.open();
        TrainingData rows =
            source.forTraining(table.known(), new Holdout(null, how.seed()), null)) {
      if (study != null) {
        study(engine, rows);
        return;
      }
      fly(engine, rows);
    }
  }

  private void checkStudy() {
    if (study < 1) {
      throw new BadInput("--study must be at least 1, not " + study);
    }
    for (String mixin : List.of("shape", "how")) {
      for (OptionSpec option : spec.mixins().get(mixin).options()) {
        String name = option.longestName();
        if (!OF_STUDY.contains(name)
            && spec.commandLine().getParseResult().hasMatchedOption(name)) {
          throw new BadInput(
              name + " is of no use with --study, which draws networks and rates; leave it out");
        }
      }
    }
  }

  private void study(Engine engine, TrainingData rows) {
    if (!rows.hasClasses()) {
      throw new BadInput("--study needs data with classes, and these are a regression");
    }
    PrintWriter out = spec.commandLine().getOut();
    Machine machine = Machine.of(engine);
    PrintWriter err = spec.commandLine().getErr();
    Report report = new Report(output.text(out, err));
    Header header =
        new Header()
            .entry("fathom", Version.text() + ": " + machine)
            .entry("data", rows.data().about());
    boolean given = spec.commandLine().getParseResult().hasMatchedOption("--optimizer");
    StudyCount count = new StudyCount();
    try {
      new PreflightStudy(rows.train(), given ? how.method() : Method.SGD)
          .run(
              engine,
              how.seed(),
              study,
              outcomes,
              done -> {
                header.tell(report, err);
                count.add(done);
                if (!done.isRight()) {
                  report.entry("wrong", done.toString());
                }
              });
    } catch (UncheckedIOException e) {
      throw new BadInput("--outcomes: " + e.getMessage(), e);
    }
    count.print(report);
    output.write(machine.addTo(count.json().put("seed", how.seed())), out);
  }

  private void fly(Engine engine, TrainingData rows) {
    Loss loss = how.loss(rows.hasClasses());
    long steps = how.steps(rows.train());
    Machine machine = Machine.of(engine);
    PrintWriter out = spec.commandLine().getOut();
    Report report = new Report(output.text(out, spec.commandLine().getErr()));
    Preflight asked;
    try (Network network = build(engine, rows, shape)) {
      report.entry("fathom", Version.text() + ": " + machine);
      report.entry("data", rows.data().about());
      report.entry("network", Report.describe(network));
      report.entry("learning", how.describe(loss));
      asked = look(network, rows, loss, how.optimizer(), steps);
    }
    report.entry("verdict", asked.outcome().toString().toLowerCase(Locale.ROOT));
    for (Diagnostic diagnostic : asked.diagnostics()) {
      report.entry("", diagnostic.text());
    }
    if (asked.unforetold() != null) {
      report.entry("theory", asked.unforetold());
    }
    List<String> cures = asked.trains() ? List.of() : cures(engine, rows, loss, steps, report);
    output.write(json(asked, cures, machine), out);
  }

  private Network build(Engine engine, TrainingData rows, NetworkOptions of) {
    MemoryOptions saving = new MemoryOptions();
    int outputs = rows.data().outputs();
    // A rehearsal takes all back: weights as they came, and all that changes before each step.
    int kept = 3 + how.optimizer().moments().size();
    Footprint unused = of.footprint(engine, how, saving, rows.train(), outputs, kept).require();
    return of.build(engine, how, saving, rows.train(), outputs);
  }

  private Preflight look(
      Network network, TrainingData rows, Loss loss, Optimizer optimizer, long steps) {
    return Preflight.of(network, rows.train(), loss, optimizer, how.clipping(), steps);
  }

  /** Tries changes, one at a time, and tells which would help. */
  private List<String> cures(
      Engine engine, TrainingData rows, Loss loss, long steps, Report report) {
    List<String> cures = new ArrayList<>();
    for (Change change : changes()) {
      if (cures.size() == MOST_CURES) {
        break;
      }
      try (Network network = build(engine, rows, change.shape)) {
        Preflight other = look(network, rows, loss, how.optimizer(change.rate), steps);
        if (other.trains()) {
          cures.add(change.words);
          report.entry(
              "cure",
              String.format(
                  Locale.ROOT,
                  "%s: gradients x %.3g a layer, the first step takes the loss from %.4g to %.4g,"
                      + " all do away with %.3g of a constant answer's",
                  change.words,
                  other.sounding().chi(),
                  other.step().loss(),
                  other.step().after(),
                  other.learning()));
        }
      }
    }
    if (cures.isEmpty()) {
      report.entry("cure", "none of " + changes().stream().map(Change::words).toList());
    }
    return cures;
  }

  private List<Change> changes() {
    float rate = how.startRate();
    List<Change> changes = new ArrayList<>();
    changes.add(new Change("--init critical", shape.initializedBy("critical"), rate));
    changes.add(
        new Change("--init critical_orthogonal", shape.initializedBy("critical_orthogonal"), rate));
    for (double factor : new double[] {0.1, 10}) {
      // A tenth of 0.1 is 0.01, as people write it, and not 0.010000001.
      float other = (float) (Double.parseDouble(Float.toString(rate)) * factor);
      changes.add(new Change("--lr " + other, shape, other));
    }
    NetworkOptions critical = shape.initializedBy("critical");
    if (!shape.layers().hasNorm()) {
      changes.add(new Change("--layer-norm", shape.with(LayerOptions::normalized), rate));
    }
    if (!shape.layers().hasSkips() && shape.layers().canSkip(shape.hidden())) {
      changes.add(
          new Change("--residual --init critical", critical.with(LayerOptions::skipping), rate));
      if (!shape.layers().hasNorm()) {
        changes.add(
            new Change(
                "--residual --layer-norm",
                shape.with(layers -> layers.normalized().skipping()),
                rate));
      }
    }
    return changes;
  }

  private JsonObject json(Preflight asked, List<String> cures, Machine machine) {
    JsonObject json =
        new JsonObject()
            .put("verdict", asked.outcome().toString().toLowerCase(Locale.ROOT))
            .put("trains", asked.trains() ? 1L : 0L)
            .put("depth_scale", asked.depthScale())
            .put("loss", asked.step().loss())
            .put("loss_after_step", asked.step().after())
            .put("gradient_norm", asked.step().gradient());
    for (Diagnostic diagnostic : asked.diagnostics()) {
      json.put(diagnostic.name(), diagnostic.measured());
      json.put(diagnostic.name() + "_foretold", diagnostic.foretold());
    }
    json.put("cures", String.join("; ", cures));
    return machine.addTo(json.put("seed", how.seed()));
  }
}
