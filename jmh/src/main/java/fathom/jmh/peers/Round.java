package fathom.jmh.peers;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What one JVM measured of one discipline, as it tells the process that started it.
 *
 * @param name the discipline's
 * @param loss the loss before the first step, or NaN
 * @param bytes allocated on the Java heap in a run
 * @param seconds for a run, one number a sample
 * @param tails what 1 % of the runs of a sample exceed; empty where runs are not timed one by one
 */
record Round(String name, double loss, double bytes, List<Double> seconds, List<Double> tails) {
  /** What the lines of a child start with that are meant for its parent. */
  static final String MARK = "@fathom-jmh";

  private static final String FIRST_STEP = MARK + "\tfirst step";
  private static final String UNAVAILABLE = MARK + "\tunavailable\t";
  private static final String ABOUT = MARK + "\tabout\t";

  String toLine() {
    return String.join(
        "\t",
        MARK,
        name,
        Double.toString(loss),
        Double.toString(bytes),
        join(seconds),
        join(tails));
  }

  private static String join(List<Double> values) {
    return values.stream().map(d -> Double.toString(d)).collect(Collectors.joining(","));
  }

  /** Reads what {@link #toLine} wrote. */
  static Round parse(String line) {
    String[] parts = line.split("\t", -1);
    return new Round(
        parts[1],
        Double.parseDouble(parts[2]),
        Double.parseDouble(parts[3]),
        numbers(parts[4]),
        numbers(parts[5]));
  }

  private static List<Double> numbers(String text) {
    return text.isEmpty()
        ? List.of()
        : Arrays.stream(text.split(",", -1)).map(Double::parseDouble).toList();
  }

  /** Returns the line that ends the start-up's time. */
  static String firstStep() {
    return FIRST_STEP;
  }

  /** Returns the line of a discipline that the system cannot do. */
  static String unavailable(String why) {
    return UNAVAILABLE + why;
  }

  /** Returns why the system cannot do what it was asked, or null if the line is another. */
  static String reason(String line) {
    return line.startsWith(UNAVAILABLE) ? line.substring(UNAVAILABLE.length()) : null;
  }

  /** Returns the line that says what computes. */
  static String about(String what) {
    return ABOUT + what;
  }

  /** Returns what computes, or null if the line is another. */
  static String whatComputes(String line) {
    return line.startsWith(ABOUT) ? line.substring(ABOUT.length()) : null;
  }
}
