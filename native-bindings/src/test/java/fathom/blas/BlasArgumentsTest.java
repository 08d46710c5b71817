package fathom.blas;

import static fathom.blas.Transpose.NO;
import static fathom.blas.Transpose.YES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the door to BLAS refuses, and in which words. */
class BlasArgumentsTest {
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment a = floats(6);
  private final MemorySegment b = floats(12);
  private final MemorySegment c = floats(8);

  @AfterEach
  void close() {
    arena.close();
  }

  static Stream<Blas> all() {
    return Stream.of(Blas.java(), Blas.openBlas());
  }

  private MemorySegment floats(long n) {
    return arena.allocate(n * Float.BYTES, 64);
  }

  /** A call of one routine on matrices that begin at the start of their segments. */
  private interface Routine {
    void run(MemorySegment a, int lda, MemorySegment b, int ldb, MemorySegment c, int ldc);
  }

  /** C (2 x 4) = A (2 x 3) B (3 x 4). */
  private static Routine sgemm(Blas blas) {
    return (a, lda, b, ldb, c, ldc) ->
        blas.sgemm(NO, NO, 2, 4, 3, 1, a, 0, lda, b, 0, ldb, 0, c, 0, ldc);
  }

  private static Routine dgemm(Blas blas) {
    return (a, lda, b, ldb, c, ldc) ->
        blas.dgemm(NO, NO, 2, 4, 3, 1, a, 0, lda, b, 0, ldb, 0, c, 0, ldc);
  }

  private static <T extends Exception> void assertRefused(
      Class<T> type, String message, Runnable call) {
    assertEquals(message, assertThrows(type, call::run).getMessage());
  }

  private static void assertBad(String message, Runnable call) {
    assertRefused(IllegalArgumentException.class, message, call);
  }

  private static void assertOutside(String message, Runnable call) {
    assertRefused(IndexOutOfBoundsException.class, message, call);
  }

  @ParameterizedTest
  @MethodSource("all")
  void leadingDimensionsAreAtLeastARow(Blas blas) {
    Routine sgemm = sgemm(blas);
    assertBad("A is 2x3: its leading dimension 2 is too short", () -> sgemm.run(a, 2, b, 4, c, 4));
    assertBad("B is 3x4: its leading dimension 3 is too short", () -> sgemm.run(a, 3, b, 3, c, 4));
    assertBad(
        "the output is 2x4: its leading dimension 0 is too short",
        () -> sgemm.run(a, 3, b, 4, c, 0));
    assertBad(
        "A is 3x2: its leading dimension 1 is too short",
        () -> blas.sgemm(YES, NO, 2, 4, 3, 1, a, 0, 1, b, 0, 4, 0, c, 0, 4));
    assertBad(
        "B is 4x3: its leading dimension 2 is too short",
        () -> blas.sgemm(NO, YES, 2, 4, 3, 1, a, 0, 3, b, 0, 2, 0, c, 0, 4));
    assertBad(
        "A is 2x3: its leading dimension 2 is too short",
        () -> blas.sgemv(NO, 2, 3, 1, a, 0, 2, b, 0, 0, c, 0));
    assertBad(
        "A is 2x3: its leading dimension 2 is too short",
        () -> dgemm(blas).run(floats(12), 2, floats(24), 4, floats(16), 4));
  }

