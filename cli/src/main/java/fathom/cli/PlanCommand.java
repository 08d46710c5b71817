package fathom.cli;

import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.nn.Architecture;
import fathom.nn.Buffer;
import fathom.nn.Plan;
import fathom.nn.Stage;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fathom plan}. */
@Command(
    name = "plan",
    description =
        "Prints what a training step does, operation by operation, forward and back, with shapes,"
            + " operations of products and bytes; nothing is trained, and no memory is taken.")
final class PlanCommand implements Runnable {
  private static final int BATCH = 32;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "DATA",
      description =
          "Data that tell inputs and outputs, as train takes them; without them and without"
              + " --inputs, the handwritten digits that ship with Fathom.")
  private Path data;

  @Mixin private TableOptions table;
  @Mixin private LabelFileOptions labelFile;

  @Option(
      names = "--inputs",
      paramLabel = "N",
      description = "Numbers of an input row, in place of data.")
  private Integer inputs;

  @Option(
      names = "--outputs",
      paramLabel = "N",
      description = "Numbers of an output row, with --inputs; 10 unless given.")
  private Integer outputs;

  @Mixin private NetworkOptions shape;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Rows that go through the network together; " + BATCH + " unless given.")
  private Integer batch;

  @Option(
      names = "--freeze",
      paramLabel = "K",
      description = "Layers that do not learn, from the first.")
  private Integer freeze;

  @Mixin private MemoryOptions saving;

  @Option(names = "--inference", description = "Plan an answer, which goes forward only.")
  private boolean inference;

  @Mixin private EngineOptions engines;
  @Mixin private OutputOptions output;

  @Override
  public void run() {
    output.check();
    OutputFile.requireApart(Arrays.asList(output.file()), Arrays.asList(data, labelFile.path()));
    check();
    try (Engine engine = engines.open()) {
      Plan plan = plan(engine, architecture());
      PrintWriter out = spec.commandLine().getOut();
      PrintWriter text = output.text(out, spec.commandLine().getErr());
      text.print(plan);
      text.flush();
      output.write(json(plan), out);
    }
  }

  private void check() {
    shape.check(false);
    saving.check();
    requireAtLeast("--inputs", 1, inputs);
    requireAtLeast("--outputs", 1, outputs);
    requireAtLeast("--batch", 1, batch);
    requireAtLeast("--freeze", 0, freeze);
    if (inputs != null && data != null) {
      throw new BadInput("--inputs is in place of data, and there are " + data + "; leave one out");
    }
    if (outputs != null && inputs == null) {
      throw new BadInput("--outputs goes with --inputs; data tell both");
    }
    if (inference && freeze != null) {
      throw new BadInput("--freeze is for training, and --inference plans an answer; give one");
    }
  }

  private static void requireAtLeast(String option, int least, Integer value) {
    if (value != null && value < least) {
      throw new BadInput(option + " must be at least " + least + ", not " + value);
    }
  }

  private Architecture architecture() {
    if (inputs != null) {
      return shape.describe(inputs, 0, outputs == null ? 10 : outputs).architecture();
    }
    DataSource source = labelFile.source(data, new ClassOptions());
    try (TrainingData rows = source.forTraining(table.known(), new Holdout(null, 0), null)) {
      Dataset dataset = rows.train().dataset();
      return shape
          .describe(dataset.features(), dataset.imageHeight(), rows.data().outputs())
          .architecture();
    }
  }

  private Plan plan(Engine engine, Architecture architecture) {
    int rows = batch == null ? BATCH : batch;
    if (inference) {
      return Plan.inference(engine, architecture, rows);
    }
    int frozen = freeze == null ? 0 : freeze;
    if (frozen >= architecture.depth()) {
      throw new BadInput(
          String.format(
              "--freeze %d leaves nothing to learn of the %d layers of %s",
              frozen, architecture.depth(), architecture));
    }
    return Plan.training(engine, architecture, rows, saving.every(architecture), frozen);
  }

  private static JsonObject json(Plan plan) {
    return new JsonObject()
        .put("architecture", plan.architecture().toString())
        .put("parameters", plan.architecture().parameterCount())
        .put("batch", plan.batch())
        .put("flops", plan.flops())
        .put("bytes", plan.bytes())
        .put("stages", plan.stages().stream().map(PlanCommand::json).toList());
  }

  private static JsonObject json(Stage stage) {
    return new JsonObject()
        .put("phase", stage.phase().name().toLowerCase(Locale.ROOT))
        .put("group", stage.group())
        .put("layer", stage.layer())
        .put("operation", stage.operation())
        .put("reads", names(stage.reads()))
        .put("writes", names(stage.writes()))
        .put("parameters", String.join(", ", stage.parameters()))
        .put("flops", stage.flops());
  }

  private static String names(List<Buffer> buffers) {
    return buffers.stream().map(Buffer::toString).collect(Collectors.joining(", "));
  }
}
