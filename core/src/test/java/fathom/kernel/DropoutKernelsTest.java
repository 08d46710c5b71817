package fathom.kernel;

import static fathom.kernel.ActivationPlacementContract.SEED;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Both families of dropout, against each other and against the generator's words. */
class DropoutKernelsTest {
  private static final DropoutKernels SCALAR = new ScalarDropoutKernels();
  private static final DropoutKernels VECTOR = new VectorDropoutKernels();
  private static final long STREAM = 77;

  static Stream<DropoutKernels> families() {
    return Stream.of(SCALAR, VECTOR);
  }

  private static void drop(
      DropoutKernels k, Matrix x, Matrix mask, Matrix y, double p, int from, int to) {
    k.dropout(x, mask, y, p, 1.25f, 0.5f, -1.5f, SEED, STREAM, from, to);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0x1p-32, 0.1, 0.5, 0.75, 1 - 0x1p-32})
  void bitsAreThoseOfTheScalarTwin(double p) {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : NormKernelsTest.sizes().toList()) {
        Guarded x = new Guarded(arena, s.rows(), s.cols(), 0).normal(random, 2).special(random);
        for (int from : new int[] {0, Math.min(1, s.rows())}) {
          Guarded[] mask = new Guarded[2];
          Guarded[] y = new Guarded[2];
          for (int i = 0; i < 2; i++) {
            mask[i] = new Guarded(arena, s.rows(), s.cols(), s.gap()).copy(x);
            y[i] = new Guarded(arena, s.rows(), s.cols(), 0).copy(x);
            DropoutKernels kernels = i == 0 ? VECTOR : SCALAR;
            drop(kernels, x.matrix, mask[i].matrix, y[i].matrix, p, from, s.rows());
            String what = "p = " + p + ", rows from " + from + " of " + s + ", seed " + SEED;
            mask[i].assertUntouched(what);
            y[i].assertUntouched(what);
            y[i].assertSame(x, 0, from, what);
            mask[i].assertSame(x, 0, from, what);
          }
          mask[0].assertSame(mask[1], 0, s.rows(), "mask for p = " + p + " of " + s);
          y[0].assertSame(y[1], 0, s.rows(), "Y for p = " + p + " of " + s);
        }
      }
    }
  }

  /** The words are those that {@link FillKernels} turns into numbers. */
  @ParameterizedTest
  @MethodSource("families")
  void smallWordsDropTheirElements(DropoutKernels kernels) {
    try (Arena arena = Arena.ofConfined()) {
      for (int gap : new int[] {0, 3}) {
        Matrix x = new Guarded(arena, 61, 37, gap).normal(new Random(SEED), 1).matrix;
        Matrix mask = new Guarded(arena, 61, 37, gap).matrix;
        Matrix y = new Guarded(arena, 61, 37, gap).matrix;
        Matrix uniform = Matrix.allocate(arena, 61, 37);
        ScalarFillKernels.INSTANCE.uniform(uniform.segment(), 0, 0, 61 * 37, SEED, STREAM, 1);
        drop(kernels, x, mask, y, 0.3, 0, 61);
        Threefry generator = new Threefry(SEED, STREAM);
        for (int i = 0; i < 61 * 37; i++) {
          generator.block(i / 64 * 16 + i % 16);
          int word = generator.word(i % 64 / 16);
          int r = i / 37;
          int c = i % 37;
          assertEquals(ScalarFillKernels.uniform(word, 1), uniform.get(r, c), "element " + i);
          boolean dropped = Integer.toUnsignedLong(word) < (long) (0.3 * 0x1p32);
          assertEquals(dropped ? 0 : 1.25f, mask.get(r, c), "mask of element " + i);
          float kept = Math.fma(x.get(r, c), 1.25f, 0.5f);
          assertEquals(dropped ? -1.5f : kept, y.get(r, c), "Y of element " + i);
        }
      }
    }
  }

  /**
   * A binomial count stays within five standard deviations but for once in 1.7 million; the
   * rounding of p to 2^-32 moves it by less than one.
   */
  @ParameterizedTest
  @MethodSource("families")
  void theShareOfDroppedIsTheProbability(DropoutKernels kernels) {
    int rows = 400;
    int cols = 512;
    double n = rows * cols;
    try (Arena arena = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(arena, rows, cols);
      Matrix mask = Matrix.allocate(arena, rows, cols);
      Matrix y = Matrix.allocate(arena, rows, cols);
      for (double p : new double[] {0, 0.001, 0.1, 0.5, 0.9}) {
        drop(kernels, x, mask, y, p, 0, rows);
        int count = 0;
        for (int r = 0; r < rows; r++) {
          for (int c = 0; c < cols; c++) {
            count += mask.get(r, c) == 0 ? 1 : 0;
          }
        }
        double limit = p == 0 ? 0 : 5 * Math.sqrt(n * p * (1 - p)) + 1;
        assertEquals(n * p, count, limit, "dropped of " + n + " with p = " + p + ", seed " + SEED);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void anyCutGivesTheSameBits(DropoutKernels kernels) {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (int cols : new int[] {1, 10, 64, 101}) {
        Guarded x = new Guarded(arena, 150, cols, 0).normal(random, 1);
        Guarded[] mask = {new Guarded(arena, 150, cols, 0), new Guarded(arena, 150, cols, 0)};
        Guarded[] y = {new Guarded(arena, 150, cols, 0), new Guarded(arena, 150, cols, 0)};
        drop(kernels, x.matrix, mask[0].matrix, y[0].matrix, 0.4, 0, 150);
        for (int from = 0, to; from < 150; from = to) {
          to = Math.min(150, from + random.nextInt(23));
          drop(kernels, x.matrix, mask[1].matrix, y[1].matrix, 0.4, from, to);
        }
        mask[1].assertSame(mask[0], 0, 150, "mask of " + cols + " columns, seed " + SEED);
        y[1].assertSame(y[0], 0, 150, "Y of " + cols + " columns, seed " + SEED);
      }
    }
  }

  /** Moves the origin back by billions of elements, so that high rows hit a small array. */
  @ParameterizedTest
  @MethodSource("families")
  @SuppressWarnings("restricted")
  void indicesPassTwoToThe32(DropoutKernels kernels) {
    int rows = 1 << 20;
    int cols = (1 << 12) + 7;
    long bytes = (long) rows * cols * Float.BYTES;
    try (Arena arena = Arena.ofConfined()) {
      Matrix[] m = new Matrix[3];
      for (int i = 0; i < 3; i++) {
        MemorySegment small = arena.allocate(2L * cols * Float.BYTES, 64);
        long origin = small.address() + small.byteSize() - bytes;
        m[i] = new Matrix(MemorySegment.ofAddress(origin).reinterpret(bytes), 0, rows, cols, cols);
      }
      drop(kernels, m[0], m[1], m[2], 0.5, rows - 2, rows);
      Threefry generator = new Threefry(SEED, STREAM);
      for (int c = 0; c < cols; c++) {
        long i = (rows - 1L) * cols + c;
        generator.block(i / 64 * 16 + i % 16);
        boolean dropped = generator.word((int) (i % 64 / 16)) >= 0;
        assertEquals(dropped ? 0 : 1.25f, m[1].get(rows - 1, c), "element " + i);
      }
    }
  }

  @Test
  void nothingIsAllocated() {
    assumeTrue(VectorMath.LANES >= 4, "C2 has no vectors this narrow for all operations");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().threadId();
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : List.of(new Shape(24, 64, 0), new Shape(24, 37, 0), new Shape(24, 37, 3))) {
        Matrix x = new Guarded(arena, 24, s.cols(), s.gap()).normal(new Random(SEED), 1).matrix;
        Matrix mask = Matrix.allocate(arena, 24, s.cols());
        Matrix y = Matrix.allocate(arena, 24, s.cols());
        long bytes = -1;
        for (int round = 0; round < 300 && bytes != 0; round++) {
          long before = threads.getThreadAllocatedBytes(id);
          for (int i = 0; i < 50; i++) {
            drop(VECTOR, x, mask, y, 0.5, 0, 24);
          }
          bytes = threads.getThreadAllocatedBytes(id) - before;
        }
        assertEquals(0, bytes, "bytes of 50 times " + s);
      }
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
      Matrix x = new Matrix(mapped, 0, 1, 64, 64);
      Matrix y = Matrix.allocate(arena, 1, 64);
      assertThrows(IllegalArgumentException.class, () -> drop(VECTOR, x, y, y, 0.5, 0, 1));
    }
  }
}
