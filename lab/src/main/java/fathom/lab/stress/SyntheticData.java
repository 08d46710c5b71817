package fathom.lab.stress;

import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import java.lang.foreign.Arena;
import java.util.Random;

/**
 * Data without a source: standard normal inputs with the classes that a teacher network gives them,
 * which can be learnt, or with classes at random, which can only be remembered.
 */
public final class SyntheticData {
  private static final int TEACHER_UNITS = 64;

  private SyntheticData() {}

  /**
   * Labels rows by the largest output of a random network with one hidden layer of {@value
   * #TEACHER_UNITS} tanh units. Equal arguments give equal data.
   *
   * @throws IllegalArgumentException if a number is not positive
   */
  public static Dataset teacher(Engine engine, int rows, int features, int classes, long seed) {
    require(rows, features, classes);
    float[][] x = inputs(rows, features, seed);
    int[] labels = new int[rows];
    Initializer spread = Initializer.LECUN_NORMAL.gain(2);
    try (Network teacher =
            Network.input(features)
                .dense(TEACHER_UNITS, Activation.TANH, spread)
                .dense(classes, Activation.IDENTITY, spread)
                .seed(seed)
                .engine(engine)
                .build();
        Arena arena = Arena.ofShared()) {
      Matrix y = Matrix.allocate(arena, rows, classes);
      teacher.predict(Matrix.of(arena, x), y);
      float[][] outputs = y.toArray();
      for (int i = 0; i < rows; i++) {
        for (int k = 1; k < classes; k++) {
          labels[i] = outputs[i][k] > outputs[i][labels[i]] ? k : labels[i];
        }
      }
    }
    return Dataset.ofLabels(x, labels, classes);
  }

  /**
   * Labels rows at random. Equal arguments give equal data.
   *
   * @throws IllegalArgumentException if a number is not positive
   */
  public static Dataset noise(int rows, int features, int classes, long seed) {
    require(rows, features, classes);
    Random random = new Random(~seed);
    return Dataset.ofLabels(
        inputs(rows, features, seed), random.ints(rows, 0, classes).toArray(), classes);
  }

  private static void require(int rows, int features, int classes) {
    if (rows < 1 || features < 1 || classes < 1) {
      throw new IllegalArgumentException(
          String.format(
              "synthetic data need rows, features and classes, not %d, %d and %d",
              rows, features, classes));
    }
  }

  private static float[][] inputs(int rows, int features, long seed) {
    Random random = new Random(seed);
    float[][] x = new float[rows][features];
    for (float[] row : x) {
      for (int j = 0; j < features; j++) {
        row[j] = (float) random.nextGaussian();
      }
    }
    return x;
  }
}
