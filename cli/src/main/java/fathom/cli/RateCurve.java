package fathom.cli;

import fathom.train.RateRange;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The curve of a range test as SVG: losses over the logarithm of the rate. */
final class RateCurve {
  private static final int WIDTH = 720;
  private static final int HEIGHT = 400;
  private static final int LEFT = 72;
  private static final int RIGHT = 24;
  private static final int TOP = 48;
  private static final int BOTTOM = 56;
  private static final int GRID = 4;
  private static final String INK = "#1b2a41";
  private static final String LINES = "#e3e8ef";
  private static final String PALE = "#9cc3d1";
  private static final String STRONG = "#1f6f8b";
  private static final String MARK = "#b3541e";

  private final RateRange range;
  private final List<RateRange.Point> points;
  private final double first;
  private final double last;
  private double low = Double.POSITIVE_INFINITY;
  private double high = Double.NEGATIVE_INFINITY;

  /**
   * @param range a test with at least one point
   */
  RateCurve(RateRange range) {
    this.range = range;
    points = range.points();
    double start = Math.log10(points.getFirst().rate());
    double end = Math.log10(points.getLast().rate());
    first = start;
    last = end > start ? end : start + 1;
    for (RateRange.Point point : points) {
      low = Math.min(low, Math.min(point.loss(), point.smoothed()));
      high = Math.max(high, point.smoothed());
    }
    double margin = high > low ? (high - low) / 20 : Math.max(1, Math.abs(high)) / 20;
    low -= margin;
    high += margin;
  }

  void write(PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
            + " font-size=\"12\" fill=\"%s\">%n",
        WIDTH,
        HEIGHT,
        INK);
    out.printf(
        Locale.ROOT,
        "<title>Loss over learning rate, range test of %d steps</title>%n",
        points.size());
    out.printf(Locale.ROOT, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>%n", WIDTH, HEIGHT);
    writeGrid(out);
    // A single batch may lie above what the smoothed curve needs; it is drawn at the edge.
    line(out, PALE, 1, RateRange.Point::loss);
    line(out, STRONG, 2.5, RateRange.Point::smoothed);
    range.steepest().ifPresent(rate -> writeMark(out, rate));
    out.printf(
        Locale.ROOT,
        "<text x=\"%d\" y=\"24\" font-weight=\"bold\">Loss over learning rate</text>%n",
        LEFT);
    out.printf(
        Locale.ROOT,
        "<text x=\"%d\" y=\"24\" text-anchor=\"end\"><tspan fill=\"%s\">each batch</tspan>"
            + " <tspan fill=\"%s\">smoothed</tspan></text>%n",
        WIDTH - RIGHT,
        PALE,
        STRONG);
    out.printf(
        Locale.ROOT,
        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">learning rate</text>%n",
        (LEFT + WIDTH - RIGHT) / 2,
        HEIGHT - 14);
    out.printf(Locale.ROOT, "</svg>%n");
  }

  private void writeGrid(PrintWriter out) {
    for (int i = 0; i <= GRID; i++) {
      double loss = low + (high - low) * i / GRID;
      out.printf(
          Locale.ROOT,
          "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>%n",
          LEFT,
          WIDTH - RIGHT,
          y(loss),
          y(loss),
          LINES);
      out.printf(
          Locale.ROOT,
          "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>%n",
          LEFT - 8,
          y(loss) + 4,
          loss);
    }
    for (int decade = (int) Math.ceil(first); decade <= last; decade++) {
      double x = x(Math.pow(10, decade));
      out.printf(
          Locale.ROOT,
          "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"%s\"/>%n",
          x,
          x,
          TOP,
          HEIGHT - BOTTOM,
          LINES);
      out.printf(
          Locale.ROOT,
          "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">1e%d</text>%n",
          x,
          HEIGHT - BOTTOM + 18,
          decade);
    }
  }

  private void writeMark(PrintWriter out, double rate) {
    double x = x(rate);
    out.printf(
        Locale.ROOT,
        "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-dasharray=\"4 3\"/>%n",
        x,
        x,
        TOP,
        HEIGHT - BOTTOM,
        MARK);
    boolean left = x > (LEFT + WIDTH - RIGHT) / 2.0;
    out.printf(
        Locale.ROOT,
        "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" fill=\"%s\">steepest at %.3g</text>%n",
        left ? x - 6 : x + 6,
        HEIGHT - BOTTOM - 8,
        left ? "end" : "start",
        MARK,
        rate);
  }

  private void line(
      PrintWriter out, String colour, double width, ToDoubleFunction<RateRange.Point> loss) {
    StringBuilder text = new StringBuilder();
    for (RateRange.Point point : points) {
      text.append(
          String.format(Locale.ROOT, " %.1f,%.1f", x(point.rate()), y(loss.applyAsDouble(point))));
    }
    out.printf(
        Locale.ROOT,
        "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" points=\"%s\"/>%n",
        colour,
        width,
        text.toString().strip());
  }

  private double x(double rate) {
    return LEFT + (WIDTH - RIGHT - LEFT) * (Math.log10(rate) - first) / (last - first);
  }

  private double y(double loss) {
    double clamped = Math.max(low, Math.min(high, loss));
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (clamped - low) / (high - low);
  }
}
