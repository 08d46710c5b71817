package fathom.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PlateauTest {
  private static double[] rates(Plateau plateau, double base, double... losses) {
    double[] rates = new double[losses.length];
    for (int i = 0; i < losses.length; i++) {
      boolean reduced = plateau.observe(losses[i]);
      rates[i] = plateau.rate(i, base);
      assertEquals(reduced, rates[i] < (i == 0 ? base : rates[i - 1]), "loss " + i);
    }
    return rates;
  }

  /** All factors are powers of two, so that rates are exact. */
  @Test
  void reducesWhenPatienceIsOver() {
    // Patience 1 lets one bad loss pass and reduces at the second in a row.
    assertArrayEquals(
        new double[] {8, 8, 8, 4, 4, 2, 2},
        rates(new Plateau(0.5, 1), 8, 1.0, 0.9, 0.95, 0.9, 0.91, 0.92, 0.5));
    assertArrayEquals(
        new double[] {8, 4, 4, 2}, rates(new Plateau(0.5, 0), 8, 1, Double.NaN, 0.9, 1));
  }

  @Test
  void progressMustPassTheThreshold() {
    // A tenth of 1 is wanted: 0.95 is none, 0.89 is, and then 0.89 x 0.9 = 0.801.
    assertArrayEquals(
        new double[] {1, 0.5, 0.5, 0.25, 0.25},
        rates(new Plateau(0.5, 0, 0.1, 0, 0), 1, 1, 0.95, 0.89, 0.81, 0.80));
  }

  @Test
  void cooldownForgivesBadLosses() {
    // The second loss reduces; the next two cool and are not counted, and the fifth reduces again.
    assertArrayEquals(
        new double[] {1, 0.5, 0.5, 0.5, 0.25},
        rates(new Plateau(0.5, 0, 0, 2, 0), 1, 1, 1, 1, 1, 1));
  }

  @Test
  void neverFallsBelowTheFloorNorRisesToIt() {
    Plateau plateau = new Plateau(0.5, 0, 0, 0, 0.3);
    plateau.observe(1);
    plateau.observe(1);
    assertEquals(0.5, plateau.rate(0, 1));
    plateau.observe(1);
    assertEquals(0.3, plateau.rate(0, 1));
    assertEquals(0.2, plateau.rate(0, 0.2));
  }

  @Property(tries = 100, seed = "6")
  void aRestoredOneGoesOnAlike(
      @ForAll long seed, @ForAll @IntRange(max = 30) int before, @ForAll @IntRange(max = 3) int p) {
    SplittableRandom random = new SplittableRandom(seed);
    Plateau whole = new Plateau(0.7, p, 0.01, p % 2, 1e-3);
    for (int i = 0; i < before; i++) {
      whole.observe(random.nextDouble());
    }
    Plateau resumed = new Plateau(0.7, p, 0.01, p % 2, 1e-3);
    resumed.restore(whole.state());
    for (int i = 0; i < 30; i++) {
      double loss = random.nextDouble();
      String of = "seed " + seed + ", loss " + i + " after " + before;
      assertEquals(whole.observe(loss), resumed.observe(loss), of);
      assertEquals(whole.rate(i, 1), resumed.rate(i, 1), of);
      assertArrayEquals(whole.state(), resumed.state(), of);
    }
  }

  @Test
  void refusesAnotherState() {
    for (double[] state :
        List.of(
            new double[0],
            new double[] {1, 1, 1},
            new double[] {2, 1, 0, 0},
            new double[] {1, Double.NaN, 0, 0},
            new double[] {1, 1, 0.5, 0},
            new double[] {1, 1, 0, -1})) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> new Plateau(0.5, 1).restore(state))
              .getMessage();
      assertTrue(message.startsWith("not the state of a plateau: ["), message);
      assertFalse(message.contains("\n"), message);
    }
  }
}