  @ParameterizedTest
  @MethodSource("all")
  void matricesLieWithinTheirSegments(Blas blas) {
    Routine sgemm = sgemm(blas);
    assertOutside(
        "A is 2x3 with leading dimension 3 at offset 0: it passes the end of its segment of 5"
            + " elements",
        () -> sgemm.run(floats(5), 3, b, 4, c, 4));
    assertOutside(
        "A is 2x3 with leading dimension 4 at offset 0: it passes the end of its segment of 6"
            + " elements",
        () -> sgemm.run(a, 4, b, 4, c, 4));
    assertOutside(
        "B is 3x4 with leading dimension 4 at offset 0: it passes the end of its segment of 11"
            + " elements",
        () -> sgemm.run(a, 3, floats(11), 4, c, 4));
    assertOutside(
        "the output is 2x4 with leading dimension 4 at offset 0: it passes the end of its segment"
            + " of 7 elements",
        () -> sgemm.run(a, 3, b, 4, floats(7), 4));
    for (long offset : new long[] {1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 62}) {
      assertOutside(
          "A is 2x3 with leading dimension 3 at offset "
              + offset
              + ": it passes the end of its segment of 6 elements",
          () -> blas.sgemm(NO, NO, 2, 4, 3, 1, a, offset, 3, b, 0, 4, 0, c, 0, 4));
    }
    assertOutside(
        "x is 1x3 with leading dimension 3 at offset 10: it passes the end of its segment of 12"
            + " elements",
        () -> blas.sgemv(NO, 2, 3, 1, a, 0, 3, b, 10, 0, c, 0));
    assertOutside(
        "the output is 1x3 with leading dimension 3 at offset 6: it passes the end of its segment"
            + " of 8 elements",
        () -> blas.sgemv(YES, 2, 3, 1, a, 0, 3, b, 0, 0, c, 6));
    assertOutside(
        "A is 2x3 with leading dimension 3 at offset 0: it passes the end of its segment of 3"
            + " elements",
        () -> dgemm(blas).run(a, 3, floats(24), 4, floats(16), 4));
  }

