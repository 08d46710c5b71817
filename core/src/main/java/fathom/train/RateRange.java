package fathom.train;

import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.Rows;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Clipping;
import fathom.optim.Optimizer;
import fathom.optim.Schedule;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The learning-rate range test: a short training whose rate rises exponentially from step to step,
 * {@code rate(i) = from (to / from)^(i / (steps - 1))}. The loss falls once the rate is large
 * enough and blows up when it is too large; good rates lie between.
 *
 * <p>Losses of single batches jump about, so they are smoothed by {@code s = 0.9 s + 0.1 loss} from
 * 0, divided by {@code 1 - 0.9^(i + 1)}. The test ends early when a loss is not finite or its
 * smoothed value is above {@value #BLOWN_UP} times the least before.
 *
 * <p>Immutable.
 *
 * @see <a href="https://arxiv.org/abs/1506.01186">Smith, Cyclical learning rates for training
 *     neural networks, 2017</a>
 */
public final class RateRange {
  private static final double MEMORY = 0.9;
  private static final double BLOWN_UP = 4;
  private static final int SLOPES = 20;

  private final List<Point> points;
  private final int steps;

  /**
   * One step.
   *
   * @param rate the learning rate of the step
   * @param loss the batch's mean loss before the step
   * @param smoothed the loss as smoothed up to this step
   */
  public record Point(double rate, double loss, double smoothed) {}

  private RateRange(List<Point> points, int steps) {
    this.points = List.copyOf(points);
    this.steps = steps;
  }

  /**
   * Trains a network for some steps, with fresh state of the optimizer, and puts its parameters and
   * running statistics back as they were. Predictions meanwhile see the parameters of the test.
   *
   * @param optimizer the method; its own rate is not used
   * @param batch rows of a step
   * @param seed the order of the rows, which are passed over as often as it takes
   * @param steps at least 2
   * @param from the first rate; above 0
   * @param to the last rate; above the first
   * @throws IllegalArgumentException if an argument is out of range, or the rows do not fit the
   *     network or the loss
   */
  public static RateRange of(
      Network network,
      Loss loss,
      Optimizer optimizer,
      Rows rows,
      int batch,
      long seed,
      int steps,
      float from,
      float to) {
    return of(network, loss, optimizer, Clipping.none(), rows, batch, seed, steps, from, to);
  }

  /**
   * As {@link #of(Network, Loss, Optimizer, Rows, int, long, int, float, float)}, with gradients
   * clipped as they will be in training: that moves the rate at which the loss blows up.
   */
  @SuppressWarnings("TooManyParameters")
  public static RateRange of(
      Network network,
      Loss loss,
      Optimizer optimizer,
      Clipping clipping,
      Rows rows,
      int batch,
      long seed,
      int steps,
      float from,
      float to) {
    if (steps < 2) {
      throw new IllegalArgumentException("a range test needs at least 2 steps, not " + steps);
    }
    if (!(from > 0 && to > from && to < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "a range test goes from a rate above 0 to a larger one, not from " + from + " to " + to);
    }
    Schedule schedule = Schedule.exponential(Math.pow((double) to / from, 1.0 / (steps - 1)));
    try (Arena arena = Arena.ofShared();
        Trainer trainer = new Trainer(network, loss, optimizer)) {
      trainer.clipping(clipping);
      Snapshot before = new Snapshot(network, arena);
      long stamp = network.beginReading();
      try {
        before.take();
      } finally {
        network.endReading(stamp);
      }
      Curve curve = new Curve(trainer, schedule, from, steps);
      try {
        for (long pass = 0; !curve.ended; pass++) {
          curve.follow(rows.batches(batch, seed + pass));
        }
      } finally {
        before.restore();
      }
      return new RateRange(curve.points, steps);
    }
  }

  /** Returns the steps before the loss blew up, at least one of them unless the first loss did. */
  public List<Point> points() {
    return points;
  }

  /** Returns whether the loss blew up before the last rate. */
  public boolean blewUp() {
    return points.size() < steps;
  }

  /**
   * Returns the rate at which the smoothed loss falls most steeply over the logarithm of the rate:
   * the point i with the least {@code s(i + w) - min(s(0), ..., s(i - w))}, where w is a twentieth
   * of the steps, at least 1, so that no single batch decides, and the minimum, so that a spike and
   * its end are no progress. Empty if the loss falls nowhere. The smoothed loss lags some steps
   * behind, so that the loss itself fell most at a somewhat lower rate.
   */
  public OptionalDouble steepest() {
    int w = Math.max(1, steps / SLOPES);
    double steepest = 0;
    double before = Double.POSITIVE_INFINITY;
    OptionalDouble rate = OptionalDouble.empty();
    for (int i = w; i + w < points.size(); i++) {
      before = Math.min(before, points.get(i - w).smoothed);
      double fall = points.get(i + w).smoothed - before;
      if (fall < steepest) {
        steepest = fall;
        rate = OptionalDouble.of(points.get(i).rate);
      }
    }
    return rate;
  }

  /** The points of a test under way. */
  private static final class Curve {
    private final Trainer trainer;
    private final Schedule schedule;
    private final float from;
    private final int steps;
    private final List<Point> points = new ArrayList<>();
    private double average;
    private double least = Double.POSITIVE_INFINITY;
    private boolean ended;

    Curve(Trainer trainer, Schedule schedule, float from, int steps) {
      this.trainer = trainer;
      this.schedule = schedule;
      this.from = from;
      this.steps = steps;
    }

    void follow(Batches batches) {
      try (Batches.Iteration iteration = batches.iterator()) {
        while (!ended && iteration.hasNext()) {
          ended = !add(iteration.next()) || points.size() == steps;
        }
      }
    }

    private boolean add(Batch batch) {
      double rate = schedule.rate(points.size(), from);
      trainer.state().rate((float) rate);
      double loss;
      try {
        loss = trainer.step(batch);
      } catch (TrainingDivergedException e) {
        // The curve ends here; there is no number to draw.
        return false;
      }
      average = MEMORY * average + (1 - MEMORY) * loss;
      double smoothed = average / (1 - Math.pow(MEMORY, points.size() + 1.0));
      if (smoothed > BLOWN_UP * least) {
        return false;
      }
      least = Math.min(least, smoothed);
      points.add(new Point(rate, loss, smoothed));
      return true;
    }
  }
}
