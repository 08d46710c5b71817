package fathom.train;

import fathom.data.Augmentation;
import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.AdaDelta;
import fathom.optim.AdaGrad;
import fathom.optim.AdaMax;
import fathom.optim.Adam;
import fathom.optim.AdamW;
import fathom.optim.Clipping;
import fathom.optim.Constraint;
import fathom.optim.Lion;
import fathom.optim.Nadam;
import fathom.optim.Optimizer;
import fathom.optim.Plateau;
import fathom.optim.RAdam;
import fathom.optim.RmsProp;
import fathom.optim.Schedule;
import fathom.optim.Sgd;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Fifty steps of a small network whose bits are kept. Between them the trainings have all kinds of
 * layers, activations, initializers, losses and optimizers, and what may be set beside them.
 */
final class PinnedTraining {
  static final int IN = 24;
  static final int OUT = 5;
  static final int STEPS = 50;
  private static final int ROWS = 90;
  private static final int BATCH = 32;
  private static final long SEED = 7;

  final String name;
  private final NetworkBuilder builder;
  private final Loss loss;
  private final Optimizer optimizer;
  private Consumer<Network> prepare = network -> {};
  private Consumer<Trainer> settings = trainer -> {};
  private UnaryOperator<Batches> batches = all -> all;

  private PinnedTraining(String name, NetworkBuilder builder, Loss loss, Optimizer optimizer) {
    this.name = name;
    this.builder = builder.seed(SEED);
    this.loss = loss;
    this.optimizer = optimizer;
  }

  private PinnedTraining prepare(Consumer<Network> what) {
    prepare = what;
    return this;
  }

  private PinnedTraining set(Consumer<Trainer> what) {
    settings = what;
    return this;
  }

  private PinnedTraining batches(UnaryOperator<Batches> what) {
    batches = what;
    return this;
  }

  static List<PinnedTraining> all() {
    return List.of(
        plain(),
        rectifiers(),
        smooth(),
        selfNormalizing(),
        hard(),
        batchNorm(),
        layerNorm(),
        nested(),
        elman(),
        gru(),
        lstm(),
        wide(),
        images(),
        between());
  }

  private static PinnedTraining plain() {
    return new PinnedTraining(
            "plain",
            Network.input(IN)
                .dense(30, Activation.TANH, Initializer.XAVIER_UNIFORM)
                .dense(29, Activation.SOFTSIGN, Initializer.XAVIER_NORMAL)
                .dense(OUT),
            Loss.SOFTMAX_CROSS_ENTROPY,
            new Sgd(0.1f))
        .set(t -> t.schedule(Schedule.cosine(STEPS, 0.01).warmup(5)));
  }

  private static PinnedTraining rectifiers() {
    return new PinnedTraining(
            "rectifiers",
            Network.input(IN)
                .dense(31, Activation.RELU, Initializer.HE_NORMAL)
                .dense(20, Activation.leakyRelu(0.1f), Initializer.HE_UNIFORM)
                .dense(33, Activation.PRELU, Initializer.HE_NORMAL_FAN_OUT)
                .dense(18, Activation.elu(0.5f), Initializer.HE_UNIFORM_FAN_OUT)
                .dense(OUT),
            Loss.SOFTMAX_CROSS_ENTROPY.labelSmoothing(0.1f),
            new Sgd(0.05f, 0.9f, 0.1f, 1e-3f, false))
        .set(t -> t.clipping(Clipping.byNorm(1)))
        .batches(b -> b.mixed(0.3f));
  }

  private static PinnedTraining smooth() {
    return new PinnedTraining(
            "smooth",
            Network.input(IN)
                .dense(25, Activation.GELU, Initializer.LECUN_UNIFORM)
                .dense(24, Activation.GELU_TANH, Initializer.normal(0.2))
                .dense(23, Activation.SILU, Initializer.uniform(0.3))
                .dense(22, Activation.MISH, Initializer.HE_NORMAL.gain(0.9))
                .dense(OUT),
            Loss.SOFTMAX_CROSS_ENTROPY.classWeights(1, 2, 0.5f, 1, 3),
            new Adam(0.01f))
        .set(t -> t.constraint(Constraint.ofL1(1e-3f)).schedule(Schedule.oneCycle(STEPS)));
  }

