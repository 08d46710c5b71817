package fathom.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Which classes were taken for which: a table, or for many classes a list of the worst. */
final class ConfusionTable {
  private static final int MOST_CLASSES = 20;
  private static final int WORST = 15;
  private static final int LONGEST_NAME = 12;

  private final long[][] counts;
  private final List<String> names;

  private record Pair(int of, int as, long count) {}

  /**
   * @param counts how many rows of class i were taken for class j, at [i][j]
   * @param names the names of the classes, or empty for their numbers
   */
  ConfusionTable(long[][] counts, List<String> names) {
    this.counts = counts;
    this.names =
        names.isEmpty()
            ? IntStream.range(0, counts.length).mapToObj(Integer::toString).toList()
            : names;
  }

  void print(PrintWriter out) {
    if (counts.length <= MOST_CLASSES) {
      printTable(out);
    } else {
      printWorst(out);
    }
  }

  private void printTable(PrintWriter out) {
    int width = 4;
    for (int i = 0; i < counts.length; i++) {
      width = Math.max(width, shortName(i).length() + 1);
      for (long count : counts[i]) {
        width = Math.max(width, Long.toString(count).length() + 1);
      }
    }
    out.println("confusion: a row for each class, a column for what it was taken for");
    StringBuilder line = new StringBuilder(" ".repeat(width));
    for (int j = 0; j < counts.length; j++) {
      line.append(right(shortName(j), width));
    }
    out.println(line.append("   found"));
    for (int i = 0; i < counts.length; i++) {
      line = new StringBuilder(right(shortName(i), width));
      long sum = 0;
      for (long count : counts[i]) {
        line.append(right(count == 0 ? "." : Long.toString(count), width));
        sum += count;
      }
      out.println(line.append(sum == 0 ? "" : percent((double) counts[i][i] / sum)));
    }
  }

  private void printWorst(PrintWriter out) {
    List<Pair> wrong = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
      for (int j = 0; j < counts.length; j++) {
        if (i != j && counts[i][j] > 0) {
          wrong.add(new Pair(i, j, counts[i][j]));
        }
      }
    }
    wrong.sort(Comparator.comparingLong(Pair::count).reversed());
    if (wrong.isEmpty()) {
      out.println("confusion: none");
      return;
    }
    int shown = Math.min(WORST, wrong.size());
    out.printf(
        Locale.ROOT, "confusion: the worst %d of %,d pairs of classes%n", shown, wrong.size());
    for (Pair pair : wrong.subList(0, shown)) {
      out.printf(
          Locale.ROOT,
          "%,8d of class %s taken for %s%n",
          pair.count,
          names.get(pair.of),
          names.get(pair.as));
    }
  }

  private String shortName(int i) {
    String name = names.get(i);
    return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME - 1) + "~";
  }

  private static String right(String text, int width) {
    return " ".repeat(Math.max(0, width - text.length())) + text;
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%7.1f %%", 100 * share);
  }
}
