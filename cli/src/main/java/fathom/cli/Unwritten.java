package fathom.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * An output that could not be written once the work was done. The message is one line and says
 * where the output is kept instead; the exit status is 1.
 */
final class Unwritten extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Unwritten(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * Writes all products of a run, those after one that fails too.
   *
   * @throws Unwritten if some failed, with all that there is to say
   */
  static void afterAll(Runnable... products) {
    List<Unwritten> failures = new ArrayList<>();
    for (Runnable product : products) {
      try {
        product.run();
      } catch (Unwritten e) {
        failures.add(e);
      }
    }
    if (!failures.isEmpty()) {
      List<String> messages = failures.stream().map(Unwritten::getMessage).toList();
      throw new Unwritten(String.join("; ", messages), failures.get(0));
    }
  }

  /** Writes products after a failure, and returns its words and those of what fails besides. */
  static String after(String words, Runnable... products) {
    try {
      afterAll(products);
      return words;
    } catch (Unwritten e) {
      return words + "; " + e.getMessage();
    }
  }
}
