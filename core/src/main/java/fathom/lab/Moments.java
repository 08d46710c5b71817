package fathom.lab;

import fathom.matrix.Matrix;

/** Mean, variance and mean square of many numbers. Immutable. */
record Moments(double mean, double variance) {
  static Moments of(float[][] numbers) {
    double sum = 0;
    double squares = 0;
    long count = 0;
    for (float[] row : numbers) {
      for (float x : row) {
        sum += x;
        squares += (double) x * x;
      }
      count += row.length;
    }
    double mean = sum / count;
    return new Moments(mean, Math.max(0, squares / count - mean * mean));
  }

  static Moments of(Matrix numbers) {
    return of(numbers.toArray());
  }

  double meanSquare() {
    return variance + mean * mean;
  }
}
