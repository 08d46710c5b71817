package fathom.lab.papers;

import java.util.Arrays;
import java.util.List;

/** What a page draws. */
public sealed interface Figure {
  /** Returns what is shown, in a line. */
  String title();

  private static List<Double> list(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  /**
   * A line through points.
   *
   * @param x ascending
   * @param y as many; NaN where there is none
   */
  record Curve(String name, List<Double> x, List<Double> y) {
    static Curve of(String name, double[] x, double[] y) {
      return new Curve(name, list(x), list(y));
    }

    /** A curve over 1, 2, 3, …, as layers and epochs are counted. */
    static Curve counted(String name, double[] y) {
      double[] x = new double[y.length];
      for (int i = 0; i < x.length; i++) {
        x[i] = i + 1;
      }
      return of(name, x, y);
    }
  }

  /**
   * Curves over one axis.
   *
   * @param logarithmic whether equal factors of y are equal lengths
   */
  record Chart(String title, String xLabel, String yLabel, boolean logarithmic, List<Curve> curves)
      implements Figure {}

  /**
   * A colour for each pair of x and y.
   *
   * @param values a row for each y, with a number for each x; NaN where there is none
   * @param low the value that is drawn palest
   * @param high the value that is drawn darkest
   * @param lines curves over the map, in its units
   */
  record Heat(
      String title,
      String xLabel,
      String yLabel,
      List<Double> x,
      List<Double> y,
      List<List<Double>> values,
      double low,
      double high,
      List<Curve> lines)
      implements Figure {
    /** Returns a map whose colours go from 0 to 1. */
    static Heat ofShares(
        String title,
        String xLabel,
        String yLabel,
        double[] x,
        double[] y,
        double[][] values,
        List<Curve> lines) {
      List<List<Double>> rows = Arrays.stream(values).map(Figure::list).toList();
      return new Heat(title, xLabel, yLabel, list(x), list(y), rows, 0, 1, lines);
    }
  }
}
