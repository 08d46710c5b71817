package fathom.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ShuffleTest {
  @Property(tries = 200, seed = "1")
  void holdsEveryElementOnce(@ForAll @IntRange(max = 2000) int n, @ForAll long seed) {
    int[] order = Shuffle.identity(n);
    Shuffle.shuffle(order, seed);
    Arrays.sort(order);
    assertArrayEquals(Shuffle.identity(n), order, "n " + n + ", seed " + seed);
  }

  /** Computed by a separate program from the definitions. */
  @Test
  void orderIsFixedForASeed() {
    int[] order = Shuffle.identity(10);
    Shuffle.shuffle(order, 42);
    assertArrayEquals(new int[] {8, 3, 6, 5, 4, 0, 9, 2, 1, 7}, order, Arrays.toString(order));
  }

  /** SplitMix64's published first numbers for seed 1234567 (Rosetta Code, Splitmix64). */
  @Test
  void numbersAreThoseOfSplitMix64() {
    long[] published = {
      6457827717110365317L, 3203168211198807973L, -8629252141511181193L, 4593380528125082431L
    };
    Shuffle random = new Shuffle(1234567);
    for (long number : published) {
      assertEquals(number, random.next(), "seed 1234567");
    }
  }

  /**
   * All 24 orders of four elements come equally often. Over 24,000 seeds each count is binomial
   * with mean 1,000 and deviation 31; chi-square with 23 degrees of freedom exceeds 50 with
   * probability 1e-3, and the seeds are fixed.
   */
  @Test
  void everyOrderIsEquallyLikely() {
    Map<String, Integer> counts = new HashMap<>();
    int rounds = 24_000;
    for (int seed = 0; seed < rounds; seed++) {
      int[] order = Shuffle.identity(4);
      Shuffle.shuffle(order, seed);
      counts.merge(Arrays.toString(order), 1, Integer::sum);
    }
    assertEquals(24, counts.size());
    double expected = rounds / 24.0;
    double chiSquare =
        counts.values().stream().mapToDouble(n -> (n - expected) * (n - expected) / expected).sum();
    assertTrue(chiSquare < 50, "chi-square " + chiSquare + " of seeds 0 to " + (rounds - 1));
  }

  @Test
  void derivedSeedsDifferBySeedAndPurpose() {
    assertNotEquals(Shuffle.derive(1, 1), Shuffle.derive(1, 2));
    assertNotEquals(Shuffle.derive(1, 1), Shuffle.derive(2, 1));
    assertNotEquals(Shuffle.derive(1, 2), Shuffle.derive(2, 1));
  }
}
