package fathom.lab;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Rows;
import fathom.kernel.Engine;
import fathom.lab.Cell.Norm;
import fathom.lab.Cell.Skip;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Clipping;
import fathom.optim.Method;
import fathom.train.Trainer;
import fathom.train.TrainingDivergedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * How often {@link Preflight} is right: networks drawn at random, foretold, and then trained.
 *
 * <p>Depth is 2 to 60, evenly in its logarithm; width 16 to 128; all activations; initializers that
 * suit and such that do not; norms and residual blocks, or neither; plain gradient descent at rates
 * from 0.01 to 0.3. A network trains if it does away with a quarter of the loss of the best
 * constant answer within the steps. Equal seeds draw equal networks.
 */
public final class PreflightStudy {
  private static final int DEEPEST = 60;
  private static final int[] WIDTHS = {16, 32, 64, 128};
  private static final float[] RATES = {0.01f, 0.03f, 0.1f, 0.1f, 0.3f};
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

  private final Rows rows;
  private final Loss loss = Loss.SOFTMAX_CROSS_ENTROPY;
  private final int steps;
  private final int batch;

  /**
   * A network, what was foretold of it, and what became of it.
   *
   * @param learnt the share of a constant answer's loss that it did away with
   * @param trains whether that is enough
   */
  public record Case(Cell cell, Preflight foretold, double learnt, boolean trains) {
    /** Returns whether it came as foretold. */
    public boolean isRight() {
      return foretold.trains() == trains;
    }

    /** Returns the network, the words, and the numbers behind them. */
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%s: foretold %s (learning %.3g, loss %.3g to %.3g at once), did away with %.2g of the"
              + " loss",
          cell,
          Cell.word(foretold.outcome()),
          foretold.learning(),
          foretold.step().loss(),
          foretold.step().after(),
          learnt);
    }
  }

  /** Prepares a study on rows of classes, with {@value #STEPS} steps of {@value #BATCH} rows. */
  public PreflightStudy(Rows rows) {
    this(rows, STEPS, BATCH);
  }

  PreflightStudy(Rows rows, int steps, int batch) {
    this.rows = rows;
    this.steps = steps;
    this.batch = batch;
  }

  /** Draws a network. */
  static Cell draw(long seed, int number) {
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
    return new Cell(
        depth,
        width,
        f,
        init,
        gain,
        0,
        norm < 0.6 ? Norm.NONE : norm < 0.8 ? Norm.BATCH : Norm.LAYER,
        skip < 0.7 ? Skip.NONE : skip < 0.85 ? Skip.SCALED : Skip.PLAIN,
        Method.SGD,
        RATES[random.nextInt(RATES.length)],
        random.nextInt(1 << 20));
  }

  /**
   * Foretells and trains networks.
   *
   * @param seed draws them
   * @param listener sees each as it is done
   */
  public List<Case> run(Engine engine, long seed, int count, Consumer<Case> listener) {
    List<Case> cases = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Case done = run(engine, draw(seed, i));
      cases.add(done);
      listener.accept(done);
    }
    return cases;
  }

  private Case run(Engine engine, Cell cell) {
    int inputs = rows.dataset().features();
    int outputs = rows.dataset().outputs();
    try (Network network = cell.network(engine, inputs, outputs)) {
      Preflight foretold =
          Preflight.of(network, rows, loss, cell.optimizer(), Clipping.none(), steps);
      double learnt = train(network, cell);
      return new Case(cell, foretold, learnt, learnt >= Judge.LEARNT);
    }
  }

  private double train(Network network, Cell cell) {
    double[] losses = new double[steps];
    int done = 0;
    try (Trainer trainer = new Trainer(network, loss, cell.optimizer())) {
      for (int epoch = 1; done < steps; epoch++) {
        try (Batches.Iteration batches = rows.batches(batch, cell.seed(), epoch).iterator()) {
          while (done < steps && batches.hasNext()) {
            Batch next = batches.next();
            losses[done] = trainer.step(next);
            done++;
          }
        }
      }
    } catch (TrainingDivergedException e) {
      return Double.NEGATIVE_INFINITY;
    }
    return new LossCurve(Math.log(rows.dataset().classes()), Arrays.copyOf(losses, done)).learnt();
  }
}
