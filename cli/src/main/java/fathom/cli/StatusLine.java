package fathom.cli;

import java.io.PrintWriter;

/** One line on a terminal that is written over and over; without a terminal, nothing. */
final class StatusLine implements AutoCloseable {
  private static final int WIDTH = 79;

  private final PrintWriter err;
  private final boolean watched = Terminal.watchesStandardError();

  StatusLine(PrintWriter err) {
    this.err = err;
  }

  /** Shows a text in place of the last. */
  void show(String text) {
    if (watched) {
      String cut = text.length() > WIDTH ? text.substring(0, WIDTH) : text;
      err.print("\r" + cut + " ".repeat(WIDTH - cut.length()) + "\r");
      err.flush();
    }
  }

  /** Leaves an empty line. */
  void clear() {
    show("");
  }

  @Override
  public void close() {
    clear();
  }
}
