package fathom.cli;

import fathom.lab.stress.Finding;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What became of the networks of a sweep, for people: how many came to what, and for each kind of
 * network what becomes of it as it deepens.
 */
final class SweepTable {
  private static final int MOST_LINES = 60;
  private static final List<String> OUTCOMES =
      List.of("trains", "vanishes", "explodes", "saturates", "dies", "stalls", "diverges");

  /** What tells networks apart but for depth and seed. */
  private static final List<String> KIND =
      List.of("width", "activation", "init", "gain", "bias", "norm", "skip", "optimizer", "rate");

  private final List<Finding> found;

  SweepTable(List<Finding> found) {
    this.found = found;
  }

  private Map<String, Integer> counts() {
    Map<String, Integer> counts = new LinkedHashMap<>();
    OUTCOMES.forEach(outcome -> counts.put(outcome, 0));
    found.forEach(finding -> counts.merge(finding.text("outcome"), 1, Integer::sum));
    return counts;
  }

  /** Returns how many networks came to what. */
  JsonObject json() {
    JsonObject json = new JsonObject().put("done", found.size());
    counts().forEach((outcome, count) -> json.put(outcome, count));
    return json;
  }

  void print(PrintWriter out) {
    if (found.isEmpty()) {
      return;
    }
    out.println();
    List<String> axes =
        KIND.stream()
            .filter(axis -> found.stream().map(f -> value(f, axis)).distinct().count() > 1)
            .toList();
    Map<String, Map<Double, List<Finding>>> kinds = new LinkedHashMap<>();
    for (Finding finding : found) {
      String kind =
          axes.stream().map(axis -> value(finding, axis)).collect(Collectors.joining("  "));
      kinds
          .computeIfAbsent(kind, k -> new TreeMap<>())
          .computeIfAbsent(finding.number("depth"), d -> new ArrayList<>())
          .add(finding);
    }
    int wide = kinds.keySet().stream().mapToInt(String::length).max().orElse(0);
    int lines = 0;
    for (Map.Entry<String, Map<Double, List<Finding>>> kind : kinds.entrySet()) {
      if (++lines > MOST_LINES) {
        out.printf(
            "... and %,d kinds more; --report or --out has all%n", kinds.size() - MOST_LINES);
        break;
      }
      out.printf("%-" + Math.max(1, wide) + "s  %s%n", kind.getKey(), byDepth(kind.getValue()));
    }
    out.println();
    out.println(
        counts().entrySet().stream()
            .filter(count -> count.getValue() > 0)
            .map(count -> String.format(Locale.ROOT, "%,d %s", count.getValue(), count.getKey()))
            .collect(Collectors.joining(", ")));
    out.flush();
  }

  private static String value(Finding finding, String axis) {
    if (Finding.fields().get(axis) == Finding.Kind.TEXT) {
      return finding.text(axis);
    }
    double x = finding.number(axis);
    String number = x == Math.rint(x) && Math.abs(x) < 1e9 ? "" + (long) x : "" + x;
    return axis.equals("width") ? "width " + number : axis + " " + number;
  }

  /** Depths that come to the same stand together: {@code trains at 2 5 10, vanishes at 20 40}. */
  private static String byDepth(Map<Double, List<Finding>> depths) {
    StringBuilder text = new StringBuilder();
    String before = "";
    for (Map.Entry<Double, List<Finding>> depth : depths.entrySet()) {
      String outcome = usual(depth.getValue());
      if (!outcome.equals(before)) {
        text.append(before.isEmpty() ? "" : ", ").append(outcome).append(" at");
        before = outcome;
      }
      text.append(' ').append(Math.round(depth.getKey()));
    }
    return text.toString();
  }

  /** What most seeds come to. */
  private static String usual(List<Finding> seeds) {
    Map<String, Long> counts =
        seeds.stream()
            .collect(
                Collectors.groupingBy(
                    f -> f.text("outcome"), LinkedHashMap::new, Collectors.counting()));
    return counts.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
  }
}
