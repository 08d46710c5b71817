package fathom.kernel;

import static fathom.kernel.ActivationPlacementContract.SEED;
import static fathom.kernel.ActivationPlacementContract.shapes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import fathom.kernel.ActivationPlacementContract.Shape;
import fathom.kernel.NormCall.Operands;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Vector kernels against scalar ones, and what both have to do wherever an element lies. */
class NormKernelsTest {
  private static final NormKernels SCALAR = new ScalarNormKernels(VectorMath.LANES);
  private static final NormKernels VECTOR = new VectorNormKernels();

  static Stream<Shape> sizes() {
    return Stream.concat(shapes().stream(), Stream.of(new Shape(5, 2, 0), new Shape(64, 256, 0)));
  }

  static Stream<NormKernels> families() {
    return Stream.of(SCALAR, VECTOR);
  }

  @ParameterizedTest
  @EnumSource
  void bitsAreThoseOfTheScalarTwin(NormCall call) {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : sizes().toList()) {
        Operands normal = Operands.normal(arena, s, random);
        compare(call, s, normal, arena);
        compare(call, s, normal.special(random), arena);
      }
    }
  }

  private static void compare(NormCall call, Shape s, Operands start, Arena arena) {
    String what = call + " of " + s + ", seed " + SEED;
    Operands scalar = start.copy(arena, s);
    Operands vector = start.copy(arena, s);
    call.apply(SCALAR, scalar, 0, call.size(s));
    call.apply(VECTOR, vector, 0, call.size(s));
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
  void anyCutGivesTheSameBits(NormCall call) {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : List.of(new Shape(70, 45, 0), new Shape(41, 70, 3), new Shape(130, 4, 0))) {
        int from = 1;
        int to = call.size(s) - 1;
        Operands before = Operands.normal(arena, s, random);
        for (NormKernels kernels : List.of(SCALAR, VECTOR)) {
          Operands whole = before.copy(arena, s);
          Operands cut = before.copy(arena, s);
          call.apply(kernels, whole, 0, call.size(s));
          for (int start = from, end; start < to; start = end) {
            end = Math.min(to, start + random.nextInt(23));
            call.apply(kernels, cut, start, end);
          }
          for (int i = 0; i < cut.all().size(); i++) {
            Matrix old = before.all().get(i).matrix;
            Matrix all = whole.all().get(i).matrix;
            Matrix some = cut.all().get(i).matrix;
            for (int r = 0; r < old.rows(); r++) {
              for (int c = 0; c < old.cols(); c++) {
                int at = call.isOfColumns() ? c : r;
                float want = from <= at && at < to ? all.get(r, c) : old.get(r, c);
                String what = call + " of " + s + ", operand " + i + " at " + r + ", " + c;
                assertEquals(want, some.get(r, c), what);
              }
            }
          }
        }
      }
    }
  }

  /** NaN becomes NaN, and so do infinities but in gradients, where they may stay what they are. */
  @ParameterizedTest
  @MethodSource("families")
  void whatIsNotFiniteSpoilsItsRowOrColumnAlone(NormKernels kernels) {
    float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    try (Arena arena = Arena.ofConfined()) {
      Shape s = new Shape(37, 67, 0);
      for (NormCall call :
          List.of(
              NormCall.STANDARDIZE_ROWS,
              NormCall.BATCH_NORM_BACKWARD,
              NormCall.STANDARDIZE_COLUMNS,
              NormCall.LAYER_NORM_BACKWARD)) {
        for (float v : bad) {
          for (int at : new int[] {0, 16, 36}) {
            Operands o = Operands.normal(arena, s, new Random(SEED));
            boolean backward = call.name().endsWith("BACKWARD");
            Matrix spoilt = backward ? o.y().matrix : o.x().matrix;
            spoilt.set(at, at, v);
            call.apply(kernels, o, 0, call.size(s));
            for (int r = 0; r < s.rows(); r++) {
              for (int c = 0; c < s.cols(); c++) {
                boolean hit = (call.isOfColumns() ? c : r) == at;
                float y = o.y().matrix.get(r, c);
                String what = call + " with " + v + " at " + at + ": " + r + ", " + c;
                assertEquals(hit, !Float.isFinite(y), what);
                assertTrue(!hit || Float.isNaN(y) || (backward && Float.isInfinite(v)), what);
              }
            }
          }
        }
      }
    }
  }

  /** What came forward, and what is the same for a row or a column. */
  @ParameterizedTest
  @MethodSource("families")
  void whatIsNotFiniteBesideAGradientLeavesNoneFinite(NormKernels kernels) {
    float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    Shape s = new Shape(37, 67, 0);
    int at = 16;
    try (Arena arena = Arena.ofConfined()) {
      for (NormCall call : List.of(NormCall.BATCH_NORM_BACKWARD, NormCall.LAYER_NORM_BACKWARD)) {
        boolean columns = call.isOfColumns();
        for (float v : bad) {
          for (int operand = 0; operand < (columns ? 2 : 3); operand++) {
            Operands o = Operands.normal(arena, s, new Random(SEED));
            Matrix each = columns ? o.row().matrix : operand == 1 ? o.p().matrix : o.t().matrix;
            Matrix spoilt = operand == 0 ? o.x().matrix : each;
            spoilt.set(spoilt.rows() == 1 ? 0 : at, spoilt.cols() == 1 ? 0 : at, v);
            call.apply(kernels, o, 0, call.size(s));
            for (int r = 0; r < s.rows(); r++) {
              for (int c = 0; c < s.cols(); c++) {
                boolean hit = (columns ? c : r) == at;
                String what = call + " with " + v + " in " + operand + ": " + r + ", " + c;
                assertEquals(hit, !Float.isFinite(o.y().matrix.get(r, c)), what);
              }
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void infinitiesStayElementByElement(NormKernels kernels) {
    Shape s = new Shape(37, 67, 0);
    int at = 16;
    try (Arena arena = Arena.ofConfined()) {
      for (NormCall call :
          List.of(
              NormCall.SCALE_ROWS,
              NormCall.SCALE_BACKWARD,
              NormCall.ADD_SCALED,
              NormCall.MULTIPLY)) {
        for (float v : new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
          Operands o = Operands.normal(arena, s, new Random(SEED));
          boolean gradient = call == NormCall.SCALE_BACKWARD;
          (gradient ? o.y() : o.x()).matrix.set(at, at, v);
          call.apply(kernels, o, 0, call.size(s));
          Matrix out = (call == NormCall.ADD_SCALED ? o.w() : o.y()).matrix;
          for (int r = 0; r < s.rows(); r++) {
            for (int c = 0; c < s.cols(); c++) {
              boolean hit = r == at && c == at;
              String what = call + " with " + v + ": " + r + ", " + c;
              assertEquals(hit, Float.isInfinite(out.get(r, c)), what);
              assertTrue(hit || Float.isFinite(out.get(r, c)), what);
            }
            boolean finite = Float.isFinite(o.s().matrix.get(r, 0));
            assertEquals(gradient && r == at, !finite, call + " with " + v + ": sum of row " + r);
          }
        }
      }
    }
  }

  /** The sums of these numbers are exact. */
  @ParameterizedTest
  @MethodSource("families")
  void constantRowsAndColumnsBecomeZero(NormKernels kernels) {
    try (Arena arena = Arena.ofConfined()) {
      for (int n : new int[] {1, 2, 3, 15, 16, 17, 37, 256}) {
        for (float v : new float[] {0, -3, 1024}) {
          Operands o = Operands.normal(arena, new Shape(n, n, 1), new Random(SEED));
          for (int r = 0; r < n; r++) {
            for (int c = 0; c < n; c++) {
              o.x().matrix.set(r, c, v);
            }
          }
          NormCall.STANDARDIZE_ROWS.apply(kernels, o, 0, n);
          assertZero(o.y().matrix, n + " columns of " + v);
          assertZero(o.q().matrix, "variance of " + n + " columns of " + v);
          assertEquals(v, o.p().matrix.get(n - 1, 0));
          NormCall.STANDARDIZE_COLUMNS.apply(kernels, o, 0, n);
          assertZero(o.y().matrix, n + " rows of " + v);
          float inverse = 1 / (float) Math.sqrt(NormCall.EPSILON);
          assertEquals(inverse, o.row().matrix.get(0, n - 1));
        }
      }
    }
  }

  private static void assertZero(Matrix m, String what) {
    for (int r = 0; r < m.rows(); r++) {
      for (int c = 0; c < m.cols(); c++) {
        assertEquals(0, m.get(r, c), 0, what);
      }
    }
  }

  /** All kernels in turn, so that a vector that is boxed because a program mixes them is seen. */
  @Test
  void nothingIsAllocated() {
    assumeTrue(VectorMath.LANES >= 4, "C2 has no vectors this narrow for all operations");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().threadId();
    List<Shape> all = List.of(new Shape(24, 64, 0), new Shape(24, 37, 0), new Shape(24, 80, 3));
    NormCall[] calls = NormCall.values();
    try (Arena arena = Arena.ofConfined()) {
      Operands[] operands =
          all.stream()
              .map(s -> Operands.normal(arena, s, new Random(SEED)))
              .toArray(Operands[]::new);
      long bytes = -1;
      for (int round = 0; round < 300 && bytes != 0; round++) {
        long before = threads.getThreadAllocatedBytes(id);
        for (int i = 0; i < 50; i++) {
          for (Operands o : operands) {
            for (NormCall call : calls) {
              call.apply(VECTOR, o, 0, 24);
            }
          }
        }
        bytes = threads.getThreadAllocatedBytes(id) - before;
      }
      assertEquals(0, bytes, "bytes of 50 times all kernels");
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
      Matrix z = new Matrix(mapped, 0, 1, 64, 64);
      Matrix one = Matrix.allocate(arena, 1, 1);
      Matrix row = Matrix.allocate(arena, 1, 64);
      assertThrows(
          IllegalArgumentException.class, () -> VECTOR.standardizeRows(z, z, one, one, 1, 0, 1));
      assertThrows(
          IllegalArgumentException.class, () -> VECTOR.standardizeColumns(z, z, row, 1, 0, 64));
      assertThrows(IllegalArgumentException.class, () -> VECTOR.multiply(z, z, 0, 1));
    }
  }
}
