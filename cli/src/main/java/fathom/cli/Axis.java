package fathom.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the words of a grid's axis: numbers, runs of them ({@code 1..3/5} is 1, 1.5, 2, 2.5, 3 and
 * {@code 4..64@5} is 4, 8, 16, 32, 64), or names.
 */
final class Axis {
  private static final Pattern RUN = Pattern.compile("(.+?)\\.\\.(.+?)(?:([/@])([0-9]{1,6}))?");
  private static final int MOST_DIGITS = 6;

  private final String option;
  private final List<String> words;

  /**
   * @param option that gave the words, for messages
   */
  Axis(String option, List<String> words) {
    this.option = option;
    this.words = words;
    if (words.isEmpty() || words.stream().anyMatch(String::isBlank)) {
      throw new BadInput(option + " needs a value, or several with commas between them");
    }
  }

  /** Returns what a function makes of each word. */
  <T> List<T> names(Function<String, T> reader) {
    return distinct(words.stream().map(String::strip).map(reader).toList());
  }

  /** Returns one of a few choices for each word. */
  <E extends Enum<E>> List<E> choices(List<E> choices) {
    return names(word -> Choice.of(option, word, choices));
  }

  List<Double> numbers() {
    List<Double> all = new ArrayList<>();
    for (String word : words) {
      Matcher run = RUN.matcher(word.strip());
      if (run.matches()) {
        all.addAll(run(word, run));
      } else {
        all.add(number(word, word));
      }
    }
    return distinct(all);
  }

  /** Returns whole numbers; runs are rounded. */
  List<Integer> wholes() {
    List<Integer> all = new ArrayList<>();
    for (String word : words) {
      boolean isRun = RUN.matcher(word.strip()).matches();
      for (double x : new Axis(option, List.of(word)).numbers()) {
        if ((x != Math.rint(x) && !isRun) || Math.abs(x) > Integer.MAX_VALUE) {
          throw wrong(word);
        }
        all.add((int) Math.round(x));
      }
    }
    return distinct(all);
  }

  private List<Double> run(String word, Matcher run) {
    double from = number(run.group(1), word);
    double to = number(run.group(2), word);
    boolean geometric = "@".equals(run.group(3));
    boolean whole = from == Math.rint(from) && to == Math.rint(to);
    if (run.group(4) == null && !(whole && to - from < 1e6)) {
      throw new BadInput(
          option + ": '" + word + "' does not say how many, as " + word + "/5 would");
    }
    int count = run.group(4) == null ? (int) (to - from) + 1 : Integer.parseInt(run.group(4));
    if (!(from < to) || count < 2 || (geometric && !(from > 0))) {
      throw wrong(word);
    }
    List<Double> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double share = (double) i / (count - 1);
      double x = geometric ? from * Math.pow(to / from, share) : from + (to - from) * share;
      all.add(i == count - 1 ? to : rounded(x));
    }
    return all;
  }

  /** A step of a tenth is to give 0.3, not 0.30000000000000004. */
  private static double rounded(double x) {
    return Double.parseDouble(String.format(Locale.ROOT, "%." + MOST_DIGITS + "g", x));
  }

  private double number(String text, String word) {
    try {
      double x = Double.parseDouble(text.strip());
      if (Double.isFinite(x)) {
        return x;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw wrong(word);
  }

  private BadInput wrong(String word) {
    return new BadInput(
        option
            + ": '"
            + word
            + "' is no number, nor a run such as 1..3/5 (evenly) or 4..64@5 (each a multiple of the"
            + " last)");
  }

  private static <T> List<T> distinct(List<T> all) {
    return all.stream().distinct().toList();
  }
}
