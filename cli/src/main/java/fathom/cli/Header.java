package fathom.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a command was asked for, told above its first line: once, and not before nothing is left to
 * refuse, since a refusal is a line by itself.
 */
final class Header {
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();
  private boolean told;

  /** Adds a word and what there is to say about it; nothing if that is null. */
  Header entry(String word, String text) {
    if (text != null) {
      settings.put(word, text);
    }
    return this;
  }

  /** Adds a line that even those must hear who want it quiet. */
  void note(String line) {
    notes.add(line);
  }

  /** Returns the words, in their order, with what there is to say about each. */
  Map<String, String> settings() {
    return settings;
  }

  /**
   * Tells it, the first time it is called.
   *
   * @param report where the words go, or null for nowhere
   * @param err where the lines go
   */
  void tell(Report report, PrintWriter err) {
    if (told) {
      return;
    }
    told = true;
    if (report != null) {
      settings.forEach(report::entry);
    }
    notes.forEach(err::println);
    err.flush();
  }
}
