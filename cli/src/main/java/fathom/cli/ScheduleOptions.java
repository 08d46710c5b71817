package fathom.cli;

import fathom.optim.Plateau;
import fathom.optim.Schedule;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** How the learning rate changes over a training. */
final class ScheduleOptions {
  private static final double DROP = 0.1;
  private static final double END_OF_EXPONENTIAL = 0.01;
  private static final int DROPS = 3;
  private static final int FIRST_OF_RESTARTS = 7;
  private static final int SCALE_OF_POWER = 10;
  private static final int GROWTH = 2;
  private static final int PATIENCE = 3;
  private static final double THRESHOLD = 1e-4;

  private enum Kind {
    CONSTANT,
    COSINE,
    STEP,
    EXPONENTIAL,
    POWER,
    RESTARTS,
    ONECYCLE,
    PLATEAU;

    private String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What sets the rate in one training.
   *
   * @param plateau what wants to see each epoch's validation loss, or null
   */
  record Course(Schedule schedule, Plateau plateau) {}

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      defaultValue = "cosine",
      description =
          "The rate over the run: constant, cosine (half a wave down), step, exponential, power"
              + " (inverse time), restarts (cosine, over and over), onecycle (up to --lr and down)"
              + " or plateau (lower when the validation loss stops falling); ${DEFAULT-VALUE} unless"
              + " given.")
  private String schedule;

  @Option(
      names = "--warmup",
      paramLabel = "N",
      description =
          "Steps in which the rate rises evenly before the schedule begins; none unless"
              + " given.")
  private Long warmup;

  @Option(
      names = "--lr-end",
      paramLabel = "RATE",
      description = "The lowest rate of cosine, restarts and plateau; 0 unless given.")
  private Double end;

  @Option(
      names = "--decay",
      paramLabel = "F",
      description =
          "What multiplies the rate: at each drop of step and plateau, 0.1 unless given; at each step"
              + " of exponential, down to a hundredth over the run unless given.")
  private Double decay;

  @Option(
      names = "--period",
      paramLabel = "N",
      description =
          "Steps from drop to drop of step, a third of the run unless given; of the first wave of"
              + " restarts, a seventh; until power's rate is 1/2^P, a tenth.")
  private Long period;

  @Option(
      names = "--period-growth",
      paramLabel = "K",
      description = "What lengthens each next wave of restarts; 2 unless given.")
  private Integer growth;

  @Option(
      names = "--power",
      paramLabel = "P",
      description = "Power of time by which power divides the rate; 1 unless given.")
  private Double power;

  @Option(
      names = "--patience",
      paramLabel = "N",
      description = "Epochs without progress that plateau lets pass; 3 unless given.")
  private Integer patience;

  /**
   * Checks what can be checked before there are data.
   *
   * @param validated whether there is a validation loss after each epoch
   */
  void check(boolean validated) {
    Kind kind = kind();
    requireUse("--lr-end", end, EnumSet.of(Kind.COSINE, Kind.RESTARTS, Kind.PLATEAU));
    requireUse("--decay", decay, EnumSet.of(Kind.STEP, Kind.EXPONENTIAL, Kind.PLATEAU));
    requireUse("--period", period, EnumSet.of(Kind.STEP, Kind.POWER, Kind.RESTARTS));
    requireUse("--period-growth", growth, EnumSet.of(Kind.RESTARTS));
    requireUse("--power", power, EnumSet.of(Kind.POWER));
    requireUse("--patience", patience, EnumSet.of(Kind.PLATEAU));
    requireAtLeast("--warmup", 0, warmup);
    requireAtLeast("--period", 1, period);
    requireAtLeast("--period-growth", 1, growth);
    requireAtLeast("--patience", 0, patience);
    requireFinite("--lr-end", end);
    requireFinite("--power", power);
    if (decay != null && !(decay > 0 && decay < 1)) {
      throw new BadInput("--decay must be above 0 and below 1, not " + decay);
    }
    if (kind == Kind.PLATEAU && !validated) {
      throw new BadInput(
          "--schedule plateau follows the validation loss; give --validation a share, such as 0.1");
    }
  }

  /** Checks that a rate that falls has where to fall to. */
  void checkStart(float rate) {
    if (end != null && end.floatValue() > rate) {
      throw new BadInput(
          String.format(
              "--lr-end %s is above the rate that falls to it, %s; give less", end, rate));
    }
  }

  /**
   * Starts the schedule of a training.
   *
   * @param steps how many there will be
   * @throws BadInput if they are too few
   */
  Course start(long steps) {
    long rise = warmup == null ? 0 : warmup;
    long rest = steps - rise;
    int least = kind() == Kind.ONECYCLE ? 2 : 1;
    if (rest < least) {
      throw new BadInput(
          String.format(
              "%s needs at least %d more %s than the warm-up, and this training has %d, of which"
                  + " --warmup takes %d; train longer or use smaller batches",
              "--schedule " + kind().word(), least, least == 1 ? "step" : "steps", steps, rise));
    }
    if (kind() == Kind.PLATEAU) {
      Plateau plateau =
          new Plateau(
              given(decay, DROP), patience == null ? PATIENCE : patience, THRESHOLD, 0, lowest());
      return new Course(plateau.warmup(rise), plateau);
    }
    return new Course(ofSteps(rest).warmup(rise), null);
  }

  private Schedule ofSteps(long steps) {
    return switch (kind()) {
      case CONSTANT, PLATEAU -> Schedule.constant();
      case COSINE -> Schedule.cosine(steps, lowest());
      case STEP -> Schedule.step(period(steps, DROPS), given(decay, DROP));
      case EXPONENTIAL ->
          Schedule.exponential(given(decay, Math.pow(END_OF_EXPONENTIAL, 1.0 / steps)));
      case POWER -> Schedule.power((double) period(steps, SCALE_OF_POWER), given(power, 1));
      case RESTARTS ->
          Schedule.restarts(
              period(steps, FIRST_OF_RESTARTS), growth == null ? GROWTH : growth, lowest());
      case ONECYCLE -> Schedule.oneCycle(steps);
    };
  }

  /** Returns the schedule as it was asked for. */
  String describe() {
    return kind().word()
        + told("--warmup", warmup)
        + told("--lr-end", end)
        + told("--decay", decay)
        + told("--period", period)
        + told("--period-growth", growth)
        + told("--power", power)
        + told("--patience", patience);
  }

  private static String told(String option, Object value) {
    return value == null ? "" : " " + option + " " + value;
  }

  private double lowest() {
    return given(end, 0);
  }

  private long period(long steps, int share) {
    return period == null ? Math.max(1, steps / share) : period;
  }

  private static double given(Double value, double otherwise) {
    return value == null ? otherwise : value;
  }

  private Kind kind() {
    return Choice.of("--schedule", schedule, List.of(Kind.values()));
  }

  private void requireUse(String option, Object value, Set<Kind> users) {
    if (value != null && !users.contains(kind())) {
      throw new BadInput(
          String.format(
              "%s is for --schedule %s, not %s; leave it out",
              option,
              users.stream().map(Kind::word).collect(Collectors.joining(", ")),
              kind().word()));
    }
  }

  private static void requireAtLeast(String option, int least, Number value) {
    if (value != null && value.longValue() < least) {
      throw new BadInput(option + " must be at least " + least + ", not " + value);
    }
  }

  private static void requireFinite(String option, Double value) {
    if (value != null && !(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new BadInput(option + " must be at least 0 and finite, not " + value);
    }
  }
}
