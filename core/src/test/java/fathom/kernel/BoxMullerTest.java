package fathom.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BoxMullerTest {
  private static final long SEED = 11;
  private static final int DRAWS = 1_000_000;

  /** The stated bounds, which a walk over all words found; here a million of them and the ends. */
  @Test
  void everyFactorIsWithinItsStatedError() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < DRAWS; i++) {
      checkRadius(random.nextInt());
      checkTurn(random.nextInt());
      checkRadius(random.nextInt() >>> (i % 32));
      checkTurn(random.nextInt() >> (i % 32));
    }
    for (int i = 0; i < 300; i++) {
      checkRadius(i);
      checkRadius(-1 - i);
      checkTurn(i);
      checkTurn(-1 - i);
      checkTurn(Integer.MAX_VALUE - i);
      checkTurn(Integer.MIN_VALUE + i);
    }
  }

  /** The reference takes u and t as the class defines them, and goes on in double precision. */
  private static void checkRadius(int word) {
    float u = (float) (((double) (float) (word >>> 1) + 0.5) / 0x1p31);
    double expected = Math.sqrt(-2 * Math.log(u));
    float r = BoxMuller.radius(word, 1f);
    assertTrue((word & 1) == 0 ? r >= 0 : r <= 0, () -> "sign of " + r + " for word " + word);
    within(1.1, expected, Math.abs(r), "radius", word);
  }

  private static void checkTurn(int word) {
    float t = BoxMuller.halfTurns(word);
    double exact = (word | 1) * 0x1p-32;
    assertTrue(Math.abs(t - exact) <= Math.ulp(t) / 2, () -> "t of word " + word + " is " + t);
    within(2.8, Math.sin(Math.PI * t), BoxMuller.sine(t), "sine", word);
    within(2.1, Math.sin(Math.PI * (0.5 - Math.abs(t))), BoxMuller.cosine(t), "cosine", word);
  }

  private static void within(double ulps, double expected, float actual, String what, int word) {
    double error = Math.abs(actual - expected) / Math.ulp((float) expected);
    assertTrue(error <= ulps, () -> what + " of word " + word + " is off by " + error + " ulp");
  }

  @Test
  void reachesFarIntoTheTailAndNeverInfinity() {
    double farthest = Math.sqrt(64 * Math.log(2));
    assertEquals(farthest, BoxMuller.radius(0, 1f), 1e-6 * farthest);
    assertEquals(-farthest, BoxMuller.radius(1, 1f), 1e-6 * farthest);
    assertEquals(0f, Math.abs(BoxMuller.radius(-1, 1f)));
  }

  @Test
  void theLowestBitOfTheRadiusMirrorsTheCircle() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < DRAWS; i++) {
      int word = random.nextInt();
      assertEquals(-BoxMuller.radius(word, 0.7f), BoxMuller.radius(word ^ 1, 0.7f), 0f);
      float t = BoxMuller.halfTurns(word);
      assertEquals(-t, BoxMuller.halfTurns(~word), 0f);
      assertEquals(-BoxMuller.sine(t), BoxMuller.sine(-t), 0f);
      assertEquals(BoxMuller.cosine(t), BoxMuller.cosine(-t), 0f);
    }
  }
}