  private static PinnedTraining selfNormalizing() {
    return new PinnedTraining(
            "self-normalizing",
            Network.input(IN)
                .dense(40, Activation.SELU, Initializer.LECUN_NORMAL)
                .alphaDropout(0.1)
                .dense(40, Activation.SELU, Initializer.LECUN_NORMAL)
                .dense(OUT),
            Loss.SIGMOID_CROSS_ENTROPY,
            new AdamW(0.01f))
        .set(t -> t.schedule(Schedule.exponential(0.98)));
  }

  private static PinnedTraining hard() {
    return new PinnedTraining(
            "hard",
            Network.input(IN)
                .dropout(0.1)
                .dense(26, Activation.HARD_SWISH)
                .dropout(0.4)
                .dense(27, Activation.HARD_TANH)
                .dense(28, Activation.SOFTPLUS)
                .dense(29, Activation.HARD_SIGMOID)
                .dense(30, Activation.LOGISTIC)
                .dense(OUT, Activation.IDENTITY, Initializer.constant(0.1)),
            Loss.MSE,
            new RmsProp(0.005f, 0.95f, 1e-6f, 0.5f, true, 1e-3f))
        .set(t -> t.constraint(new Constraint(1e-4f, 1)).schedule(Schedule.step(20, 0.5)));
  }

  private static PinnedTraining batchNorm() {
    return new PinnedTraining(
            "batch norm",
            Network.input(IN)
                .dense(34)
                .noBias()
                .batchNorm(Activation.RELU)
                .residual(b -> b.dense(34).noBias().batchNorm(Activation.PRELU).dense(34))
                .batchNorm(Activation.TANH, 0.2f, 1e-4f)
                .dense(OUT),
            Loss.SOFTMAX_CROSS_ENTROPY,
            new Nadam(0.01f))
        .set(t -> t.clipping(Clipping.perTensorByNorm(0.1f)));
  }

  private static PinnedTraining layerNorm() {
    return new PinnedTraining(
            "layer norm",
            Network.input(IN)
                .noise(0.2)
                .dense(35)
                .layerNorm(Activation.GELU)
                .residual(0.5f, b -> b.layerNorm(Activation.IDENTITY).dense(35, Activation.TANH))
                .dense(OUT),
            Loss.huber(0.5f),
            new RAdam(0.02f))
        .set(t -> t.schedule(new Plateau(0.5, 0, 0.1, 0, 0)));
  }

  private static PinnedTraining nested() {
    return new PinnedTraining(
            "nested",
            Network.input(IN)
                .dense(20, Activation.TANH, Initializer.ORTHOGONAL)
                .residual(
                    0.7f,
                    b ->
                        b.dense(21, Activation.SILU)
                            .residual(c -> c.batchNorm(Activation.TANH).dense(21))
                            .dropout(0.2)
                            .dense(20))
                .activation(Activation.SOFTPLUS)
                .residual(b -> b.dense(20))
                .dense(OUT),
            Loss.MAE,
            new Adam(0.01f, 0.8f, 0.99f, 1e-6f, 1e-3f, true))
        .prepare(n -> n.recompute(2));
  }

  private static PinnedTraining elman() {
    return new PinnedTraining(
            "elman",
            Network.sequence(8, 3)
                .rnn(13, Activation.RELU)
                .recurrent(Initializer.identity(0.9))
                .rnn(11)
                .truncate(5)
                .dense(OUT),
            Loss.SOFTMAX_CROSS_ENTROPY,
            Sgd.nesterov(0.05f, 0.9f))
        .set(t -> t.clipping(Clipping.byValue(0.05f)));
  }

  private static PinnedTraining gru() {
    return new PinnedTraining(
            "gru",
            Network.sequence(6, 4).gru(14).layerNorm(Activation.TANH).gru(9).dense(OUT),
            Loss.SOFTMAX_CROSS_ENTROPY,
            new AdaGrad(0.05f))
        .set(t -> t.schedule(Schedule.power(10, 1)));
  }

