package fathom.lab.preflight;

import fathom.data.Dataset;
import fathom.data.Rows;
import fathom.data.Task;
import fathom.engine.Engine;
import fathom.lab.stress.GridCell;
import fathom.lab.stress.GridCell.Skip;
import fathom.lab.stress.Judge;
import fathom.lab.stress.ShortTraining;
import fathom.lab.theory.Criticality;
import fathom.nn.Activation;
import fathom.nn.HiddenLayers.Norm;
import fathom.nn.Network;
import fathom.optim.Clipping;
import fathom.optim.Method;
import fathom.train.Trainer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * How often {@link Preflight} is right: networks drawn at random, foretold, and then trained.
 *
 * <p>Depth is 2 to 60, evenly in its logarithm; width 16 to 128; all activations; initializers that
 * suit and such that do not; norms and residual blocks, or neither; plain gradient descent at rates
 * from 0.01 to 0.3, or another method at rates around its usual one. A network trains if it does
 * away with a quarter of the loss of the best constant answer within the steps. Equal seeds draw
 * equal networks.
 */
public final class PreflightStudy {
  private static final int DEEPEST = 60;
  private static final int[] WIDTHS = {16, 32, 64, 128};

  /** Of a method's usual rate. */
  private static final double[] RATES = {0.1, 0.3, 1, 1, 3};

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
  private static final String[] INITIALIZERS = {
    "recommended", "critical", "critical", "xavier_uniform", "xavier_uniform(4)", "he_normal",
    "lecun_normal", "orthogonal", "pytorch", "normal(1)", "normal(0.05)", "he_normal(1.5)"
  };

  /** Some ten passes over the digits. */
  private static final int STEPS = 400;

  private static final int BATCH = 32;

  /** Seeds of networks are below this. */
  private static final int SEEDS = 1 << 20;

  /** What the seed of the rows' order is moved by in the second training. */
  private static final long AGAIN = 2L * SEEDS;

  private final ShortTraining training;
  private final Method method;

  /**
   * A network, what was foretold of it, and what became of it.
   *
   * @param cell the network, and how it learns
   * @param foretold before it was trained
   * @param learnt the share of a constant answer's loss that it did away with
   * @param again the same where the same network, from the same weights, saw the rows in another
   *     order
   */
  public record Case(GridCell cell, Preflight foretold, double learnt, double again) {
    /** Returns whether it learnt enough. */
    public boolean trains() {
      return learnt >= Judge.LEARNT;
    }

    /** Returns whether it did so in one order of the rows and not in the other. */
    public boolean flips() {
      return trains() != again >= Judge.LEARNT;
    }

    /** Returns whether it came as foretold. */
    public boolean isRight() {
      return foretold.trains() == trains();
    }

    /** Returns the network, the words, and the numbers behind them. */
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%s: foretold %s (learning %.3g), did away with %.2g of the loss, %.2g in another order",
          cell,
          foretold.outcome().name().toLowerCase(Locale.ROOT),
          foretold.learning(),
          learnt,
          again);
    }
  }

  /**
   * Prepares a study on rows of classes, with {@value #STEPS} steps of {@value #BATCH} rows by a
   * method.
   *
   * @throws IllegalArgumentException if the rows have no labels
   */
  public PreflightStudy(Rows rows, Method method) {
    this(rows, method, STEPS, BATCH);
  }

  PreflightStudy(Rows rows, Method method, int steps, int batch) {
    if (rows.dataset().task() != Task.CLASSIFICATION) {
      throw new IllegalArgumentException("a study needs rows with labels");
    }
    training = ShortTraining.on(rows, steps, batch);
    this.method = method;
  }

  /** Draws a network. */
  static GridCell draw(Method method, long seed, int number) {
    SplittableRandom random = new SplittableRandom(seed * 1_000_003 + number);
    int depth = (int) Math.round(2 * Math.pow(DEEPEST / 2.0, random.nextDouble()));
    int width = WIDTHS[random.nextInt(WIDTHS.length)];
    Activation f = Activation.named(ACTIVATIONS[random.nextInt(ACTIVATIONS.length)]);
    String init = INITIALIZERS[random.nextInt(INITIALIZERS.length)];
    double gain = 1;
    if (init.equals("critical")) {
      init = random.nextBoolean() ? "lecun_normal" : "orthogonal";
      gain = Criticality.of(f).gain();
    }
    double norm = random.nextDouble();
    double skip = random.nextDouble();
    return new GridCell(
        depth,
        width,
        f,
        init,
        gain,
        0,
        norm < 0.6 ? Norm.NONE : norm < 0.8 ? Norm.BATCH : Norm.LAYER,
        skip < 0.7 ? Skip.NONE : skip < 0.85 ? Skip.SCALED : Skip.PLAIN,
        method,
        rate(method, RATES[random.nextInt(RATES.length)]),
        random.nextInt(SEEDS));
  }

  private static float rate(Method method, double factor) {
    return (float) (Double.parseDouble(Float.toString(method.rate())) * factor);
  }

  /**
   * Foretells and trains networks.
   *
   * @param seed draws them
   * @param listener sees each as it is done
   */
  public List<Case> run(Engine engine, long seed, int count, Consumer<Case> listener) {
    return run(engine, seed, count, null, listener);
  }

  /**
   * Foretells networks and trains those of them that a file does not know yet; it is told of them.
   *
   * @param seed draws them
   * @param outcomes what became of networks in earlier studies, started if it is not there; null
   *     for no file
   * @param listener sees each as it is done
   * @throws fathom.data.DataException if the file is of other rows or steps, or is none of these
   * @throws java.io.UncheckedIOException if it cannot be read or written
   */
  public List<Case> run(
      Engine engine, long seed, int count, Path outcomes, Consumer<Case> listener) {
    StudyFile file = outcomes == null ? null : new StudyFile(outcomes, setup());
    List<Case> cases = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Case done = run(engine, draw(method, seed, i), file);
      cases.add(done);
      listener.accept(done);
    }
    return cases;
  }

  private String setup() {
    return String.format(
        Locale.ROOT,
        "%d rows, checksum %08x, %d steps of %d",
        training.rows().size(),
        training.rows().checksum(),
        training.steps(),
        training.batch());
  }

  private Case run(Engine engine, GridCell cell, StudyFile file) {
    Preflight foretold;
    try (Network network = network(engine, cell)) {
      foretold =
          Preflight.of(
              network,
              training.rows(),
              training.loss(),
              cell.optimizer(),
              Clipping.none(),
              training.steps());
    }
    double[] learnt = file == null ? null : file.learnt(cell);
    if (learnt == null) {
      learnt = new double[] {learnt(engine, cell, 0), learnt(engine, cell, AGAIN)};
      if (file != null) {
        file.append(cell, learnt);
      }
    }
    return new Case(cell, foretold, learnt[0], learnt[1]);
  }

  private Network network(Engine engine, GridCell cell) {
    Dataset data = training.rows().dataset();
    return cell.network(engine, data.features(), data.outputs());
  }

  /** Trains, with another order of the rows for each number that moves their seed. */
  private double learnt(Engine engine, GridCell cell, long moved) {
    try (Network network = network(engine, cell);
        Trainer trainer = new Trainer(network, training.loss(), cell.optimizer())) {
      ShortTraining.Result trained = training.run(trainer, cell.seed() + moved, () -> false);
      return trained.diverged() == null ? trained.curve().learnt() : Double.NEGATIVE_INFINITY;
    }
  }
}
