package fathom.cli;

import fathom.engine.Engine;
import fathom.nn.Network;
import fathom.train.Model;
import fathom.train.Models;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fathom fold}. */
@Command(
    name = "fold",
    description =
        "Writes a model whose batch norms have become part of the layers below them: it gives the"
            + " same answers, up to rounding, in less time.")
final class FoldCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "MODEL", description = "A model that train has saved.")
  private Path model;

  @Option(
      names = "--save",
      required = true,
      paramLabel = "FILE.safetensors",
      description = "Where to write the folded model.")
  private Path save;

  @Mixin private EngineOptions engines;
  @Mixin private OutputOptions output;

  @Override
  public void run() {
    output.check();
    OutputFile file = new OutputFile("--save", save).requireRegular();
    OutputFile.requireApart(Arrays.asList(file, output.file()), List.of(model));
    try (Engine engine = engines.open();
        ModelFile from = ModelFile.read(model, engine);
        Network folded = fold(from)) {
      PrintWriter out = spec.commandLine().getOut();
      Report report = new Report(output.text(out, spec.commandLine().getErr()));
      report.entry("network", Report.describe(from.network()));
      report.entry("folded", Report.describe(folded));
      JsonObject json =
          new JsonObject()
              .put("parameters", from.network().parameterCount())
              .put("folded_parameters", folded.parameterCount());
      Unwritten.afterAll(() -> save(from.model(), folded, file), () -> output.write(json, out));
    }
  }

  private Network fold(ModelFile from) {
    try {
      return from.network().folded();
    } catch (IllegalStateException e) {
      throw new BadInput(model + ": " + e.getMessage(), e);
    }
  }

  private void save(Model from, Network folded, OutputFile file) {
    Map<String, String> notes = new LinkedHashMap<>(from.provenance());
    notes.put("folded", model.getFileName().toString());
    Model whole =
        new Model(
            folded,
            from.task(),
            from.scaling(),
            from.targetScaling(),
            from.classNames(),
            from.featureNames(),
            notes);
    file.keep(target -> Models.save(whole, target));
  }
}
