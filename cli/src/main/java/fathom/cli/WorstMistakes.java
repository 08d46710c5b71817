package fathom.cli;

import fathom.data.Batch;
import fathom.data.Rows;
import fathom.matrix.Matrix;
import fathom.nn.Network;
import fathom.train.Evaluation;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;

/** The rows of images of whose wrong class a network is most certain. */
final class WorstMistakes {
  private static final int MOST = 24;
  private static final int BATCH = 256;
  private static final int WHITE = 255;

  /**
   * A row that was taken for another class.
   *
   * @param row its number in the dataset, from 0
   * @param share softmax's share of the class that was found
   * @param pixels a byte each in base 64, the row's least number black and its largest white
   */
  record Mistake(int row, int truth, int found, double share, String pixels) {}

  private WorstMistakes() {}

  /** Predicts all rows; returns the worst, the worst first. */
  static List<Mistake> of(Network network, Rows rows) {
    List<Mistake> worst = new ArrayList<>();
    try (Arena arena = Arena.ofShared()) {
      Matrix y = Matrix.allocate(arena, BATCH, network.outputs());
      int done = 0;
      for (Batch batch : rows.batchesInOrder(BATCH)) {
        Matrix outputs = y.rows(0, batch.size());
        network.predict(batch.inputs(), outputs);
        for (int i = 0; i < batch.size(); i++) {
          int truth = batch.labels().getAtIndex(ValueLayout.JAVA_INT, i);
          int found = Evaluation.largest(outputs, i);
          double share = share(outputs, i, found);
          if (found != truth && (worst.size() < MOST || share > worst.getLast().share())) {
            String pixels = pixels(batch.inputs(), i);
            worst.add(new Mistake(rows.row(done + i), truth, found, share, pixels));
            worst.sort(Comparator.comparingDouble(Mistake::share).reversed());
            worst.subList(Math.min(MOST, worst.size()), worst.size()).clear();
          }
        }
        done += batch.size();
      }
    }
    return worst;
  }

  private static double share(Matrix outputs, int row, int found) {
    double sum = 0;
    for (int k = 0; k < outputs.cols(); k++) {
      sum += Math.exp((double) outputs.get(row, k) - outputs.get(row, found));
    }
    return 1 / sum;
  }

  private static String pixels(Matrix inputs, int row) {
    float low = Float.POSITIVE_INFINITY;
    float high = Float.NEGATIVE_INFINITY;
    for (int c = 0; c < inputs.cols(); c++) {
      low = Math.min(low, inputs.get(row, c));
      high = Math.max(high, inputs.get(row, c));
    }
    byte[] pixels = new byte[inputs.cols()];
    float range = high > low ? high - low : 1;
    for (int c = 0; c < pixels.length; c++) {
      pixels[c] = (byte) Math.round(WHITE * (inputs.get(row, c) - low) / range);
    }
    return Base64.getEncoder().encodeToString(pixels);
  }
}
