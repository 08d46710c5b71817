package fathom.blas;

/**
 * No BLAS library could be loaded. The message is one line: the platform, what was tried, and what
 * to do about it.
 */
public final class BlasUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  BlasUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
