package fathom.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Supplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.api.Test;

/**
 * Schedules against values worked out by hand. A rate comes of at most 8 operations and calls of
 * pow and cos, each within 1 ulp, on numbers no larger than it: 16 ulp leave room for all.
 */
class ScheduleTest {
  private static final double ULPS = 16 * 0x1p-52;

  private static void assertRates(Schedule schedule, double base, double... expected) {
    for (int step = 0; step < expected.length; step++) {
      assertEquals(
          expected[step], schedule.rate(step, base), ULPS * base, schedule + " at step " + step);
    }
  }

  @Test
  void constantStepAndExponential() {
    assertRates(Schedule.constant(), 0.5, 0.5, 0.5, 0.5);
    assertEquals(0.5, Schedule.constant().rate(Long.MAX_VALUE, 0.5));
    assertRates(Schedule.step(3, 0.1), 2, 2, 2, 2, 0.2, 0.2, 0.2, 0.02);
    assertRates(Schedule.exponential(0.5), 1, 1, 0.5, 0.25, 0.125);
    assertRates(Schedule.exponential(2), 1, 1, 2 * 1, 4);
  }

  @Test
  void powerIsTheInverseOfTime() {
    // 1 / (1 + t / 2): 1, 2/3, 1/2, 2/5, 1/3.
    assertRates(Schedule.power(2, 1), 1, 1, 2 / 3.0, 0.5, 0.4, 1 / 3.0);
    // 6 / sqrt(1 + t): 6 / sqrt(4) at step 3.
    assertRates(Schedule.power(1, 0.5), 6, 6, 6 / Math.sqrt(2), 6 / Math.sqrt(3), 3);
    assertRates(Schedule.power(1, 0), 6, 6, 6, 6);
  }

  @Test
  void cosineFallsToItsFloorAndStays() {
    // cos(pi / 4) = sqrt(1/2), cos(pi / 2) = 0: from 1 to 0.2, the middle is 0.6.
    double r = 0.4 * Math.sqrt(0.5);
    assertRates(Schedule.cosine(4, 0.2), 1, 1, 0.6 + r, 0.6, 0.6 - r, 0.2, 0.2, 0.2);
    assertRates(Schedule.cosine(1, 0), 1, 1, 0, 0);
  }

  @Test
  void restartsBeginAnewAfterLongerAndLongerPeriods() {
    // Periods of 2, 4 and 8 steps begin at 0, 2 and 6; the middle of each is half the rate.
    double r = Math.sqrt(0.5) / 2;
    Schedule schedule = Schedule.restarts(2, 2, 0);
    assertRates(schedule, 1, 1, 0.5, 1, 0.5 + r, 0.5, 0.5 - r, 1);
    assertEquals(0.5, schedule.rate(10, 1), ULPS);
    assertEquals(1, schedule.rate(14, 1), ULPS);
    assertRates(Schedule.restarts(2, 1, 0.25), 0.75, 0.75, 0.5, 0.75, 0.5, 0.75);
    // The last period that a long can count ends past its range.
    assertTrue(Schedule.restarts(1, 1000, 0).rate(Long.MAX_VALUE, 1) > 0);
  }

  @Test
  void oneCycleRisesToTheBaseAndFallsFarBelow() {
    // 11 steps, of which 5/11 rise: the peak is at step 4, the end at 10, both middles half way.
    // The first rate is 1 / 4, the last 1 / 4 / 10.
    Schedule schedule = Schedule.oneCycle(11, 5 / 11.0, 4, 10);
    assertEquals(0.25, schedule.rate(0, 1), ULPS);
    assertEquals((0.25 + 1) / 2, schedule.rate(2, 1), ULPS);
    // A share of 5/11 has an error of half an ulp, which the flat top of the wave takes.
    assertEquals(1, schedule.rate(4, 1), ULPS);
    assertEquals((1 + 0.025) / 2, schedule.rate(7, 1), ULPS);
    assertEquals(0.025, schedule.rate(10, 1), ULPS);
    assertEquals(0.025, schedule.rate(1000, 1), ULPS);
    // No step to rise in: the peak comes first.
    assertRates(Schedule.oneCycle(3, 0, 4, 10), 1, 1, (1 + 0.025) / 2, 0.025);
    // PyTorch's defaults, base / 25 and base / 25e4, over 10 steps: the peak is at 0.3 x 10 - 1.
    Schedule defaults = Schedule.oneCycle(10);
    assertRates(defaults, 1, 0.04, 0.52, 1);
    assertEquals(0.04 / 1e4, defaults.rate(9, 1), ULPS);
  }

