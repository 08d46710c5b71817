package fathom.lab.papers;

import java.util.Locale;

/**
 * A published result beside ours, and whether the two agree.
 *
 * @param what is measured
 * @param published what the paper says
 * @param ours what came out here
 * @param wanted what ours has to be to count as the same
 * @param holds whether it is
 * @param reason why not, as far as known; null without
 */
public record ResultCheck(
    String what, String published, String ours, String wanted, boolean holds, String reason) {

  /** Compares two numbers by their distance. */
  static ResultCheck near(String what, double published, double ours, double tolerance) {
    return that(
        what,
        number(published),
        number(ours),
        "± " + number(tolerance),
        Math.abs(ours - published) <= tolerance);
  }

  /** Wants a number between two others. */
  static ResultCheck between(String what, String published, double ours, double low, double high) {
    return that(
        what,
        published,
        number(ours),
        number(low) + " to " + number(high),
        ours >= low && ours <= high);
  }

  /** Wants a number of at least a limit. */
  static ResultCheck atLeast(String what, String published, double ours, double limit) {
    return that(what, published, number(ours), "at least " + number(limit), ours >= limit);
  }

  /** Wants a number of at most a limit. */
  static ResultCheck atMost(String what, String published, double ours, double limit) {
    return that(what, published, number(ours), "at most " + number(limit), ours <= limit);
  }

  /** Wants something that words tell, such as an order. */
  static ResultCheck that(
      String what, String published, String ours, String wanted, boolean holds) {
    return new ResultCheck(what, published, ours, wanted, holds, null);
  }

  /** Returns the same with what is known of why it came out otherwise; of no effect if it holds. */
  ResultCheck because(String why) {
    return holds ? this : new ResultCheck(what, published, ours, wanted, false, why);
  }

  /** Returns a number as people write it, to four digits. */
  static String number(double x) {
    if (x == Math.rint(x) && Math.abs(x) < 1e6) {
      return Long.toString((long) x);
    }
    double size = Math.abs(x);
    if (!(size >= 1e-3 && size < 1e6)) {
      return String.format(Locale.ROOT, "%.2e", x);
    }
    int digits = Math.max(0, 3 - (int) Math.floor(Math.log10(size)));
    String text = String.format(Locale.ROOT, "%." + digits + "f", x);
    return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
  }
}
