package fathom.cli;

import java.nio.file.Path;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** Where the report of a training goes. */
final class ReportOptions {
  @Option(
      names = "--report",
      paramLabel = "FILE.html",
      description =
          "Write one page with learning curves, mistakes, what layers were like, and the command"
              + " that repeats the run.")
  private Path path;

  private OutputFile file;

  /**
   * Checks what can be checked before the work starts.
   *
   * @throws BadInput if the file cannot be written
   */
  void check(boolean folds) {
    if (path == null) {
      return;
    }
    if (folds) {
      throw new BadInput("--report is for one training; leave out --folds, or --report");
    }
    file = new OutputFile("--report", path);
  }

  Path path() {
    return path;
  }

  /** Returns the file that was asked for, or null. */
  OutputFile file() {
    return file;
  }

  /** Writes the page, if one was asked for. */
  void write(Supplier<TrainingReport> report) {
    if (file != null) {
      ReportPage page = report.get().page();
      file.write(page::write);
    }
  }
}
