package fathom.cli;

import fathom.engine.Engine;
import fathom.lab.papers.Apparatus;
import fathom.lab.papers.Comparison;
import fathom.lab.papers.Reproduction;
import fathom.lab.papers.Reproduction.Form;
import fathom.lab.papers.Reproductions;
import fathom.lab.papers.ResultCheck;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
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

/** {@code fathom reproduce}. */
@Command(
    name = "reproduce",
    description =
        "Computes published results anew and prints the papers' figures beside ours. A result that"
            + " does not come out as published is said to be so; the exit status is 0 all the same.")
final class ReproduceCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..*",
      paramLabel = "NAME",
      description = "Which (see --list); all that the data at hand allow unless given.")
  private List<String> names = new ArrayList<>();

  @Option(names = "--list", description = "Print names and sources, and compute nothing.")
  private boolean list;

  @Option(
      names = "--full",
      description =
          "Compute as much as the papers did, or as near to it as a small computer comes: minutes"
              + " to an hour rather than seconds.")
  private boolean full;

  @Option(
      names = "--mnist",
      paramLabel = "DIR",
      description = "The folder of MNIST's four files, which some need.")
  private Path mnist;

  @Option(
      names = "--report",
      paramLabel = "FILE.html",
      description = "Write one page with the tables and the figures.")
  private Path report;

  @Mixin private EngineOptions engines;

  @Mixin private OutputOptions output;

  /** A reproduction that was run. */
  record Finished(Reproduction reproduction, Comparison comparison, double seconds) {}

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    List<Reproduction> chosen = chosen();
    if (list) {
      list(chosen, out);
      return;
    }
    output.check();
    OutputFile page = report == null ? null : new OutputFile("--report", report);
    OutputFile.requireApart(Arrays.asList(page, output.file()), Arrays.asList(mnist));
    PrintWriter text = output.text(out, spec.commandLine().getErr());
    List<Reproduction> able = able(chosen, text);
    Form form = full ? Form.FULL : Form.FAST;
    List<Finished> finished = new ArrayList<>();
    try (Engine engine = engines.open();
        StatusLine status = new StatusLine(spec.commandLine().getErr());
        Apparatus apparatus = new Apparatus(engine, mnist, status::show)) {
      Machine machine = Machine.of(engine);
      for (Reproduction reproduction : able) {
        long start = System.nanoTime();
        Comparison comparison = reproduction.run(form, apparatus);
        status.clear();
        Finished done = new Finished(reproduction, comparison, (System.nanoTime() - start) * 1e-9);
        finished.add(done);
        print(done, form, text);
        if (page == null && output.file() == null && text.checkError()) {
          // Nobody computes for a reader who is gone; whoever runs this command looks again.
          return;
        }
      }
      sumUp(finished, text);
      ReproductionReport results = new ReproductionReport(finished, form, machine);
      List<String> words = new ArrayList<>(List.of("fathom"));
      words.addAll(spec.commandLine().getParseResult().originalArgs());
      Unwritten.afterAll(
          () -> {
            if (page != null) {
              page.write(writer -> results.write(words, writer));
            }
          },
          () -> output.write(results.json(), out));
    }
  }

  private List<Reproduction> chosen() {
    return names.isEmpty()
        ? Reproductions.all()
        : names.stream().distinct().map(Reproductions::named).toList();
  }

  /** Returns what can be run; without MNIST, what was asked for by name must do without. */
  private List<Reproduction> able(List<Reproduction> chosen, PrintWriter text) {
    List<Reproduction> unable =
        mnist != null ? List.of() : chosen.stream().filter(Reproduction::needsMnist).toList();
    if (unable.isEmpty()) {
      return chosen;
    }
    String which = unable.stream().map(Reproduction::name).collect(Collectors.joining(", "));
    String need =
        which
            + (unable.size() == 1 ? " needs" : " need")
            + " MNIST; name the folder of its files by --mnist DIR";
    if (!names.isEmpty()) {
      throw new BadInput(need);
    }
    text.println("left out: " + need);
    text.println();
    return chosen.stream().filter(reproduction -> !reproduction.needsMnist()).toList();
  }

  private static void list(List<Reproduction> chosen, PrintWriter out) {
    for (Reproduction one : chosen) {
      out.printf(
          Locale.ROOT,
          "%-12s %s%n%-12s %s%s%n",
          one.name(),
          one.title(),
          "",
          one.source(),
          one.needsMnist() ? "; needs --mnist" : "");
    }
    out.flush();
  }

  private static void print(Finished done, Form form, PrintWriter out) {
    Reproduction reproduction = done.reproduction();
    out.printf(Locale.ROOT, "%s: %s%n", reproduction.name(), reproduction.title());
    out.printf(
        Locale.ROOT,
        "%s; %s form, %.1f s%n",
        reproduction.source(),
        form.name().toLowerCase(Locale.ROOT),
        done.seconds());
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"", "published", "ours", "wanted", ""});
    for (ResultCheck check : done.comparison().checks()) {
      rows.add(
          new String[] {
            check.what(), check.published(), check.ours(), check.wanted(), verdict(check)
          });
    }
    int[] widths = new int[rows.get(0).length];
    for (String[] row : rows) {
      for (int c = 0; c < row.length; c++) {
        widths[c] = Math.max(widths[c], row[c].length());
      }
    }
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder(" ");
      for (int c = 0; c < row.length; c++) {
        line.append(' ').append(row[c]).append(" ".repeat(widths[c] - row[c].length() + 1));
      }
      out.println(line.toString().stripTrailing());
    }
    for (ResultCheck check : done.comparison().checks()) {
      if (check.reason() != null) {
        out.println("  not as published, " + check.what() + ": " + check.reason());
      }
    }
    for (String note : done.comparison().notes()) {
      out.println("  " + note);
    }
    out.println();
    out.flush();
  }

  static String verdict(ResultCheck check) {
    return check.holds() ? "as published" : "NOT as published";
  }

  private static void sumUp(List<Finished> finished, PrintWriter out) {
    int checks = finished.stream().mapToInt(done -> done.comparison().checks().size()).sum();
    int held = finished.stream().mapToInt(done -> done.comparison().held()).sum();
    out.printf(Locale.ROOT, "%d of %d figures came out as published%n", held, checks);
    for (Finished done : finished) {
      for (ResultCheck check : done.comparison().checks()) {
        if (!check.holds()) {
          out.printf(Locale.ROOT, "not: %s, %s%n", done.reproduction().name(), check.what());
        }
      }
    }
    out.flush();
  }
}
