package fathom.nn;

import java.util.Collection;
import java.util.Locale;

/** Reads the names of the field's things, kindly: any case, - or _, and a hint after a slip. */
final class Names {
  private Names() {}

  /** Returns a name in lower case without - and _ and spaces. */
  static String plain(String name) {
    return name.trim().toLowerCase(Locale.ROOT).replaceAll("[-_ ]", "");
  }

  /** Returns the number in brackets at the end of a name. */
  static float argument(String what, String text) {
    int open = text.indexOf('(');
    if (open >= 0 && text.endsWith(")")) {
      try {
        return Float.parseFloat(text.substring(open + 1, text.length() - 1));
      } catch (NumberFormatException e) {
        // Reported below, with the whole name.
      }
    }
    throw new IllegalArgumentException(what + " '" + text + "' has no number in its brackets");
  }

  /** Returns one line that says that a name is unknown, which is nearest and what there is. */
  static String unknown(String what, String name, Collection<String> known) {
    String nearest = null;
    int least = Integer.MAX_VALUE;
    for (String candidate : known) {
      int distance = distance(plain(name), plain(candidate));
      if (distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
    String hint =
        least <= Math.max(2, name.length() / 3) ? "; did you mean '" + nearest + "'?" : "";
    return String.format(
        "unknown %s '%s'%s (known: %s)", what, name, hint, String.join(", ", known));
  }

  /** Returns Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replace = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replace, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
