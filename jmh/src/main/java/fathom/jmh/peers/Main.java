package fathom.jmh.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command that compares Fathom with its peers. */
@Command(
    name = "jmh/run",
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = "Times Fathom beside its peers: the same data, threads and operations, in turn.",
    footer = {
      "",
      "Without a WORKLOAD, all of them. A part of a family is named family/part, as in",
      "activations/tanh. Exit status: 0 done, 1 a system failed, 2 bad input."
    })
public final class Main implements Callable<Integer> {
  private static final int BAD_INPUT = 2;
  private static final String HOME = "fathom.jmh.home";

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "WORKLOAD", description = "What to time.")
  private List<String> workloads = new ArrayList<>();

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "NAME",
      description = "Of torch, dl4j, floor; all unless given, 'none' for Fathom alone.")
  private List<String> peers = List.of("torch", "dl4j", "floor");

  @Option(
      names = "--blas",
      paramLabel = "NAME",
      description = "Where Fathom's own products run: openblas (the default) or mkl.")
  private String blas = "openblas";

  @Option(names = "--threads", description = "How many threads each system has: ${DEFAULT-VALUE}.")
  private int threads = 2;

  @Option(names = "--rounds", description = "Turns of each system: ${DEFAULT-VALUE}.")
  private int rounds = 2;

  @Option(names = "--samples", description = "Samples in a turn: ${DEFAULT-VALUE}.")
  private int samples = 7;

  @Option(names = "--seconds", description = "Length of a sample: ${DEFAULT-VALUE}.")
  private double seconds = 0.5;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Where the JSON lines go; beside the page unless given.")
  private Path json;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Where the page goes; jmh/results/<date>.html unless given.")
  private Path html;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this and exit.")
  @SuppressWarnings("UnusedVariable")
  private boolean help;

  @Option(
      names = "--check",
      hidden = true,
      description = "Judge the command line and do no more: before the peers are fetched.")
  private boolean check;

  private Main() {}

  /** Compares, and ends the process with its status. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /** Returns the command line, which writes to standard output and error unless told otherwise. */
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setParameterExceptionHandler(
            (thrown, args) -> say(thrown.getCommandLine(), thrown.getMessage(), BAD_INPUT))
        .setExecutionExceptionHandler(
            (thrown, command, parsed) -> say(command, thrown.getMessage(), 1));
  }

  private static int say(CommandLine command, String message, int status) {
    command.getErr().println("jmh/run: " + message.strip().replaceAll("\\s*\\R\\s*", " "));
    command.getErr().flush();
    return status;
  }

  @Override
  public Integer call() throws IOException {
    Map<String, List<Discipline>> groups = groups();
    List<Competitor> competitors = competitors();
    requireSense();
    if (check) {
      return 0;
    }
    PrintWriter out = spec.commandLine().getOut();
    Path home = Path.of(System.getProperty(HOME, "jmh"));
    Effort effort = new Effort(rounds, samples, seconds);
    boolean mkl = blas.equals("mkl");
    Race race = new Race(home, mkl, threads, effort, spec.commandLine().getErr());
    race.run(List.of(Discipline.PEAK), List.of(Competitor.FLOOR));
    for (List<Discipline> group : groups.values()) {
      race.run(group, competitors);
    }
    List<Discipline> disciplines = groups.values().stream().flatMap(List::stream).toList();
    Map<String, String> machine = Machine.describe(race, home, threads, effort);
    machine.forEach((name, fact) -> out.printf("%-12s %s%n", name, fact));
    out.println();
    Report report = new Report(race);
    report.table(disciplines, competitors, out);
    write(home, report, race, new Page(race, report, machine), disciplines, competitors);
    return race.hasFailed() ? 1 : 0;
  }

  private void write(
      Path home,
      Report report,
      Race race,
      Page page,
      List<Discipline> disciplines,
      List<Competitor> competitors)
      throws IOException {
    String date =
        LocalDateTime.now(ZoneId.systemDefault())
            .format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm"));
    Path web = html == null ? home.resolve("results").resolve(date + ".html") : html;
    String stem = web.getFileName().toString().replaceFirst("\\.html$", "");
    Path lines = json == null ? web.resolveSibling(stem + ".jsonl") : json;
    List<String> objects =
        race.results().stream().map(result -> report.json(result, threads)).toList();
    for (Path file : List.of(web, lines)) {
      if (file.toAbsolutePath().getParent() != null) {
        Files.createDirectories(file.toAbsolutePath().getParent());
      }
    }
    Files.write(lines, objects, UTF_8);
    Files.writeString(web, page.html(disciplines, competitors), UTF_8);
    spec.commandLine().getErr().printf("wrote %s and %s%n", web, lines);
    spec.commandLine().getErr().flush();
  }

  private void requireSense() {
    if (!blas.equals("openblas") && !blas.equals("mkl")) {
      throw bad("unknown BLAS '" + blas + "'; there are openblas, mkl");
    }
    if (threads < 1 || rounds < 1 || samples < 1 || !(seconds > 0)) {
      throw bad("--threads, --rounds, --samples and --seconds must be positive");
    }
  }

  private ParameterException bad(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private Map<String, List<Discipline>> groups() {
    Set<Discipline> chosen = new LinkedHashSet<>();
    for (String name : workloads.isEmpty() ? Discipline.families() : workloads) {
      try {
        chosen.addAll(Discipline.named(name));
      } catch (IllegalArgumentException e) {
        throw new ParameterException(spec.commandLine(), e.getMessage(), e);
      }
    }
    Map<String, List<Discipline>> groups = new LinkedHashMap<>();
    for (Discipline d : chosen) {
      groups.computeIfAbsent(d.group(), unused -> new ArrayList<>()).add(d);
    }
    return groups;
  }

  private List<Competitor> competitors() {
    List<String> known =
        Arrays.stream(Competitor.values())
            .filter(c -> c != Competitor.FATHOM)
            .map(Competitor::title)
            .toList();
    for (String name : peers) {
      if (!known.contains(name) && !name.equals("none")) {
        throw bad("unknown peer '" + name + "'; there are " + String.join(", ", known));
      }
    }
    return Arrays.stream(Competitor.values())
        .filter(c -> c == Competitor.FATHOM || peers.contains(c.name().toLowerCase(Locale.ROOT)))
        .toList();
  }
}
