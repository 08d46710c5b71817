package fathom.cli;

import fathom.data.Batches;
import fathom.data.Rows;
import fathom.nn.Loss;
import fathom.optim.Clipping;
import fathom.optim.Method;
import fathom.optim.Optimizer;
import fathom.optim.RmsProp;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a network learns. */
final class LearningOptions {
  @Option(
      names = "--loss",
      paramLabel = "NAME",
      description =
          "cross_entropy for classes; mse, mae or huber for numbers. cross_entropy or mse unless"
              + " given.")
  private String loss;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      defaultValue = "adam",
      description =
          "sgd, momentum, nesterov, adagrad, rmsprop, adadelta, adam, amsgrad, adamax, nadam, adamw,"
              + " radam or lion; ${DEFAULT-VALUE} unless given.")
  private String optimizer;

  @Option(
      names = "--lr",
      paramLabel = "RATE",
      description =
          "Learning rate before the schedule changes it; 1 for adadelta, 0.1 for sgd, 0.01 for momentum, nesterov, adagrad"
              + " and rmsprop, 0.002 for adamax and nadam, 0.0001 for lion, 0.001 for the others"
              + " unless given.")
  private Float rate;

  @Mixin private final ScheduleOptions schedule = new ScheduleOptions();

  @Option(
      names = "--momentum",
      paramLabel = "M",
      description = "Of momentum and nesterov, 0.9 unless given; of rmsprop, 0 unless given.")
  private Float momentum;

  @Option(
      names = "--centered",
      description =
          "Let rmsprop divide by the gradients' deviation, not by their root mean square.")
  private boolean centered;

  @Option(
      names = "--weight-decay",
      paramLabel = "D",
      description = "L2 penalty, decoupled for adamw and lion; 0, or 0.01 for adamw, unless given.")
  private Float weightDecay;

  @Mixin private ClippingOptions clipping;
  @Mixin private RegularizationOptions regularization;
  @Mixin private AugmentationOptions augmentation;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "32",
      description = "Samples of a step; ${DEFAULT-VALUE} unless given.")
  private int batch;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "20",
      description = "Passes over the data; ${DEFAULT-VALUE} unless given.")
  private int epochs;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Draws the weights, the rows held out and the order of samples; ${DEFAULT-VALUE} unless"
              + " given.")
  private long seed;

  @Option(names = "--no-shuffle", description = "Take the samples in the order of the data.")
  private boolean inOrder;

  int batch() {
    return batch;
  }

  int epochs() {
    return epochs;
  }

  /** Returns how many steps it takes to train on some rows. */
  long steps(Rows rows) {
    return (long) epochs * rows.batchesInOrder(batch).count();
  }

  long seed() {
    return seed;
  }

  /**
   * Checks what can be checked before there are data.
   *
   * @param validated whether there is a validation loss after each epoch
   */
  void check(boolean validated) {
    if (batch < 1) {
      throw new BadInput("--batch must be at least 1, not " + batch);
    }
    if (epochs < 1) {
      throw new BadInput("--epochs must be at least 1, not " + epochs);
    }
    if (loss != null) {
      Loss unusedLoss = Loss.named(loss);
    }
    Optimizer unused = optimizer();
    Clipping unusedClipping = clipping();
    schedule.check(validated);
    schedule.checkStart(startRate());
    regularization.check(validated);
    augmentation.check();
  }

  /** Returns the loss that was asked for, or what suits the data. */
  Loss loss(boolean classes) {
    if (loss == null) {
      return classes ? Loss.SOFTMAX_CROSS_ENTROPY : Loss.MSE;
    }
    Loss named = Loss.named(loss);
    if (named.wantsLabels() != classes || named == Loss.SIGMOID_CROSS_ENTROPY) {
      throw new BadInput(
          String.format(
              "--loss %s does not fit a %s; use %s",
              named,
              classes ? "classification" : "regression",
              classes ? Loss.SOFTMAX_CROSS_ENTROPY : "mse, mae or huber"));
    }
    return named;
  }

  /** Returns the optimizer that was asked for. */
  Optimizer optimizer() {
    return optimizer(startRate());
  }

  /** Returns the same with another rate. */
  Optimizer optimizer(float lr) {
    requireRange("--lr", lr, Float.POSITIVE_INFINITY);
    if (weightDecay != null) {
      requireRange("--weight-decay", weightDecay, Float.POSITIVE_INFINITY);
    }
    if (momentum != null) {
      requireRange("--momentum", momentum, 1);
    }
    Optimizer plain = method().optimizer(lr, momentum, weightDecay);
    if (!centered) {
      return plain;
    }
    if (plain instanceof RmsProp p) {
      return new RmsProp(p.rate(), p.alpha(), p.epsilon(), p.momentum(), true, p.weightDecay());
    }
    throw new BadInput(
        "--centered is for rmsprop, not for " + method().name().toLowerCase(Locale.ROOT));
  }

  /** Returns what becomes of large gradients. */
  Clipping clipping() {
    return clipping.clipping();
  }

  RegularizationOptions regularization() {
    return regularization;
  }

  /** Returns how many copies of the network are kept in training. */
  int copies() {
    return regularization.copies();
  }

  /** Returns the batches of an epoch, in a random order and with their rows varied as asked for. */
  Batches batches(Rows rows, int epoch) {
    Batches batches =
        inOrder ? rows.batchesInOrder(batch).seeded(seed, epoch) : rows.batches(batch, seed, epoch);
    return augmentation.of(batches);
  }

  /** Returns what sets the rate in a training of so many steps. */
  ScheduleOptions.Course rates(long steps) {
    return schedule.start(steps);
  }

  /** Returns all of this on a line. */
  String describe(Loss used) {
    return String.format(
        Locale.ROOT,
        "%s, %s with rate %s (%s)%s%s%s, batches of %d, %d %s, seed %d",
        used,
        (centered ? "centred " : "") + method().name().toLowerCase(Locale.ROOT),
        startRate(),
        schedule.describe(),
        clipping.describe(),
        regularization.describe(),
        augmentation.describe(),
        batch,
        epochs,
        epochs == 1 ? "epoch" : "epochs",
        seed);
  }

  /** Returns the rate before a schedule changes it. */
  float startRate() {
    return rate == null ? method().rate() : rate;
  }

  /** Returns the method that was asked for. */
  Method method() {
    Method method = Choice.of("--optimizer", optimizer, List.of(Method.values()));
    if (momentum == null) {
      return method;
    }
    return switch (method) {
      case SGD -> Method.MOMENTUM;
      case MOMENTUM, NESTEROV, RMSPROP -> method;
      default ->
          throw new BadInput(
              "--momentum is for momentum, nesterov and rmsprop, not for "
                  + method.name().toLowerCase(Locale.ROOT));
    };
  }

  private static void requireRange(String option, float value, float limit) {
    if (!(value >= 0 && value < limit)) {
      String range = limit == Float.POSITIVE_INFINITY ? "finite" : "less than 1";
      throw new BadInput(option + " must be at least 0 and " + range + ", not " + value);
    }
  }
}
