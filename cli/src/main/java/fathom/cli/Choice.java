package fathom.cli;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Reads one of a few words. */
final class Choice {
  private Choice() {}

  /**
   * Returns the choice of a name, in any case.
   *
   * @throws BadInput if there is none of that name
   */
  static <E extends Enum<E>> E of(String option, String text, List<E> choices) {
    for (E choice : choices) {
      if (choice.name().equalsIgnoreCase(text.strip())) {
        return choice;
      }
    }
    String known =
        choices.stream()
            .map(choice -> choice.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(", "));
    throw new BadInput("unknown " + option + " '" + text + "' (known: " + known + ")");
  }
}