  @ParameterizedTest
  @MethodSource("all")
  void hugeSizesDoNotWrapAround(Blas blas) {
    int huge = Integer.MAX_VALUE;
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> blas.sgemm(NO, NO, huge, huge, huge, 1, a, 0, huge, b, 0, huge, 0, c, 0, huge));
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> blas.dgemm(NO, NO, 2, 1, 1, 1, a, 0, huge, b, 0, 1, 0, c, 0, 1));
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> blas.sgemv(NO, huge, huge, 1, a, 0, huge, b, 0, 0, c, 0));
  }

  @ParameterizedTest
  @MethodSource("all")
  void sizesAreNotNegative(Blas blas) {
    assertBad(
        "sizes m=-1, n=4, k=3 must not be negative",
        () -> blas.sgemm(NO, NO, -1, 4, 3, 1, a, 0, 3, b, 0, 4, 0, c, 0, 4));
    assertBad(
        "sizes m=0, n=4, k=-3 must not be negative",
        () -> blas.dgemm(NO, NO, 0, 4, -3, 1, a, 0, 3, b, 0, 4, 0, c, 0, 4));
    assertBad(
        "sizes m=2, n=-3, k=1 must not be negative",
        () -> blas.sgemv(NO, 2, -3, 1, a, 0, 3, b, 0, 0, c, 0));
  }

  @ParameterizedTest
  @MethodSource("all")
  void memoryIsNativeAndAlive(Blas blas) {
    MemorySegment heap = MemorySegment.ofArray(new float[100]);
    Routine sgemm = sgemm(blas);
    assertBad("A lies on the heap; BLAS needs native memory", () -> sgemm.run(heap, 3, b, 4, c, 4));
    assertBad("B lies on the heap; BLAS needs native memory", () -> sgemm.run(a, 3, heap, 4, c, 4));
    assertBad(
        "the output lies on the heap; BLAS needs native memory",
        () -> sgemm.run(a, 3, b, 4, heap, 4));
    assertBad(
        "x lies on the heap; BLAS needs native memory",
        () -> blas.sgemv(NO, 2, 3, 1, a, 0, 3, heap, 0, 0, c, 0));
    assertBad(
        "the output lies in a read-only segment", () -> sgemm.run(a, 3, b, 4, c.asReadOnly(), 4));
    sgemm.run(a.asReadOnly(), 3, b.asReadOnly(), 4, c, 4);
    MemorySegment closed;
    try (Arena other = Arena.ofConfined()) {
      closed = other.allocate(400, 64);
    }
    assertRefused(
        IllegalStateException.class,
        "B lies in memory that was closed",
        () -> sgemm.run(a, 3, closed, 4, c, 4));
    assertRefused(
        IllegalStateException.class,
        "the output lies in memory that was closed",
        () -> blas.sgemv(NO, 2, 3, 1, a, 0, 3, b, 0, 0, closed, 0));
  }

  @ParameterizedTest
  @MethodSource("all")
  void outputsDoNotOverlapInputs(Blas blas) {
    MemorySegment all = floats(200);
    MemorySegment middle = all.asSlice(40);
    assertBad("the output overlaps A", () -> sgemm(blas).run(all, 3, b, 4, all, 4));
    assertBad("the output overlaps B", () -> sgemm(blas).run(a, 3, all, 4, middle, 4));
    assertBad("the output overlaps A", () -> sgemm(blas).run(middle, 3, b, 4, middle, 10));
    assertBad("the output overlaps A", () -> dgemm(blas).run(all, 3, floats(24), 4, middle, 4));
    assertBad("the output overlaps B", () -> dgemm(blas).run(floats(12), 3, all, 4, middle, 4));
    assertBad("the output overlaps A", () -> blas.sgemv(NO, 2, 3, 1, all, 0, 3, b, 0, 0, all, 5));
    assertBad("the output overlaps x", () -> blas.sgemv(NO, 2, 3, 1, a, 0, 3, b, 0, 0, b, 2));
    // The same block, and blocks that share a column, of one matrix with rows of 10.
    for (int column : new int[] {0, 3, 8}) {
      assertBad(
          "the output overlaps A",
          () -> blas.sgemm(NO, NO, 2, 4, 3, 1, all, column, 10, b, 0, 4, 0, all, 0, 10));
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void blocksSideBySideInOneMatrixAreFine(Blas blas) {
    MemorySegment all = floats(64);
    for (int i = 0; i < 64; i++) {
      all.setAtIndex(JAVA_FLOAT, i, 1);
    }
    // A in columns 4 to 6 and C in columns 0 to 3 of rows of 10; then the other way round.
    blas.sgemm(NO, NO, 2, 4, 3, 1, all, 4, 10, all, 30, 4, 0, all, 0, 10);
    assertEquals(3, all.getAtIndex(JAVA_FLOAT, 13));
    assertEquals(1, all.getAtIndex(JAVA_FLOAT, 14));
    blas.sgemm(NO, NO, 2, 4, 3, 1, all, 0, 10, all, 30, 4, 0, all, 3, 10);
    assertEquals(9, all.getAtIndex(JAVA_FLOAT, 16));
    // A row of output between the rows of A.
    blas.sgemv(NO, 2, 3, 1, all, 0, 10, all, 30, 0, all, 5);
    assertEquals(9, all.getAtIndex(JAVA_FLOAT, 5));
  }

  @ParameterizedTest
  @MethodSource("all")
  void emptyProductsTouchNothing(Blas blas) {
    MemorySegment none = MemorySegment.NULL;
    blas.sgemm(NO, NO, 0, 4, 3, 1, none, 0, 3, none, 0, 4, 0, none, 0, 4);
    blas.dgemm(YES, NO, 2, 0, 3, 1, none, 0, 2, none, 0, 1, 0, none, 0, 1);
    blas.sgemv(NO, 0, 3, 1, none, 0, 3, none, 0, 0, none, 0);
    blas.sgemv(YES, 3, 0, 1, none, 0, 1, none, 0, 0, none, 0);
    // A product over nothing is zero, and needs no room for A.
    c.setAtIndex(JAVA_FLOAT, 7, Float.NaN);
    blas.sgemm(NO, NO, 2, 4, 0, 1, none, 0, 100, none, 0, 100, 0, c, 0, 4);
    assertEquals(0, c.getAtIndex(JAVA_FLOAT, 7));
  }
}
