package fathom.data;

import java.util.Collection;
import java.util.Locale;

/** Foreign text in messages: quoted, kept to one line, compared with the names there are. */
final class Spelling {
  private static final int SHOWN = 40;

  private Spelling() {}

  /** Returns the text with control characters and line separators replaced by spaces. */
  static String oneLine(String text) {
    StringBuilder line = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean breaks = Character.isISOControl(c) || c == '\u2028' || c == '\u2029';
      line.append(breaks ? ' ' : c);
    }
    return line.toString();
  }

  /** Returns the text in quotes, cut if it is long. */
  static String quote(String text) {
    return text.length() <= SHOWN ? "'" + text + "'" : "'" + text.substring(0, SHOWN) + "...'";
  }

  /** Returns the candidate that takes the fewest edits, or null if there is none. */
  static String nearest(String name, Collection<String> candidates) {
    String best = null;
    int least = Integer.MAX_VALUE;
    for (String candidate : candidates) {
      int edits = edits(folded(name), folded(candidate));
      if (edits < least) {
        least = edits;
        best = candidate;
      }
    }
    return best;
  }

  private static String folded(String name) {
    return name.substring(0, Math.min(SHOWN, name.length())).toLowerCase(Locale.ROOT);
  }

  /** Levenshtein's distance. */
  private static int edits(String a, String b) {
    int[] previous = new int[b.length() + 1];
    int[] current = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replace = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replace, 1 + Math.min(previous[j], current[j - 1]));
      }
      int[] swap = previous;
      previous = current;
      current = swap;
    }
    return previous[b.length()];
  }
}