  @Test
  void warmupRisesToWhatItWraps() {
    Schedule even = Schedule.cosine(4, 0).warmup(3);
    assertRates(even, 1, 0.25, 0.5, 0.75, 1, 0.5 + Math.sqrt(0.5) / 2, 0.5);
    // From half: 1/2 + 1/2 t / 4.
    assertRates(Schedule.constant().warmup(4, 0.5), 8, 4, 5, 6, 7, 8, 8);
    assertRates(Schedule.step(1, 0.5).warmup(0), 8, 8, 4, 2);
    // A schedule that does not begin at its base is met where it begins.
    assertRates(Schedule.oneCycle(3, 0.9, 4, 10).warmup(1, 0), 1, 0, 0.25);
  }

  @Property(tries = 500, seed = "3")
  void everyScheduleIsPureAndWithinItsBounds(
      @ForAll @LongRange(min = 0, max = 1L << 40) long step,
      @ForAll @IntRange(min = 2, max = 100_000) int steps,
      @ForAll @DoubleRange(min = 1e-6, max = 10) @Scale(6) double base) {
    double floor = base / 16;
    for (Schedule plain :
        List.of(
            Schedule.constant(),
            Schedule.step(steps, 0.5),
            Schedule.exponential(0.999),
            Schedule.power(steps, 2),
            Schedule.cosine(steps, floor),
            Schedule.restarts(steps, 1 + steps % 3, floor),
            Schedule.oneCycle(steps))) {
      for (Schedule schedule : List.of(plain, plain.warmup(steps))) {
        double rate = schedule.rate(step, base);
        String of = schedule + " at " + step + " of base " + base;
        assertTrue(rate >= 0 && rate <= base * (1 + ULPS), of + ": " + rate);
        assertEquals(rate, schedule.rate(step, base), of);
        if (plain.toString().contains("floor") && step >= steps) {
          assertTrue(rate >= floor * (1 - ULPS), of + ": " + rate);
        }
      }
    }
  }

  @Property(tries = 200, seed = "4")
  void fallingSchedulesFall(
      @ForAll @IntRange(min = 1, max = 1000) int steps, @ForAll @IntRange(max = 2000) int step) {
    for (Schedule schedule :
        List.of(
            Schedule.step(steps, 0.5),
            Schedule.exponential(0.99),
            Schedule.power(steps, 0.5),
            Schedule.cosine(steps, 0.01))) {
      double now = schedule.rate(step, 1);
      assertTrue(schedule.rate(step + 1, 1) <= now + ULPS, schedule + " at step " + step);
    }
  }

  @Property(tries = 200, seed = "5")
  void restartsOfEqualPeriodsAreOneCosineOverAndOver(
      @ForAll @IntRange(min = 1, max = 1000) int period, @ForAll @IntRange(max = 10_000) int step) {
    double expected = Schedule.cosine(period, 0.1).rate(step % period, 1);
    assertEquals(expected, Schedule.restarts(period, 1, 0.1).rate(step, 1));
  }

  @Test
  void refusesWhatMakesNoRate() {
    assertRefused("drop to drop must be at least 1, not 0", () -> Schedule.step(0, 0.5));
    assertRefused("factor of a drop must be finite and above 0", () -> Schedule.step(1, 0));
    assertRefused("factor of a step", () -> Schedule.exponential(Double.NaN));
    assertRefused("scale of the steps", () -> Schedule.power(0, 1));
    assertRefused("the power", () -> Schedule.power(1, -1));
    assertRefused("steps of the cosine", () -> Schedule.cosine(0, 0));
    assertRefused("the lowest rate", () -> Schedule.cosine(1, -1e-9));
    assertRefused("first period", () -> Schedule.restarts(0, 1, 0));
    assertRefused("multiplier", () -> Schedule.restarts(1, 0, 0));
    assertRefused("steps of the cycle must be at least 2", () -> Schedule.oneCycle(1));
    assertRefused("share of the rise", () -> Schedule.oneCycle(9, 1, 25, 1e4));
    assertRefused("peak over the first", () -> Schedule.oneCycle(9, 0.3, 0.5, 1e4));
    assertRefused("first rate over the last", () -> Schedule.oneCycle(9, 0.3, 25, 0));
    assertRefused("warm-up must be at least 0, not -1", () -> Schedule.constant().warmup(-1));
    assertRefused("warm-up must start", () -> Schedule.constant().warmup(2, 1.5));
    assertRefused("factor of a reduction", () -> new Plateau(1, 3));
    assertRefused("patience", () -> new Plateau(0.5, -1));
    assertRefused("threshold", () -> new Plateau(0.5, 1, 1, 0, 0));
    assertRefused("cooldown", () -> new Plateau(0.5, 1, 0, -1, 0));
    assertRefused("lowest rate", () -> new Plateau(0.5, 1, 0, 0, Double.NaN));
  }

  private static void assertRefused(String part, Supplier<Object> call) {
    String message = assertThrows(IllegalArgumentException.class, call::get, part).getMessage();
    assertTrue(message.contains(part), message);
    assertEquals(1, message.lines().count(), message);
  }
}
