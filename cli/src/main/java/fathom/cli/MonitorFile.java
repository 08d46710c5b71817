package fathom.cli;

import fathom.train.Monitor;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The file of {@code --monitor}: what a training sampled, behind what an earlier part of it had
 * written there.
 */
final class MonitorFile {
  private static final String OPTION = "--monitor";
  private static final String NAMES = "step,";

  private static final Pattern ROW = Pattern.compile("[0-9]+,.*");
  private static final Pattern OBJECT = Pattern.compile("\\{\"step\":[0-9]+,.*");

  private final OutputFile output;
  private final boolean table;
  private final StringWriter text = new StringWriter();
  private List<String> earlier = List.of();

  /**
   * Names a file.
   *
   * @throws BadInput if it cannot be written
   */
  MonitorFile(Path file) {
    output = new OutputFile(OPTION, file);
    table = file.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
  }

  OutputFile file() {
    return output;
  }

  /** Returns who writes samples. */
  Monitor monitor() {
    return table ? Monitor.csv(text) : Monitor.jsonLines(text);
  }

  /**
   * Keeps what an earlier part of the training has written.
   *
   * @param lines how many
   * @return whether they are there
   * @throws BadInput if the file is something else
   */
  boolean goOn(int lines) {
    Path file = output.path();
    if (lines == 0 || !Files.isRegularFile(file)) {
      return false;
    }
    try (Stream<String> all = Files.lines(file)) {
      earlier = all.limit(lines).toList();
    } catch (IOException | UncheckedIOException e) {
      throw new BadInput(OPTION + " " + file + " cannot be read: " + e.getMessage(), e);
    }
    Pattern sample = table ? ROW : OBJECT;
    for (int i = 0; i < earlier.size(); i++) {
      String line = earlier.get(i);
      boolean names = table && i == 0;
      if (names ? !line.startsWith(NAMES) : !sample.matcher(line).matches()) {
        throw new BadInput(
            String.format(
                "%s %s: line %d is no sample of a training, so that this one cannot go on there;"
                    + " name another file",
                OPTION, file, i + 1));
      }
    }
    return earlier.size() == lines;
  }

  /** Writes what there is, and returns the number of lines. */
  int write() {
    String own = text.toString();
    // The names of columns are there.
    String added = table && !earlier.isEmpty() ? own.substring(own.indexOf('\n') + 1) : own;
    output.write(
        writer -> {
          earlier.forEach(line -> writer.print(line + "\n"));
          writer.print(added);
        });
    return earlier.size() + (int) added.chars().filter(c -> c == '\n').count();
  }
}
