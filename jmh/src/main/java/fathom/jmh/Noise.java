package fathom.jmh;

import fathom.data.Dataset;
import fathom.matrix.Matrix;
import java.util.Random;

/** Data for benchmarks: classes that can be told apart, so that a loss must fall. */
final class Noise {
  private Noise() {}

  static void fill(Matrix matrix, long seed) {
    Random random = new Random(seed);
    for (int r = 0; r < matrix.rows(); r++) {
      for (int c = 0; c < matrix.cols(); c++) {
        matrix.set(r, c, (float) random.nextGaussian());
      }
    }
  }

  static Dataset dataset(int rows, int features, int classes) {
    Random random = new Random(7);
    float[][] x = new float[rows][features];
    int[] labels = new int[rows];
    for (int i = 0; i < rows; i++) {
      labels[i] = i % classes;
      for (int j = 0; j < features; j++) {
        x[i][j] = (float) random.nextGaussian() * 0.5f + (j % classes == labels[i] ? 1 : 0);
      }
    }
    return Dataset.ofLabels(x, labels, classes);
  }
}
