package fathom.kernel;

import static fathom.kernel.ActivationPlacementContract.SEED;
import static fathom.kernel.ActivationPlacementContract.shapes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import fathom.kernel.ActivationPlacementContract.Shape;
import fathom.matrix.Matrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Gates by vectors against the scalar twin, and the twin against the formulas. */
class GateKernelsTest {
  private static final GateKernels SCALAR = new ScalarGateKernels();
  private static final GateKernels VECTOR = new VectorGateKernels();

  enum Call {
    LSTM_CELL,
    LSTM_CELL_IN_PLACE,
    LSTM_STATE,
    LSTM_BACKWARD,
    GRU_CANDIDATE,
    GRU_STATE,
    GRU_BACKWARD;

    void apply(GateKernels k, Operands o, int from, int to) {
      Matrix a = o.a.matrix;
      Matrix b = o.b.matrix;
      Matrix c = o.c.matrix;
      Matrix d = o.d.matrix;
      switch (this) {
        case LSTM_CELL -> k.lstmCell(o.gates.matrix, a, b, c, from, to);
        case LSTM_CELL_IN_PLACE -> k.lstmCell(o.gates.matrix, a, a, c, from, to);
        case LSTM_STATE -> k.lstmState(o.gates.matrix, a, b, from, to);
        case LSTM_BACKWARD -> k.lstmBackward(o.gates.matrix, a, b, c, d, o.dz.matrix, from, to);
        case GRU_CANDIDATE -> k.gruCandidate(o.gates.matrix, a, from, to);
        case GRU_STATE -> k.gruState(o.gates.matrix, a, b, from, to);
        case GRU_BACKWARD ->
            k.gruBackward(o.gates.matrix, a, b, c, o.dz.matrix, o.du.matrix, from, to);
      }
    }
  }

  /** Three matrices of four gates and four of one. */
  record Operands(
      Guarded gates, Guarded dz, Guarded du, Guarded a, Guarded b, Guarded c, Guarded d) {
    static Operands normal(Arena arena, Shape s, Random random) {
      Operands o =
          new Operands(
              new Guarded(arena, 4 * s.rows(), s.cols(), s.gap()),
              new Guarded(arena, 4 * s.rows(), s.cols(), 2 * s.gap()),
              new Guarded(arena, 4 * s.rows(), s.cols(), 3 * s.gap()),
              new Guarded(arena, s.rows(), s.cols(), s.gap()),
              new Guarded(arena, s.rows(), s.cols(), 0),
              new Guarded(arena, s.rows(), s.cols(), 3 * s.gap()),
              new Guarded(arena, s.rows(), s.cols(), 2 * s.gap()));
      o.all().forEach(g -> g.normal(random, 1));
      return o;
    }

    List<Guarded> all() {
      return List.of(gates, dz, du, a, b, c, d);
    }

    Operands copy(Arena arena, Shape s) {
      Operands o = normal(arena, s, new Random(0));
      for (int i = 0; i < all().size(); i++) {
        o.all().get(i).copy(all().get(i));
      }
      return o;
    }
  }

