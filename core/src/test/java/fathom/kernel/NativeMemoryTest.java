package fathom.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Kernels check each argument before they touch memory, since they access it by address: that it is
 * open, this thread's, large enough and, where they write, not read-only. A refused call writes
 * nothing.
 */
class NativeMemoryTest {
  private static final int ROWS = 3;
  private static final int COLS = 37;
  private static final long SIZE = ROWS * COLS;

  /** What a kernel does with matrices. */
  interface Call {
    void run(Kernels k, Matrix[] m);
  }

  /**
   * A kernel on matrices.
   *
   * @param shapes of each argument: m for a matrix, c for a column, r for a row, t and q for three
   *     and four gates' rows; capitals are written
   */
  record Case(String name, Kernels kernels, String shapes, Call call) {
    @Override
    public String toString() {
      return kernels.name() + " " + name;
    }

    int arguments() {
      return shapes.length();
    }

    int rows(int i) {
      return switch (shapes.charAt(i)) {
        case 'r', 'R' -> 1;
        case 't', 'T' -> 3 * ROWS;
        case 'q', 'Q' -> 4 * ROWS;
        default -> ROWS;
      };
    }

    int cols(int i) {
      return "cC".indexOf(shapes.charAt(i)) >= 0 ? 1 : COLS;
    }

    Matrix[] matrices(Arena arena) {
      return IntStream.range(0, arguments())
          .mapToObj(i -> Matrix.allocate(arena, rows(i), cols(i)))
          .toArray(Matrix[]::new);
    }
  }

