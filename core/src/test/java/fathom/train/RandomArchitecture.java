package fathom.train;

import fathom.matrix.Matrix;
import fathom.nn.Network;
import java.util.Random;

/**
 * An architecture drawn at random, in the words of {@link Network#architecture}: layers of all
 * kinds, of which products are cut into several blocks or one, blocks in blocks, activations and
 * norms in front of branches and behind them.
 */
final class RandomArchitecture {
  private static final int[] WIDTHS = {24, 40, 64, 96, 100, 128, 160, 200, 256, 333, 512};
  private static final String[] ACTIVATIONS = {
    "identity",
    "logistic",
    "tanh",
    "relu",
    "leaky_relu",
    "prelu",
    "elu",
    "selu",
    "gelu",
    "gelu_tanh",
    "silu",
    "softplus",
    "softsign",
    "hardtanh",
    "hardsigmoid",
    "hardswish",
    "mish"
  };

  /** What leaves whole numbers whole. */
  private static final String[] EXACT = {"identity", "relu", "hardtanh"};

  /** Where batch norms are. */
  private enum Norms {
    NONE,
    LAYER,
    /** Behind sums only, so that all can be folded. */
    BATCH,
    ANY
  }

  private final Random random;
  private final boolean exact;
  private final Norms norms;
  private final boolean noise;
  private final StringBuilder text = new StringBuilder();
  private int width;
  private int products;
  private int depth;

  /** Draws an architecture; about each third has numbers that are exact in float32. */
  RandomArchitecture(Random random) {
    this.random = random;
    exact = random.nextInt(3) == 0;
    norms = exact ? Norms.NONE : Norms.values()[random.nextInt(Norms.values().length)];
    noise = random.nextInt(3) == 0;
    products = exact ? 8 : 6;
    if (random.nextInt(4) == 0) {
      sequence();
    } else {
      width = width();
      text.append(width);
    }
    do {
      layer();
    } while (products > 1 && random.nextInt(6) != 0);
    if (random.nextInt(4) != 0) {
      dense(5, "identity");
    }
  }

  private void sequence() {
    int features = 2 + random.nextInt(12);
    text.append(2 + random.nextInt(3)).append('x').append(features);
    int count = 1 + random.nextInt(2);
    for (int i = 0; i < count; i++) {
      // Their weights are orthogonal at first, which takes long where there are many.
      width = Math.min(160, width());
      String kind = exact ? "rnn" : new String[] {"rnn", "gru", "lstm"}[random.nextInt(3)];
      String f = exact || random.nextBoolean() ? "relu" : "tanh";
      word(kind + (kind.equals("rnn") ? ":" + f : "") + ":" + width);
      if (i + 1 < count && random.nextBoolean()) {
        layer();
      }
    }
  }

  private int width() {
    return WIDTHS[random.nextInt(WIDTHS.length)];
  }

  private String activation() {
    String[] names = exact ? EXACT : ACTIVATIONS;
    return random.nextInt(4) == 0 ? "identity" : names[random.nextInt(names.length)];
  }

  private void word(String word) {
    text.append(' ').append(word);
  }

  private void dense(int units, String activation) {
    boolean sum = norms == Norms.BATCH && units != 5 && random.nextBoolean();
    word(
        units + ":" + (sum ? "identity" : activation) + (random.nextInt(5) == 0 ? ":no_bias" : ""));
    if (sum) {
      word("batch_norm:" + activation + ":0.1:1.0E-5");
    }
    width = units;
    products--;
  }

  private void layer() {
    switch (random.nextInt(depth == 0 ? 8 : 6)) {
      case 0, 1 -> between();
      case 2, 3, 4 -> block();
      case 5 -> dense(depth == 0 ? width() : width, activation());
      default -> dense(width(), activation());
    }
  }

  /** What has no product. */
  private void between() {
    int kind = random.nextInt(3);
    if (kind == 0 && noise) {
      word(
          new String[] {"dropout:0.3", "alpha_dropout:0.2", "noise:0.5", "dropout:0.0"}
              [random.nextInt(4)]);
    } else if (kind == 1 && (norms == Norms.LAYER || norms == Norms.ANY)) {
      word("layer_norm:" + activation() + ":1.0E-5");
    } else if (kind == 1 && norms == Norms.ANY) {
      word("batch_norm:" + activation() + ":0.1:1.0E-5");
    } else {
      word("activation:" + activation());
    }
  }

  private void block() {
    int outer = width;
    depth++;
    word("[");
    if (random.nextInt(3) == 0) {
      between();
    }
    int count = 1 + random.nextInt(3);
    for (int i = 1; i < count; i++) {
      dense(width(), activation());
    }
    if (depth < 3 && random.nextInt(3) == 0) {
      block();
    }
    if (width != outer || random.nextInt(8) != 0) {
      dense(outer, activation());
    } else {
      between();
    }
    if (random.nextInt(4) == 0) {
      between();
    }
    depth--;
    word("]:" + new String[] {"1.0", "0.5", "-1.0"}[random.nextInt(3)]);
  }

  /** Returns the words. */
  @Override
  public String toString() {
    return text.toString();
  }

  /**
   * Draws parameters: a few weights of each unit, so that signals keep their size and bounds do not
   * outgrow them, whole numbers where all is to be exact.
   */
  void draw(Network network) {
    network.parameters().segment().fill((byte) 0);
    network
        .parameters()
        .matrices()
        .forEach((name, m) -> draw(m, m.cols() == 1, name.contains("weight_hh") ? 2 : 4));
    network
        .statistics()
        .matrices()
        .forEach(
            (name, m) -> {
              for (int r = 0; r < m.rows(); r++) {
                double z = random.nextGaussian();
                m.set(r, 0, (float) (name.endsWith("var") ? Math.exp(0.5 * z) : 0.3 * z));
              }
            });
  }

  private void draw(Matrix m, boolean vector, int terms) {
    for (int r = 0; r < m.rows(); r++) {
      for (int i = 0; i < (vector ? 1 : terms); i++) {
        double z = exact ? random.nextInt(3) - 1 : random.nextGaussian() / (vector ? 2 : 2.0);
        m.set(r, random.nextInt(m.cols()), (float) (vector && !exact ? 0.5 + z : z));
      }
    }
  }

  /** Draws rows of inputs. */
  float[][] rows(int count, int cols) {
    float[][] x = new float[count][cols];
    for (float[] row : x) {
      for (int c = 0; c < cols; c++) {
        row[c] = (float) (exact ? random.nextInt(7) - 3 : random.nextGaussian());
      }
    }
    return x;
  }

  /** Returns whether training is as inference: nothing is drawn, and no batch's mean is taken. */
  boolean isQuiet() {
    return !toString().matches(".*(dropout:0\\.[1-9]|noise|batch_norm).*");
  }
}
