package fathom.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * A claim about trainings, tried with five seeds, of which four have to bear it out; or with as
 * many as {@code -Dfathom.seeds} says and four fifths of them, and then what came of each is
 * printed.
 */
final class Seeds {
  private static final String PROPERTY = "fathom.seeds";
  private static final int USUAL = 5;

  private final List<String> seen = new ArrayList<>();
  private final Map<String, Integer> held = new LinkedHashMap<>();
  private final int count = Integer.getInteger(PROPERTY, USUAL);

  /** Tries the seeds from 1 on. */
  Seeds each(LongConsumer trial) {
    for (long seed = 1; seed <= count; seed++) {
      trial.accept(seed);
    }
    return this;
  }

  /** Notes what came of a seed. */
  void saw(long seed, String what) {
    seen.add("seed " + seed + ": " + what);
  }

  /** Notes whether a seed bore a claim out. */
  void count(String claim, boolean holds) {
    held.merge(claim, holds ? 1 : 0, Integer::sum);
  }

  /** Requires four fifths of the seeds to bear out each claim. */
  void require() {
    if (System.getProperty(PROPERTY) != null) {
      seen.forEach(System.out::println);
      held.forEach((claim, times) -> System.out.println(claim + ": " + times + " of " + count));
    }
    held.forEach(
        (claim, times) ->
            assertTrue(
                5 * times >= 4 * count,
                () -> claim + ": " + times + " of " + count + "\n" + String.join("\n", seen)));
  }
}