  private static UpdateStep step(Matrix[] m) {
    return new UpdateStep(m[0].segment(), List.of(m[1].segment(), m[2].segment()));
  }

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Kernels k : List.of(Kernels.vector(), Kernels.scalar())) {
      add(cases, k, "activate", "Zc", NativeMemoryTest::activate);
      add(cases, k, "activateAndSlope", "ZcM", NativeMemoryTest::activateAndSlope);
      add(cases, k, "prelu", "ZcM", (x, m) -> x.activation().prelu(1, m[0], m[1], m[2], 0, ROWS));
      add(cases, k, "derive", "mZC", NativeMemoryTest::derive);
      add(
          cases,
          k,
          "multiplySlope",
          "mZC",
          (x, m) -> x.activation().multiplySlope(m[0], m[1], m[2], 0, ROWS));
      add(
          cases,
          k,
          "preluDerive",
          "mZC",
          (x, m) -> x.activation().preluDerive(1, m[0], m[1], m[2], 0, ROWS));
      add(
          cases,
          k,
          "standardizeRows",
          "zMCC",
          (x, m) -> x.norm().standardizeRows(m[0], m[1], m[2], m[3], 1, 0, ROWS));
      add(cases, k, "scaleRows", "zcM", (x, m) -> x.norm().scaleRows(m[0], m[1], m[2], 0, ROWS));
      add(
          cases,
          k,
          "batchNormBackward",
          "mZccCc",
          (x, m) -> x.norm().batchNormBackward(m[0], m[1], m[2], m[3], 1, m[4], m[5], 0, ROWS));
      add(
          cases,
          k,
          "scaleBackward",
          "mZcC",
          (x, m) -> x.norm().scaleBackward(m[0], m[1], m[2], m[3], 0, ROWS));
      add(
          cases,
          k,
          "standardizeColumns",
          "xMR",
          (x, m) -> x.norm().standardizeColumns(m[0], m[1], m[2], 1, 0, COLS));
      add(
          cases,
          k,
          "layerNormBackward",
          "mXr",
          (x, m) -> x.norm().layerNormBackward(m[0], m[1], m[2], 0, COLS));
      add(cases, k, "addScaled", "mmZ", (x, m) -> x.norm().addScaled(m[0], 1, m[1], m[2], 0, ROWS));
      add(cases, k, "multiply", "mZ", (x, m) -> x.norm().multiply(m[0], m[1], 0, ROWS));
      add(
          cases,
          k,
          "lstmCell",
          "qmZM",
          (x, m) -> x.gates().lstmCell(m[0], m[1], m[2], m[3], 0, ROWS));
      add(cases, k, "lstmState", "qmZ", (x, m) -> x.gates().lstmState(m[0], m[1], m[2], 0, ROWS));
      add(
          cases,
          k,
          "lstmBackward",
          "qmmzZQ",
          (x, m) -> x.gates().lstmBackward(m[0], m[1], m[2], m[3], m[4], m[5], 0, ROWS));
      add(cases, k, "gruCandidate", "Tz", (x, m) -> x.gates().gruCandidate(m[0], m[1], 0, ROWS));
      add(cases, k, "gruState", "tmZ", (x, m) -> x.gates().gruState(m[0], m[1], m[2], 0, ROWS));
      add(
          cases,
          k,
          "gruBackward",
          "tmzZTT",
          (x, m) -> x.gates().gruBackward(m[0], m[1], m[2], m[3], m[4], m[5], 0, ROWS));
      add(
          cases,
          k,
          "dropout",
          "zMM",
          (x, m) -> x.dropout().dropout(m[0], m[1], m[2], 0.5, 2, 0, 0, 1, 1, 0, ROWS));
      add(
          cases,
          k,
          "softmaxCrossEntropy",
          "xrcM",
          (x, m) -> x.loss().softmaxCrossEntropy(m[0], m[1].segment(), m[2], 0.1f, 1, m[3]));
      add(
          cases,
          k,
          "sigmoidCrossEntropy",
          "xmM",
          (x, m) -> x.loss().sigmoidCrossEntropy(m[0], m[1], 1, m[2]));
      add(cases, k, "squaredError", "xmM", (x, m) -> x.loss().squaredError(m[0], m[1], 1, m[2]));
      add(cases, k, "absoluteError", "xmM", (x, m) -> x.loss().absoluteError(m[0], m[1], 1, m[2]));
      add(cases, k, "huber", "xmM", (x, m) -> x.loss().huber(m[0], m[1], 1, 1, m[2]));
      add(
          cases,
          k,
          "update",
          "MMMm",
          (x, m) ->
              x.update()
                  .update(Update.ADAM, step(m), m[3].segment(), 0, 0, SIZE, 1, Float.MAX_VALUE));
      add(cases, k, "scale", "M", (x, m) -> x.update().scale(m[0].segment(), 0, SIZE, 2));
      add(cases, k, "shrink", "M", (x, m) -> x.update().shrink(m[0].segment(), 0, SIZE, 2));
      add(
          cases,
          k,
          "sumOfSquares",
          "m",
          (x, m) -> x.update().sumOfSquares(m[0].segment(), 0, SIZE));
      add(cases, k, "constant", "M", (x, m) -> x.fill().constant(m[0].segment(), 0, 0, SIZE, 1));
      add(
          cases,
          k,
          "uniform",
          "M",
          (x, m) -> x.fill().uniform(m[0].segment(), 0, 0, SIZE, 1, 1, 1));
      add(cases, k, "normal", "M", (x, m) -> x.fill().normal(m[0].segment(), 0, 0, SIZE, 1, 1, 1));
      add(
          cases,
          k,
          "moments",
          "m",
          (x, m) -> x.tally().moments(m[0].segment(), 0, SIZE, new double[2], 0));
      add(
          cases,
          k,
          "changes",
          "mm",
          (x, m) ->
              x.tally().changes(m[0].segment(), 0, m[1].segment(), 0, SIZE, new double[2], 0));
      add(cases, k, "isZero", "m", (x, m) -> x.tally().isZero(m[0].segment(), 0, SIZE));
      add(cases, k, "outside", "m", (x, m) -> x.tally().outside(m[0].segment(), 0, SIZE, 1, 2));
      add(cases, k, "inside", "m", (x, m) -> x.tally().inside(m[0].segment(), 0, SIZE, 1, 2));
      add(cases, k, "exponents", "m", NativeMemoryTest::exponents);
    }
    return cases.stream();
  }

  private static void add(List<Case> cases, Kernels k, String name, String shapes, Call call) {
    cases.add(new Case(name, k, shapes, call));
  }

  private static void activate(Kernels k, Matrix[] m) {
    k.activation().activate(Function.TANH, 0, m[0], m[1], 0, ROWS);
  }

  private static void activateAndSlope(Kernels k, Matrix[] m) {
    k.activation().activateAndSlope(Function.GELU, 0, m[0], m[1], m[2], 0, ROWS);
  }

  private static void derive(Kernels k, Matrix[] m) {
    k.activation().derive(Function.TANH, 0, m[0], m[1], m[2], 0, ROWS);
  }

  private static void exponents(Kernels k, Matrix[] m) {
    long[] counts = new long[TallyKernels.EXPONENTS];
    k.tally().exponents(m[0].segment(), 0, SIZE, counts, new byte[TallyKernels.ROOM]);
  }

  /** Runs with each argument in turn replaced by another, and expects to be refused. */
  private static void refuses(
      Case of, String spared, Class<? extends Exception> error, Replacement other) {
    for (int i = 0; i < of.arguments(); i++) {
      if (spared.indexOf(of.shapes.charAt(i)) >= 0) {
        continue;
      }
      try (Arena arena = Arena.ofShared()) {
        Matrix[] matrices = of.matrices(arena);
        matrices[i] = other.make(arena, of.rows(i), of.cols(i));
        int argument = i;
        assertThrows(
            error, () -> of.call.run(of.kernels, matrices), () -> of + ", argument " + argument);
        for (int j = 0; j < matrices.length; j++) {
          if (j != i) {
            assertArrayEquals(new float[of.rows(j)][of.cols(j)], matrices[j].toArray());
          }
        }
      }
    }
  }

  /** Makes what is to be refused. */
  private interface Replacement {
    Matrix make(Arena arena, int rows, int cols);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void soundArgumentsPass(Case of) {
    try (Arena arena = Arena.ofConfined()) {
      of.call.run(of.kernels, of.matrices(arena));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void closedMemoryIsRefused(Case of) {
    refuses(
        of,
        "",
        IllegalStateException.class,
        (arena, rows, cols) -> {
          try (Arena closed = Arena.ofConfined()) {
            return Matrix.allocate(closed, rows, cols);
          }
        });
  }

  @ParameterizedTest
  @MethodSource("cases")
  void anotherThreadsMemoryIsRefused(Case of) {
    refuses(of, "", WrongThreadException.class, (arena, rows, cols) -> foreign(rows, cols));
  }

  /** Returns a matrix of a thread that has ended; its few bytes stay. */
  @SuppressWarnings("MustBeClosedChecker")
  private static Matrix foreign(int rows, int cols) {
    List<Matrix> made = new ArrayList<>();
    Thread owner = new Thread(() -> made.add(Matrix.allocate(Arena.ofConfined(), rows, cols)));
    owner.start();
    try {
      owner.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return made.get(0);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void tooFewRowsAreRefused(Case of) {
    refuses(
        of,
        "xX",
        IndexOutOfBoundsException.class,
        (arena, rows, cols) -> Matrix.allocate(arena, rows - 1, cols));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void tooFewColumnsAreRefused(Case of) {
    refuses(
        of,
        "xXzZ",
        IndexOutOfBoundsException.class,
        (arena, rows, cols) -> Matrix.allocate(arena, rows, cols - 1));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void readOnlyMemoryIsNotWritten(Case of) {
    refuses(
        of,
        "mzxcrtq",
        IllegalArgumentException.class,
        (arena, rows, cols) -> {
          MemorySegment x = Matrix.allocate(arena, rows, cols).segment().asReadOnly();
          return new Matrix(x, 0, rows, cols, cols);
        });
  }
}
