package fathom.train;

import java.util.StringJoiner;

/**
 * Lists of numbers as text for metadata: the shortest decimals that are read as the same bits, with
 * a space between two; no number is no text.
 */
final class Numbers {
  private Numbers() {}

  static String text(float[] values) {
    StringJoiner text = new StringJoiner(" ");
    for (float value : values) {
      text.add(Float.toString(value));
    }
    return text.toString();
  }

  static String text(double[] values) {
    StringJoiner text = new StringJoiner(" ");
    for (double value : values) {
      text.add(Double.toString(value));
    }
    return text.toString();
  }

  /**
   * Reads what {@link #text(float[])} wrote.
   *
   * @throws NumberFormatException if a word is no number
   */
  static float[] floats(String text) {
    String[] words = words(text);
    float[] values = new float[words.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.parseFloat(words[i]);
    }
    return values;
  }

  /**
   * Reads what {@link #text(double[])} wrote.
   *
   * @throws NumberFormatException if a word is no number
   */
  static double[] doubles(String text) {
    String[] words = words(text);
    double[] values = new double[words.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Double.parseDouble(words[i]);
    }
    return values;
  }

  private static String[] words(String text) {
    return text.isEmpty() ? new String[0] : text.split(" ", -1);
  }
}
