package fathom.jmh.peers;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;

/**
 * The one way in which all systems are timed: warm up until the rate is steady, then take samples
 * of one length. Nothing is allocated while the clock runs.
 */
final class Stopwatch {
  private static final double STEADY = 0.03;
  private static final double STEP_WARM_UP = 5;

  /** One loop is called ten thousand times in a fraction of this. */
  private static final double LOOP_WARM_UP = 1;

  /** A loss is called some eight times a step, and compiled after a thousand calls. */
  private static final int LEAST_RUNS = 200;

  private static final double MOST_WARM_UP = 10;
  private static final double LOOK_EVERY = 100e-6;
  private static final int MOST_CALLS = 1 << 20;
  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Job job;
  private final double seconds;
  private final double leastWarmUp;
  private long counted;

  /**
   * A stopwatch of a job.
   *
   * @param kind what the job is: a whole step takes longer to be compiled than one loop
   * @param seconds the length of a sample, a part of which the warm-up is counted in as well
   */
  Stopwatch(Job job, Discipline.Kind kind, double seconds) {
    this.job = job;
    this.seconds = seconds;
    leastWarmUp = kind == Discipline.Kind.ACTIVATION ? LOOP_WARM_UP : STEP_WARM_UP;
  }

  /** Runs the job until two spells in a row took equally long, or patience ends. */
  private double warmUp() {
    double before = sample(1);
    double now = before;
    double spent = 0;
    counted = 0;
    do {
      double look = Math.max(1, LOOK_EVERY / now);
      before = now;
      now = sample((int) Math.min(look, MOST_CALLS));
      spent += Math.max(seconds, now);
    } while (spent < leastWarmUp
        || ((counted < LEAST_RUNS || Math.abs(now / before - 1) > STEADY) && spent < MOST_WARM_UP));
    return now;
  }

  /** Returns the seconds that a run takes, over one sample; the clock is read between chunks. */
  private double sample(int chunk) {
    long runs = 0;
    long length = (long) (seconds * 1e9);
    long start = System.nanoTime();
    long elapsed;
    do {
      for (int i = 0; i < chunk; i++) {
        job.run();
      }
      runs += chunk;
      elapsed = System.nanoTime() - start;
    } while (elapsed < length);
    counted += runs;
    return elapsed * 1e-9 / runs;
  }

  /** Times a number of samples. */
  Round measure(String name, int samples, double loss) {
    int chunk = (int) Math.min(Math.max(1, LOOK_EVERY / warmUp()), MOST_CALLS);
    double[] times = new double[samples];
    counted = 0;
    long allocated = THREADS.getTotalThreadAllocatedBytes();
    for (int i = 0; i < samples; i++) {
      times[i] = sample(chunk);
    }
    allocated = THREADS.getTotalThreadAllocatedBytes() - allocated;
    return new Round(name, loss, (double) allocated / counted, list(times), List.of());
  }

  /** Times each call of a number of samples: their medians, and what 1 % of calls exceed. */
  Round measureCalls(String name, int samples) {
    double unused = warmUp();
    long length = (long) (seconds * 1e9);
    long[] calls = new long[MOST_CALLS];
    double[] medians = new double[samples];
    double[] tails = new double[samples];
    long runs = 0;
    long bytes = 0;
    for (int i = 0; i < samples; i++) {
      int n = 0;
      long allocated = THREADS.getTotalThreadAllocatedBytes();
      long start = System.nanoTime();
      long now = start;
      while (now - start < length && n < calls.length) {
        long before = now;
        job.run();
        now = System.nanoTime();
        calls[n++] = now - before;
      }
      bytes += THREADS.getTotalThreadAllocatedBytes() - allocated;
      runs += n;
      Arrays.sort(calls, 0, n);
      medians[i] = calls[n / 2] * 1e-9;
      tails[i] = calls[(int) (n * 0.99)] * 1e-9;
    }
    return new Round(name, Double.NaN, (double) bytes / runs, list(medians), list(tails));
  }

  private static List<Double> list(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }
}
