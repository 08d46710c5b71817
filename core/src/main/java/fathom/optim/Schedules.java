package fathom.optim;

/** The schedules that are functions of the step alone; {@link Schedule} documents them. */
final class Schedules {
  private Schedules() {}

  record Constant() implements Schedule {
    @Override
    public double rate(long step, double base) {
      return base;
    }
  }

  record Step(long every, double gamma) implements Schedule {
    Step {
      atLeast("the steps from drop to drop", 1, every);
      positive("the factor of a drop", gamma);
    }

    @Override
    public double rate(long step, double base) {
      long drops = step / every;
      return base * Math.pow(gamma, (double) drops);
    }
  }

  record Exponential(double gamma) implements Schedule {
    Exponential {
      positive("the factor of a step", gamma);
    }

    @Override
    public double rate(long step, double base) {
      return base * Math.pow(gamma, (double) step);
    }
  }

  record Power(double scale, double power) implements Schedule {
    Power {
      positive("the scale of the steps", scale);
      notNegative("the power", power);
    }

    @Override
    public double rate(long step, double base) {
      return base / Math.pow(1 + step / scale, power);
    }
  }

  record Cosine(long steps, double floor) implements Schedule {
    Cosine {
      atLeast("the steps of the cosine", 1, steps);
      notNegative("the lowest rate", floor);
    }

    @Override
    public double rate(long step, double base) {
      return wave(base, floor, (double) step, (double) steps);
    }
  }

  record Restarts(long period, int multiplier, double floor) implements Schedule {
    Restarts {
      atLeast("the steps of the first period", 1, period);
      atLeast("the multiplier of periods", 1, multiplier);
      notNegative("the lowest rate", floor);
    }

    @Override
    public double rate(long step, double base) {
      long length = period;
      long within = multiplier == 1 ? step % period : step;
      while (within >= length) {
        within -= length;
        length = length > Long.MAX_VALUE / multiplier ? Long.MAX_VALUE : length * multiplier;
      }
      return wave(base, floor, (double) within, (double) length);
    }
  }

  record OneCycle(long steps, double rise, double div, double finalDiv) implements Schedule {
    OneCycle {
      atLeast("the steps of the cycle", 2, steps);
      if (!(rise >= 0 && rise < 1)) {
        throw new IllegalArgumentException(
            "the share of the rise must be at least 0 and below 1, not " + rise);
      }
      divisor("the peak over the first rate", div);
      divisor("the first rate over the last", finalDiv);
    }

    @Override
    public double rate(long step, double base) {
      double peak = Math.max(0, rise * steps - 1);
      double first = base / div;
      return step < peak
          ? wave(first, base, (double) step, peak)
          : wave(base, first / finalDiv, step - peak, steps - 1 - peak);
    }
  }

  record Warmup(Schedule then, long steps, double start) implements Schedule {
    Warmup {
      atLeast("the steps of the warm-up", 0, steps);
      if (!(start >= 0 && start <= 1)) {
        throw new IllegalArgumentException(
            "the warm-up must start with a share of [0, 1] of the rate, not " + start);
      }
    }

    @Override
    public double rate(long step, double base) {
      return step < steps
          ? then.rate(0, base) * (start + (1 - start) * step / steps)
          : then.rate(step - steps, base);
    }

    @Override
    public double[] state() {
      return then.state();
    }

    @Override
    public void restore(double[] state) {
      then.restore(state);
    }
  }

  /** Returns half a cosine wave, which stays at its end. */
  private static double wave(double from, double to, double step, double steps) {
    return step >= steps ? to : to + (from - to) * (1 + Math.cos(Math.PI * step / steps)) / 2;
  }

  static long atLeast(String what, long least, long value) {
    if (value < least) {
      throw new IllegalArgumentException(what + " must be at least " + least + ", not " + value);
    }
    return value;
  }

  static void notNegative(String what, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(what + " must be finite and at least 0, not " + value);
    }
  }

  private static void positive(String what, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(what + " must be finite and above 0, not " + value);
    }
  }

  private static void divisor(String what, double value) {
    if (!(value >= 1 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(what + " must be finite and at least 1, not " + value);
    }
  }
}
