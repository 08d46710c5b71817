package fathom.lab.papers;

import fathom.data.Dataset;
import fathom.data.Idx;
import fathom.engine.Engine;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The apparatus of reproductions: an engine, MNIST where it is at hand, and a listener to their
 * progress. For one thread; {@link #close} frees MNIST and leaves the engine.
 */
public final class Apparatus implements AutoCloseable {
  /**
   * {@code U[-1 / sqrt(n), 1 / sqrt(n)]} with n the fan-in, so that {@code n Var(W) = 1/3}: what
   * Glorot and Bengio (2010, equation 1) call standard, and PyTorch's linear layers draw from.
   */
  static final Initializer STANDARD_OF_2010 = Initializer.LECUN_UNIFORM.gain(Math.sqrt(1 / 3.0));

  private final Engine engine;
  private final Path mnist;
  private final Consumer<String> progress;
  private Idx.Sets sets;

  /**
   * Sets up an apparatus.
   *
   * @param mnist the folder of MNIST's IDX files, or null
   * @param progress who is told, in a few words, what was just done
   */
  public Apparatus(Engine engine, Path mnist, Consumer<String> progress) {
    this.engine = engine;
    this.mnist = mnist;
    this.progress = progress;
  }

  /** Returns what computes. */
  Engine engine() {
    return engine;
  }

  /** Starts the description of a network that this apparatus's engine computes. */
  NetworkBuilder input(int features) {
    return Network.input(features).engine(engine);
  }

  /**
   * Returns a network of alike layers under a linear one, all drawn alike.
   *
   * @param depth the number of hidden layers
   */
  Network plain(
      int inputs,
      int depth,
      int width,
      Activation activation,
      Initializer initializer,
      int outputs,
      long seed) {
    NetworkBuilder builder = input(inputs);
    for (int layer = 0; layer < depth; layer++) {
      builder.dense(width, activation, initializer);
    }
    return builder.dense(outputs, Activation.IDENTITY, initializer).seed(seed).build();
  }

  /** Draws rows of standard normal numbers. */
  Matrix noise(Arena arena, int rows, int cols, long seed) {
    Matrix x = Matrix.allocate(arena, rows, cols);
    Initializer.normal(1).fill(engine, x, cols, rows, seed, 0);
    return x;
  }

  /** Draws the biases of a dense layer, which are 0 unless drawn. */
  void drawBias(Network network, int layer, Initializer initializer, long seed) {
    Matrix bias = network.parameters().get(network.layer(layer).parameterNames().get(1));
    // Streams from 2^32 on are no layer's weights.
    initializer.fill(engine, bias, 1, bias.rows(), seed, (1L << 32) + layer);
  }

  /** Tells how far things are. */
  void say(String words) {
    progress.accept(words);
  }

  /** Returns MNIST's 60,000 rows for training. */
  Dataset mnistTrain() {
    return sets().train();
  }

  /** Returns MNIST's 10,000 rows for the test. */
  Dataset mnistTest() {
    return sets()
        .test()
        .orElseThrow(() -> new IllegalStateException("there is no test set in " + mnist));
  }

  private Idx.Sets sets() {
    if (mnist == null) {
      throw new IllegalStateException("this needs MNIST: name the folder of its files");
    }
    if (sets == null) {
      sets = Idx.readDirectory(mnist);
    }
    return sets;
  }

  @Override
  public void close() {
    if (sets != null) {
      sets.close();
      sets = null;
    }
  }
}
