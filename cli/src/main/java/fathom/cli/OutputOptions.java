package fathom.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where a command's figures go. */
final class OutputOptions {
  private static final String STANDARD_OUTPUT = "-";

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description =
          "Write the figures as a JSON object; - is standard output, and nothing else is"
              + " then written there.")
  private String json;

  private OutputFile file;

  /**
   * Tries whether the file can be written.
   *
   * @throws BadInput if not
   */
  void check() {
    if (json != null && !isStandardOutput()) {
      file = new OutputFile("--json", Path.of(json));
    }
  }

  /** Returns where text for people goes. */
  PrintWriter text(PrintWriter out, PrintWriter err) {
    return isStandardOutput() ? err : out;
  }

  boolean isStandardOutput() {
    return STANDARD_OUTPUT.equals(json);
  }

  /** Returns the file that was asked for, or null. */
  OutputFile file() {
    return file;
  }

  /** Writes the object, whose text is JSON, where it was asked for, if anywhere. */
  void write(Object object, PrintWriter out) {
    if (isStandardOutput()) {
      out.println(object);
      out.flush();
    } else if (file != null) {
      file.write(writer -> writer.println(object));
    }
  }
}
