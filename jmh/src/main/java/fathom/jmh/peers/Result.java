package fathom.jmh.peers;

import java.util.ArrayList;
import java.util.List;

/** What one system did in one discipline, over all rounds. */
final class Result {
  private static final double LOW = 0.1;
  private static final double HIGH = 0.9;

  final Discipline discipline;
  final Competitor competitor;
  private final List<Double> seconds = new ArrayList<>();
  private final List<Double> tails = new ArrayList<>();
  private final List<Double> bytes = new ArrayList<>();
  private double loss = Double.NaN;

  Result(Discipline discipline, Competitor competitor) {
    this.discipline = discipline;
    this.competitor = competitor;
  }

  /** Adds a round. */
  void add(Round round) {
    seconds.addAll(round.seconds());
    tails.addAll(round.tails());
    bytes.add(round.bytes());
    loss = round.loss();
  }

  /** Adds the time of a whole process. */
  void addProcess(double time) {
    seconds.add(time);
    bytes.add(Double.NaN);
  }

  /** Returns the median of the seconds that a run takes. */
  double time() {
    return quantile(seconds, 0.5);
  }

  /** Returns the median in the discipline's unit. */
  double value() {
    return unit().of(time(), discipline);
  }

  /** Returns the lower end of the spread, the tenth part of the samples being below it. */
  double low() {
    return unit().of(quantile(seconds, unit().isRate() ? HIGH : LOW), discipline);
  }

  /** Returns the upper end of the spread. */
  double high() {
    return unit().of(quantile(seconds, unit().isRate() ? LOW : HIGH), discipline);
  }

  /** Returns what 1 % of the calls exceed, in the discipline's unit; NaN unless calls are timed. */
  double tail() {
    return unit().of(quantile(tails, 0.5), discipline);
  }

  Unit unit() {
    return Unit.of(discipline.kind());
  }

  /** Returns the rate of the matrix products' operations, or NaN where there are none. */
  double gflops() {
    double flops = discipline.flops();
    return flops == 0 ? Double.NaN : flops / time() * 1e-9;
  }

  /** Returns the bytes that a run allocates on the Java heap, the least of the rounds. */
  double bytesPerRun() {
    return quantile(bytes, 0);
  }

  /** Returns the loss before the first step, or NaN. */
  double loss() {
    return loss;
  }

  private static double quantile(List<Double> values, double q) {
    if (values.isEmpty()) {
      return Double.NaN;
    }
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double place = q * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
