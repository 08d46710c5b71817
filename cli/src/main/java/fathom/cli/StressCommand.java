package fathom.cli;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.lab.stress.Finding;
import fathom.lab.stress.GridCell;
import fathom.lab.stress.Sweep;
import fathom.lab.stress.Trial;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fathom stress}. */
@Command(
    name = "stress",
    description = {
      "Puts many networks to the test, all combinations of the axes below: measures signals and"
          + " gradients of each as it is drawn, trains it for some steps, and says whether it"
          + " trains, vanishes, explodes, saturates, dies, stalls or diverges.",
      "Networks are tried side by side, one on each thread."
    })
final class StressCommand implements Runnable {
  private static final long PAUSE_MILLIS = 2_000;
  private static final int PARTS = 1000;

  @Spec private CommandSpec spec;

  @Mixin private StressData source;
  @Mixin private GridOptions axes;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "200",
      description = "Of each training; ${DEFAULT-VALUE} unless given.")
  private int steps;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "32",
      description = "Samples of a step, and of a measurement; ${DEFAULT-VALUE} unless given.")
  private int batch;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "Write what is found of each network as soon as it is: JSON lines, or a table if the name"
              + " ends in .csv.")
  private Path out;

  @Option(
      names = "--resume",
      description =
          "Go on with the file of --out where a sweep was stopped, at whatever moment: repeat the"
              + " command and add this. Axes may have grown.")
  private boolean resume;

  @Option(
      names = "--report",
      paramLabel = "FILE.html",
      description = "Write one page with heat maps, curves by layer and a table to sort.")
  private Path report;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Networks at once; as many as processors unless given.")
  private Integer threads;

  @Mixin private OutputOptions output;

  @Option(names = "--quiet", description = "Print what became of the networks and nothing else.")
  private boolean quiet;

  @Override
  public void run() {
    source.check();
    checkNumbers();
    output.check();
    OutputFile page = report == null ? null : new OutputFile("--report", report);
    OutputFile stream = out == null ? null : new OutputFile("--out", out).requireRegular();
    OutputFile.requireApart(
        Arrays.asList(stream, page, output.file()), Arrays.asList(source.path()));
    List<GridCell> cells = axes.grid().cells();
    try (Engine engine = engine();
        StressData.Loaded data = source.load(engine)) {
      Trial trial = new Trial(data.rows(), steps, batch);
      String setup =
          String.format(
              Locale.ROOT,
              "%s, %d rows of %d, batches of %d, %d steps",
              data.name().replaceAll("\\R", " "),
              data.rows().size(),
              data.rows().dataset().features(),
              trial.batch(),
              steps);
      try (SweepFile file = SweepFile.open(out, resume, setup)) {
        sweep(cells, trial, data, file, page);
      }
    }
  }

  private void checkNumbers() {
    requireAtLeastOne("--steps", steps);
    requireAtLeastOne("--batch", batch);
    if (threads != null) {
      requireAtLeastOne("--threads", threads);
    }
    if (resume && out == null) {
      throw new BadInput("--resume goes on with a file; name it with --out");
    }
  }

  private static void requireAtLeastOne(String option, int value) {
    if (value < 1) {
      throw new BadInput(option + " must be at least 1, not " + value);
    }
  }

  private static Engine engine() {
    return new Engine(Blas.openBlas(), Kernels.vector(), 1);
  }

  private void sweep(
      List<GridCell> cells, Trial trial, StressData.Loaded data, SweepFile file, OutputFile page) {
    List<Finding> found = new ArrayList<>(ofGrid(cells, file.found()));
    int before = found.size();
    Sweep sweep = new Sweep(trial, cells, found);
    int workers = sweep.workers(threads == null ? EngineOptions.processors() : threads);
    requireMemory(sweep.cells(), trial, data, workers);
    PrintWriter err = spec.commandLine().getErr();
    Report text = new Report(output.text(spec.commandLine().getOut(), err));
    Map<String, String> settings = settings(cells, data, before, workers);
    if (!quiet) {
      settings.forEach(text::entry);
    }
    long start = System.nanoTime();
    boolean whole;
    try (Ending ending = new Ending()) {
      try (Progress progress = progress(err)) {
        Share done = new Share();
        whole =
            sweep.run(
                workers,
                StressCommand::engine,
                (finding, cost) -> {
                  file.append(finding);
                  found.add(finding);
                  progress.advance(done.add(cost), message(found, cells.size()));
                },
                ending::isAsked);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      found.sort(new Order(cells)::compare);
      finish(found, cells, settings, seconds, page);
      if (!whole) {
        err.println(farewell(found.size(), cells.size()));
        err.flush();
      }
    }
  }

  /** What the file has of other grids stays there, and is no part of this one. */
  private static List<Finding> ofGrid(List<GridCell> cells, List<Finding> found) {
    Set<String> names = new HashSet<>();
    cells.forEach(cell -> names.add(cell.toString()));
    return found.stream().filter(finding -> names.contains(finding.cell())).toList();
  }

  private static void requireMemory(
      List<GridCell> cells, Trial trial, StressData.Loaded data, int workers) {
    int inputs = data.rows().dataset().features();
    int outputs = data.rows().dataset().outputs();
    Map<List<Object>, Footprint> shapes = new HashMap<>();
    try (Engine engine = engine()) {
      List<Footprint> all = new ArrayList<>();
      for (GridCell cell : cells) {
        all.add(
            shapes.computeIfAbsent(
                shape(cell),
                unused ->
                    Footprint.of(
                        cell.builder(engine, inputs, outputs),
                        (double) cell.parameters(inputs, outputs),
                        cell.optimizer(),
                        trial.batch())));
      }
      Footprint.requireAtOnce(all, workers);
    }
  }

  /** What bears on a network's memory. */
  private static List<Object> shape(GridCell cell) {
    String activation = cell.activation().toString();
    return List.of(cell.depth(), cell.width(), activation, cell.norm(), cell.skip(), cell.method());
  }

  private Map<String, String> settings(
      List<GridCell> cells, StressData.Loaded data, int before, int workers) {
    Map<String, String> settings = new LinkedHashMap<>();
    try (Engine engine = engine()) {
      settings.put("fathom", Version.text() + ": " + Machine.of(engine));
    }
    settings.put("data", data.about());
    settings.put(
        "grid",
        String.format(
            Locale.ROOT,
            "%,d networks%s, %d at once",
            cells.size(),
            before > 0 ? String.format(Locale.ROOT, ", %,d of them done before", before) : "",
            workers));
    settings.put(
        "learning", String.format(Locale.ROOT, "%,d steps each, batches of %d", steps, batch));
    return settings;
  }

  private Progress progress(PrintWriter err) {
    if (quiet) {
      return Progress.silent();
    }
    return Terminal.watchesStandardError()
        ? Progress.bar(err, "sweep", PARTS)
        : Progress.lines(err, PAUSE_MILLIS);
  }

  private static String message(List<Finding> found, int all) {
    Finding last = found.get(found.size() - 1);
    return String.format(
        Locale.ROOT,
        "%,d of %,d, last: depth %.0f %s",
        found.size(),
        all,
        last.number("depth"),
        last.text("verdict"));
  }

  private String farewell(int done, int all) {
    String kept =
        out == null
            ? "name a file with --out to keep what is found"
            : out + " keeps them: repeat the command with --resume";
    return String.format(Locale.ROOT, "stopped after %,d of %,d networks; %s", done, all, kept);
  }

  private void finish(
      List<Finding> found,
      List<GridCell> cells,
      Map<String, String> settings,
      double seconds,
      OutputFile page) {
    PrintWriter standard = spec.commandLine().getOut();
    SweepTable table = new SweepTable(found);
    table.print(output.text(standard, spec.commandLine().getErr()));
    JsonObject json = table.json().put("cells", cells.size()).put("seconds", seconds);
    try (Engine engine = engine()) {
      Machine.of(engine).addTo(json);
    }
    Unwritten.afterAll(
        () -> {
          if (page != null && !found.isEmpty()) {
            StressPage figures = new StressPage(found, settings, cells.size());
            figures.command(spec.root().commandLine().getParseResult().originalArgs());
            figures.environment(environment());
            page.write(figures::write);
          }
        },
        () -> output.write(json, standard));
  }

  private static String environment() {
    StringWriter text = new StringWriter();
    try (Engine engine = engine()) {
      InfoCommand.print(Machine.of(engine), new Report(new PrintWriter(text)));
    }
    return text.toString();
  }

  /** The whole parts of a bar that shares of the work make. */
  private static final class Share {
    private double sum;
    private long shown;

    long add(double share) {
      sum += share;
      long parts = Math.round(sum * PARTS) - shown;
      shown += parts;
      return parts;
    }
  }

  /** The order of the grid, whatever ended first. */
  private static final class Order {
    private final Map<String, Integer> places = new LinkedHashMap<>();

    Order(List<GridCell> cells) {
      cells.forEach(cell -> places.putIfAbsent(cell.toString(), places.size()));
    }

    int compare(Finding a, Finding b) {
      return Integer.compare(places.get(a.cell()), places.get(b.cell()));
    }
  }
}
