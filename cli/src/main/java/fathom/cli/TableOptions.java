package fathom.cli;

import fathom.data.Csv;
import fathom.data.Task;
import java.util.List;
import picocli.CommandLine.Option;

/** What a user knows of a CSV table. */
final class TableOptions {
  @Option(
      names = "--label",
      paramLabel = "NAME",
      description =
          "CSV: the column to learn, by name, or by number from 1 where there is no header; the"
              + " last unless given.")
  private String label;

  @Option(
      names = "--task",
      paramLabel = "TASK",
      description = "CSV: classification or regression; guessed unless given.")
  private String task;

  /** Returns whether anything is known. */
  boolean given() {
    return label != null || task != null;
  }

  /**
   * Returns what is known, and leaves the rest to be guessed.
   *
   * @throws BadInput if there is no such task
   */
  Csv.Options known() {
    Csv.Options options = Csv.Options.guess();
    if (label != null) {
      options = options.label(label);
    }
    if (task != null) {
      List<Task> tasks = List.of(Task.CLASSIFICATION, Task.REGRESSION);
      options = options.task(Choice.of("--task", task, tasks));
    }
    return options;
  }
}
