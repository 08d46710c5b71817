package fathom.data;

/**
 * A file or its contents cannot be used. The message is one line: which file and where in it, what
 * was found, what was expected, and what to do about it.
 */
public final class DataException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Control characters in the message, which may quote a file, are replaced by spaces. */
  public DataException(String message) {
    super(Spelling.oneLine(message));
  }

  /** As {@link #DataException(String)}, with what was thrown underneath. */
  public DataException(String message, Throwable cause) {
    super(Spelling.oneLine(message), cause);
  }
}