  @ParameterizedTest
  @EnumSource
  void bitsAreThoseOfTheScalarTwin(Call call) {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : shapes()) {
        Operands start = Operands.normal(arena, s, random);
        compare(call, s, start, arena);
        start.all().forEach(g -> g.special(random));
        compare(call, s, start, arena);
      }
    }
  }

  private static void compare(Call call, Shape s, Operands start, Arena arena) {
    String what = call + " of " + s + ", seed " + SEED;
    Operands scalar = start.copy(arena, s);
    Operands vector = start.copy(arena, s);
    call.apply(SCALAR, scalar, 0, s.rows());
    call.apply(VECTOR, vector, 0, s.rows());
    for (int i = 0; i < start.all().size(); i++) {
      Guarded v = vector.all().get(i);
      v.assertSame(scalar.all().get(i), 0, v.matrix.rows(), what + ", operand " + i);
      v.assertUntouched(what + ", operand " + i);
      scalar.all().get(i).assertUntouched(what + ", operand " + i);
    }
  }

  /** So does every other number stay as it is. */
  @ParameterizedTest
  @EnumSource
  void anyCutGivesTheSameBits(Call call) {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : List.of(new Shape(70, 45, 0), new Shape(41, 70, 3), new Shape(130, 4, 0))) {
        Operands before = Operands.normal(arena, s, random);
        int last = s.rows() - 1;
        for (GateKernels kernels : List.of(SCALAR, VECTOR)) {
          Operands whole = before.copy(arena, s);
          Operands cut = before.copy(arena, s);
          call.apply(kernels, whole, 0, s.rows());
          for (int start = 1, end; start < last; start = end) {
            end = Math.min(last, start + random.nextInt(23));
            call.apply(kernels, cut, start, end);
          }
          for (int i = 0; i < cut.all().size(); i++) {
            Guarded all = whole.all().get(i);
            Guarded old = before.all().get(i);
            String what = call + " of " + s + ", operand " + i;
            for (int gate = 0; gate < old.matrix.rows(); gate += s.rows()) {
              cut.all().get(i).assertSame(old, gate, gate + 1, what);
              cut.all().get(i).assertSame(all, gate + 1, gate + last, what);
              cut.all().get(i).assertSame(old, gate + last, gate + s.rows(), what);
            }
          }
        }
      }
    }
  }

  /** Six roundings at most, of numbers below 64: 6 x 2^-24 x 64 is 3e-5. */
  @Test
  void resultsAreThoseOfTheFormulas() {
    Shape s = new Shape(9, 23, 1);
    try (Arena arena = Arena.ofConfined()) {
      Operands start = Operands.normal(arena, s, new Random(SEED));
      Operands lstm = start.copy(arena, s);
      Call.LSTM_BACKWARD.apply(SCALAR, lstm, 0, 9);
      Operands gru = start.copy(arena, s);
      Call.GRU_BACKWARD.apply(SCALAR, gru, 0, 9);
      for (int r = 0; r < 9; r++) {
        for (int j = 0; j < 23; j++) {
          double[] g = new double[4];
          for (int k = 0; k < 4; k++) {
            g[k] = start.gates.matrix.get(9 * k + r, j);
          }
          double a = start.a.matrix.get(r, j);
          double b = start.b.matrix.get(r, j);
          double dh = start.c.matrix.get(r, j);
          double dc = start.d.matrix.get(r, j) + dh * g[3] * (1 - b * b);
          near(dc * g[2] * g[0] * (1 - g[0]), lstm.dz.matrix.get(r, j));
          near(dc * a * g[1] * (1 - g[1]), lstm.dz.matrix.get(9 + r, j));
          near(dc * g[0] * (1 - g[2] * g[2]), lstm.dz.matrix.get(18 + r, j));
          near(dh * b * g[3] * (1 - g[3]), lstm.dz.matrix.get(27 + r, j));
          near(dc * g[1], lstm.d.matrix.get(r, j));
          double dn = dh * (1 - g[1]) * (1 - g[2] * g[2]);
          near(dn * b * g[0] * (1 - g[0]), gru.dz.matrix.get(r, j));
          near(dh * (a - g[2]) * g[1] * (1 - g[1]), gru.dz.matrix.get(9 + r, j));
          near(dn, gru.dz.matrix.get(18 + r, j));
          near(dn * g[0], gru.du.matrix.get(18 + r, j));
          near(dh * g[1], gru.c.matrix.get(r, j));
        }
      }
    }
  }

  private static void near(double expected, float actual) {
    assertEquals(expected, actual, 3e-5 * Math.max(1, Math.abs(expected) / 64));
  }

  /** All kernels in turn, so that a vector that is boxed because a program mixes them is seen. */
  @Test
  void nothingIsAllocated() {
    assumeTrue(VectorMath.LANES >= 4, "C2 has no vectors this narrow for all operations");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().threadId();
    try (Arena arena = Arena.ofConfined()) {
      Operands o = Operands.normal(arena, new Shape(24, 37, 3), new Random(SEED));
      Call[] calls = Call.values();
      long bytes = -1;
      for (int round = 0; round < 300 && bytes != 0; round++) {
        long before = threads.getThreadAllocatedBytes(id);
        for (int i = 0; i < 150; i++) {
          for (Call call : calls) {
            call.apply(VECTOR, o, 0, 24);
          }
        }
        bytes = threads.getThreadAllocatedBytes(id) - before;
      }
      assertEquals(0, bytes, "bytes of 150 times all kernels");
    }
  }

  @Test
  void mappedFilesAreRefused(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("numbers");
    Files.write(file, new byte[256]);
    try (Arena arena = Arena.ofConfined();
        FileChannel channel =
            FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 256, arena);
      Matrix gates = new Matrix(mapped, 0, 4, 16, 16);
      Matrix one = Matrix.allocate(arena, 1, 16);
      assertThrows(
          IllegalArgumentException.class, () -> VECTOR.lstmCell(gates, one, one, one, 0, 1));
      assertThrows(IllegalArgumentException.class, () -> VECTOR.gruState(gates, one, one, 0, 1));
    }
  }
}