  private static PinnedTraining lstm() {
    return new PinnedTraining(
            "lstm",
            Network.sequence(8, 3).lstm(12).dropout(0.2).lstm(10).forgetBias(2).dense(OUT),
            Loss.MSE,
            new AdaMax(0.01f))
        .set(t -> t.schedule(Schedule.restarts(10, 2, 0)));
  }

  /** Wide enough for members of a crew to share its products. */
  private static PinnedTraining wide() {
    return new PinnedTraining(
            "wide",
            Network.input(IN)
                .dense(150, Activation.TANH, Initializer.ORTHOGONAL.gain(1.1))
                .dense(140, Activation.RELU, Initializer.ORTHOGONAL.gain(Math.sqrt(2)))
                .dense(140, Activation.GELU, Initializer.identity(1))
                .dense(OUT),
            Loss.SOFTMAX_CROSS_ENTROPY,
            new AdaDelta(1))
        .prepare(n -> n.freeze(1))
        .set(t -> t.layerRates(1, 0.5f, 1, 2));
  }

  private static PinnedTraining images() {
    Augmentation distort =
        Augmentation.images(6, 4).shift(1).rotate(10).scale(0.1f).elastic(2, 2).noise(0.1f);
    return new PinnedTraining(
            "images",
            Network.input(IN)
                .batchNorm(Activation.IDENTITY)
                .dense(64, Activation.RELU)
                .dense(OUT, Activation.IDENTITY, Initializer.ZEROS),
            Loss.SOFTMAX_CROSS_ENTROPY,
            new Lion(0.003f))
        .batches(b -> b.augmented(distort))
        .set(t -> t.constraint(Constraint.ofMaxNorm(0.8f)).keepGradients(true));
  }

  private static PinnedTraining between() {
    return new PinnedTraining(
            "between",
            Network.sequence(4, 6)
                .rnn(12)
                .dense(10, Activation.GELU)
                .dropout(0.1)
                .gru(9)
                .noise(0.05)
                .lstm(8)
                .dense(OUT),
            Loss.HUBER,
            new RmsProp(0.005f))
        .prepare(n -> n.recompute())
        .set(t -> t.detectAnomalies(true));
  }

  /** Trains; who looks at the network at the end gets the losses of all steps beside it. */
  void run(Engine engine, Consumer<Network> look, float[] losses) {
    try (Network network = builder.engine(engine).build();
        Dataset data = data(loss);
        Trainer trainer = new Trainer(network, loss, optimizer)) {
      prepare.accept(network);
      settings.accept(trainer);
      int step = 0;
      for (int epoch = 1; step < STEPS; epoch++) {
        Batches shuffled = batches.apply(data.rows().batches(BATCH, SEED, epoch));
        double sum = 0;
        try (Batches.Iteration iteration = shuffled.iterator()) {
          while (iteration.hasNext() && step < STEPS) {
            Batch batch = iteration.next();
            losses[step] = (float) trainer.step(batch);
            sum += losses[step++] * batch.size();
          }
        }
        if (trainer.schedule() instanceof Plateau plateau) {
          boolean unused = plateau.observe(sum / ROWS);
        }
      }
      look.accept(network);
    }
  }

  /** Draws rows from {@link Random}, whose numbers the JDK specifies to the bit. */
  private static Dataset data(Loss loss) {
    Random random = new Random(SEED);
    float[][] x = new float[ROWS][IN];
    int[] labels = new int[ROWS];
    float[][] targets = new float[ROWS][OUT];
    for (int i = 0; i < ROWS; i++) {
      labels[i] = i % OUT;
      for (int j = 0; j < IN; j++) {
        x[i][j] = (float) random.nextGaussian() + (j % OUT == labels[i] ? 1 : 0);
      }
      for (int k = 0; k < OUT; k++) {
        float t = x[i][k] - x[i][k + OUT] * x[i][k + 2 * OUT];
        targets[i][k] = loss == Loss.SIGMOID_CROSS_ENTROPY ? (t > 0 ? 1 : 0) : t;
      }
    }
    return loss.wantsLabels() ? Dataset.ofLabels(x, labels, OUT) : Dataset.ofTargets(x, targets);
  }
}
