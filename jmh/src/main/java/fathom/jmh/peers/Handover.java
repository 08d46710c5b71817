package fathom.jmh.peers;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * How long a cache line takes from one core to another: two threads pass a number to and fro. On
 * processors of several dies it tells whether the two share a cache, some 30 ns, or not, some 200
 * ns, and with it how dear all is that threads of one network hand to each other. A virtual
 * machine's cores may move while it runs.
 */
final class Handover {
  private static final int PASSES = 20_000;
  private static final int SAMPLES = 9;
  private static final VarHandle TURN;

  static {
    try {
      TURN = MethodHandles.lookup().findVarHandle(Handover.class, "turn", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private int turn;

  private Handover() {}

  /** Returns the median nanoseconds of a pass one way; NaN where there is but one core. */
  static double nanos() {
    if (Runtime.getRuntime().availableProcessors() < 2) {
      return Double.NaN;
    }
    double[] samples = new double[SAMPLES];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = new Handover().sample();
    }
    Arrays.sort(samples);
    return samples[samples.length / 2];
  }

  private double sample() {
    Thread other = new Thread(() -> pass(1), "handover");
    other.setDaemon(true);
    other.start();
    pass(0);
    long start = System.nanoTime();
    pass(0);
    return (System.nanoTime() - start) / (2.0 * PASSES);
  }

  /** Passes the number on, half of the partner's passes being a warm-up. */
  private void pass(int me) {
    int passes = me == 0 ? PASSES : 2 * PASSES;
    for (int i = 0; i < passes; i++) {
      while ((int) TURN.getAcquire(this) != me) {
        Thread.onSpinWait();
      }
      TURN.setRelease(this, 1 - me);
    }
  }
}
