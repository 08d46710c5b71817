package fathom.cli;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.Console;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/** Tells whether somebody watches standard error. */
final class Terminal {
  /** Lets a launcher that stands between this process and the terminal answer. */
  private static final String ANSWER = "fathom.terminal";

  private static final int STANDARD_ERROR = 2;

  private Terminal() {}

  /**
   * Returns whether standard error is a terminal. Java itself knows only of the three streams
   * together, and JDK 25 has no console where one of them is no terminal, so the C library is
   * asked.
   */
  @SuppressWarnings({"restricted", "SystemConsoleNull"})
  static boolean watchesStandardError() {
    if ("dumb".equals(System.getenv("TERM"))) {
      return false;
    }
    if (System.getProperty(ANSWER) != null) {
      return Boolean.getBoolean(ANSWER);
    }
    if (!Terminal.class.getModule().isNativeAccessEnabled()) {
      Console console = System.console();
      return console != null && console.isTerminal();
    }
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find("isatty")
        .or(() -> linker.defaultLookup().find("_isatty"))
        .map(f -> linker.downcallHandle(f, FunctionDescriptor.of(JAVA_INT, JAVA_INT)))
        .map(Terminal::isTerminal)
        .orElse(false);
  }

  private static boolean isTerminal(MethodHandle isatty) {
    try {
      return (int) isatty.invokeExact(STANDARD_ERROR) != 0;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
