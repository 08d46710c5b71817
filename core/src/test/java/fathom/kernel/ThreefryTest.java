package fathom.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThreefryTest {
  /**
   * The three vectors for threefry4x32 with 20 rounds that Random123 publishes in its file
   * kat_vectors: counter and key all zeros, all ones, and the first digits of pi.
   */
  @Test
  void agreesWithThePublishedVectors() {
    assertArrayEquals(
        new int[] {0x9c6ca96a, 0xe17eae66, 0xfc10ecd4, 0x5256a7d8},
        words(new Threefry(0, 0, 0, 0), 0, 0, 0, 0));
    assertArrayEquals(
        new int[] {0x2a881696, 0x57012287, 0xf6c7446e, 0xa16a6732},
        words(new Threefry(-1, -1, -1, -1), -1, -1, -1, -1));
    assertArrayEquals(
        new int[] {0x59cd1dbb, 0xb8879579, 0x86b5d00c, 0xac8b6d84},
        words(
            new Threefry(0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89),
            0x243f6a88,
            0x85a308d3,
            0x13198a2e,
            0x03707344));
  }

  @Test
  void seedAndStreamAreTheKeyLowWordsFirst() {
    assertArrayEquals(
        words(new Threefry(0x55667788, 0x11223344, 0xddeeff00, 0x99aabbcc), 7, 1, 0, 0),
        words(new Threefry(0x1122334455667788L, 0x99aabbccddeeff00L), (1L << 32) + 7));
  }

  /** Runs that begin at 0, that cross the counter 2^32, and far behind it. */
  @ParameterizedTest
  @ValueSource(longs = {0, 1, (1L << 28) - 1, (1L << 28) - 32, (1L << 40) + 5, (1L << 57) - 64})
  void vectorsHoldTheWordsOfTheirCounters(long group) {
    int groups = VectorThreefry.RUN;
    Threefry generator = new Threefry(0x0123456789abcdefL, -2);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate((long) groups * Threefry.GROUP * Integer.BYTES, 64);
      for (VectorPass pass : VectorThreefry.then()) {
        pass.run(x.address(), group, groups, generator, 0);
      }
      for (int g = 0; g < groups; g++) {
        for (int lane = 0; lane < Threefry.COUNTERS; lane++) {
          int[] expected = words(generator, (group + g) * Threefry.COUNTERS + lane);
          for (int w = 0; w < 4; w++) {
            long i = (long) g * Threefry.GROUP + (long) w * Threefry.COUNTERS + lane;
            assertEquals(
                expected[w],
                x.getAtIndex(JAVA_INT, i),
                () -> "group " + group + ", element " + i + " of the run");
          }
        }
      }
    }
  }

  private static int[] words(Threefry generator, int c0, int c1, int c2, int c3) {
    generator.block(c0, c1, c2, c3);
    return words(generator);
  }

  private static int[] words(Threefry generator, long counter) {
    generator.block(counter);
    return words(generator);
  }

  private static int[] words(Threefry generator) {
    return new int[] {generator.word(0), generator.word(1), generator.word(2), generator.word(3)};
  }
}
