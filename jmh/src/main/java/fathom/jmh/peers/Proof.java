package fathom.jmh.peers;

import java.util.Locale;

/**
 * That a system does what is asked, before it is timed. These are no tests of its accuracy: the
 * tolerances tell right from wrong, and single precision passes them with room.
 */
final class Proof {
  private static final int STEPS = 20;
  private static final double RIGHT = 2e-3;
  private static final int ELEMENTS = 1000;

  private Proof() {}

  /**
   * Runs a job and checks it.
   *
   * @return the first run's loss, by which systems can be compared; NaN where there is none
   * @throws IllegalStateException if the result is wrong
   */
  static double of(Discipline discipline, Job job) {
    job.run();
    float[] first = job.result();
    if (first.length == 0) {
      return Double.NaN;
    }
    switch (discipline.kind()) {
      case TRAIN -> falls(discipline, job, first[0]);
      case GRADIENT -> gradient(discipline, first);
      case INFER -> answers(discipline, first);
      case FILL_NORMAL, FILL_UNIFORM -> variance(discipline, first);
      case ACTIVATION -> elementwise(discipline, first);
      case OPTIMIZER -> adam(discipline, first);
      case PEAK -> product(discipline, first);
      case START -> {}
    }
    return switch (discipline.kind()) {
      case TRAIN, GRADIENT -> first[0];
      default -> Double.NaN;
    };
  }

  private static void falls(Discipline discipline, Job job, double first) {
    for (int i = 0; i < STEPS; i++) {
      job.run();
    }
    double last = job.result()[0];
    if (!(last < first)) {
      throw wrong(discipline, "the loss after %d steps", STEPS, last, "less than " + first);
    }
  }

  private static void gradient(Discipline discipline, float[] result) {
    PlainLoops plain = new PlainLoops(discipline.workload());
    float[] x = Samples.inputs(discipline.workload(), discipline.workload().batch());
    float[] targets = Samples.targets(discipline.workload());
    equal(discipline, "the loss, number %d", 0, result[0], plain.squaredError(x, targets));
    double h = 1e-4;
    for (int i = 0; i < result.length - 1; i += 7) {
      plain.nudge(i, h);
      double above = plain.squaredError(x, targets);
      plain.nudge(i, -2 * h);
      double below = plain.squaredError(x, targets);
      plain.nudge(i, h);
      equal(discipline, "the gradient of weight %d", i, result[1 + i], (above - below) / (2 * h));
    }
  }

  private static void answers(Discipline discipline, float[] result) {
    float[] x = Samples.inputs(discipline.workload(), discipline.size());
    double[] expected = new PlainLoops(discipline.workload()).answer(x, 0);
    for (int i = 0; i < expected.length; i++) {
      equal(discipline, "output %d", i, result[i], expected[i]);
    }
  }

  /** Some 10^5 numbers tell the variance to 0.5 %; 3 % is six times that. */
  private static void variance(Discipline discipline, float[] result) {
    boolean normal = discipline.kind() == Discipline.Kind.FILL_NORMAL;
    double expected = (normal ? 2.0 : 1.0) / Discipline.FILL_SIDE;
    double sum = 0;
    double largest = 0;
    for (float value : result) {
      sum += (double) value * value;
      largest = Math.max(largest, Math.abs(value));
    }
    double variance = sum / result.length;
    if (!(Math.abs(variance / expected - 1) < 0.03)) {
      throw wrong(discipline, "the variance of %d numbers", result.length, variance, expected);
    }
    double deviations = largest / Math.sqrt(expected);
    if (normal ? deviations < 3 : deviations > 1.7321) {
      throw wrong(
          discipline,
          "the largest of %d numbers in standard deviations",
          result.length,
          deviations,
          normal ? "above 3" : "at most 1.7321");
    }
  }

  private static void elementwise(Discipline discipline, float[] result) {
    float[] x = Samples.activationInputs(discipline.size());
    float[] d = Samples.activationGradients(discipline.size());
    double h = 1e-5;
    String f = discipline.activation();
    for (int i = 0; i < Math.min(ELEMENTS, x.length); i++) {
      double expected = PlainLoops.function(f, x[i]);
      if (discipline.backward()) {
        double above = PlainLoops.function(f, x[i] + h);
        expected = d[i] * (above - PlainLoops.function(f, x[i] - h)) / (2 * h);
      }
      if (!(Math.abs(result[i] - expected) < RIGHT)) {
        throw wrong(discipline, "element %d", i, result[i], expected);
      }
    }
  }

  /** Adam's first step moves each parameter by the rate, against its gradient's sign. */
  private static void adam(Discipline discipline, float[] result) {
    float[] g = Samples.optimizerGradients(ELEMENTS);
    for (int i = 0; i < ELEMENTS; i++) {
      double expected = 1 - Samples.ADAM_RATE * Math.signum(g[i]);
      if (Math.abs(g[i]) > 1e-3 && !(Math.abs(result[i] - expected) < 1e-5)) {
        throw wrong(discipline, "parameter %d after a step from 1", i, result[i], expected);
      }
    }
  }

  private static void product(Discipline discipline, float[] c) {
    int n = Discipline.PEAK_SIDE;
    float[] a = Samples.uniform(n, 1, 1);
    float[] b = Samples.uniform(n * n, 1, 2);
    for (int j = 0; j < n; j += 97) {
      double sum = 0;
      for (int k = 0; k < n; k++) {
        sum += (double) a[k] * b[k * n + j];
      }
      equal(discipline, "entry %d", j, c[j], sum);
    }
  }

  private static void equal(
      Discipline discipline, String what, int index, double actual, double expected) {
    if (!(Math.abs(actual - expected) <= RIGHT * (1 + Math.abs(expected)))) {
      throw wrong(discipline, what, index, actual, expected);
    }
  }

  private static IllegalStateException wrong(
      Discipline discipline, String what, int index, double actual, Object expected) {
    String where = String.format(Locale.ROOT, what, index);
    return new IllegalStateException(
        discipline.name() + ": " + where + " is " + actual + ", not " + expected);
  }
}
