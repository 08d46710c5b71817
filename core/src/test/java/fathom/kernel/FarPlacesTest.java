package fathom.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import fathom.SparseMemory;
import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.engine.Form;
import fathom.engine.Product;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Kernels compute beyond 2^31 elements what they compute at the beginning of memory. */
class FarPlacesTest {
  /** Row 3 of a matrix of this stride begins at 2.4e9 elements, past 2^31. */
  private static final int FAR_STRIDE = 800_000_000;

  private static final long FAR = (1L << 31) + 3;
  private static final int ROWS = 4;
  private static final int COLS = 37;

  static Stream<Kernels> kernels() {
    return Stream.of(Kernels.vector(), Kernels.scalar());
  }

  /** Hands out matrices of four rows, close together or far apart, of the same random numbers. */
  private static final class Memory {
    private final MemorySegment segment;
    private final int stride;
    private final Random random = new Random(5);
    private long next;

    Memory(Arena arena, int stride) {
      this.stride = stride;
      segment = arena.allocate(4L * ROWS * stride, 64);
    }

    Matrix matrix() {
      return matrix(ROWS, COLS);
    }

    Matrix column() {
      return matrix(ROWS, 1);
    }

    Matrix row() {
      return matrix(1, COLS);
    }

    Matrix matrix(int rows, int cols) {
      Matrix m = new Matrix(segment, next, rows, cols, stride);
      next += 64;
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++) {
          m.set(r, c, 0.25f + random.nextFloat());
        }
      }
      return m;
    }
  }

  private static void compare(String what, Consumer<Memory> work, int matrices) {
    float[][][] near = run(work, matrices, false);
    float[][][] far = run(work, matrices, true);
    for (int i = 0; i < matrices; i++) {
      assertArrayEquals(near[i], far[i], what + ", matrix " + i);
    }
  }

  /** Returns the first matrices that the work was handed, as it left them. */
  private static float[][][] run(Consumer<Memory> work, int matrices, boolean far) {
    try (Arena arena = far ? new SparseMemory() : Arena.ofShared()) {
      Memory memory = new Memory(arena, far ? FAR_STRIDE : 1024);
      work.accept(memory);
      long[] starts = IntStream.range(0, matrices).mapToLong(i -> 64L * i).toArray();
      float[][][] all = new float[matrices][][];
      for (int i = 0; i < matrices; i++) {
        all[i] = new Matrix(memory.segment, starts[i], ROWS, COLS, memory.stride).toArray();
      }
      return all;
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void activations(Kernels kernels) {
    ActivationKernels k = kernels.activation();
    for (Function f : Function.values()) {
      compare(f + " forward", m -> k.activate(f, 0.3f, m.matrix(), m.column(), 0, ROWS), 1);
      if (f.keepsSlope()) {
        compare(
            f + " with slope",
            m -> k.activateAndSlope(f, 0.3f, m.matrix(), m.column(), m.matrix(), 0, ROWS),
            3);
        compare(f + " back", m -> k.multiplySlope(m.matrix(), m.matrix(), m.column(), 0, ROWS), 3);
      } else {
        compare(
            f + " back", m -> k.derive(f, 0.3f, m.matrix(), m.matrix(), m.column(), 0, ROWS), 3);
      }
    }
    compare("PReLU", m -> k.prelu(0.1f, m.matrix(), m.column(), m.matrix(), 0, ROWS), 3);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void norms(Kernels kernels) {
    NormKernels k = kernels.norm();
    compare(
        "batch norm",
        m -> k.standardizeRows(m.matrix(), m.matrix(), m.column(), m.column(), 1e-5f, 0, ROWS),
        4);
    compare("scale", m -> k.scaleRows(m.matrix(), m.column(), m.matrix(), 0, ROWS), 3);
    compare(
        "batch norm back",
        m ->
            k.batchNormBackward(
                m.matrix(),
                m.matrix(),
                m.column(),
                m.column(),
                1e-5f,
                m.column(),
                m.column(),
                0,
                ROWS),
        6);
    compare(
        "scale back",
        m -> k.scaleBackward(m.matrix(), m.matrix(), m.column(), m.column(), 0, ROWS),
        4);
    compare(
        "layer norm",
        m -> k.standardizeColumns(m.matrix(), m.matrix(), m.matrix(1, COLS), 1e-5f, 0, COLS),
        3);
    compare(
        "layer norm back",
        m -> k.layerNormBackward(m.matrix(), m.matrix(), m.matrix(1, COLS), 0, COLS),
        3);
    compare("sum", m -> k.addScaled(m.matrix(), 2, m.matrix(), m.matrix(), 0, ROWS), 3);
    compare("product", m -> k.multiply(m.matrix(), m.matrix(), 0, ROWS), 2);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void masksGatesAndLosses(Kernels kernels) {
    compare(
        "dropout",
        m ->
            kernels
                .dropout()
                .dropout(m.matrix(), m.matrix(), m.matrix(), 0.4, 1.5f, 0, 0, 7, 9, 0, ROWS),
        3);
    // One unit: gates lie below one another, the last of them far away.
    GateKernels g = kernels.gates();
    compare("LSTM", m -> g.lstmCell(m.matrix(), m.row(), m.row(), m.row(), 0, 1), 4);
    compare(
        "LSTM back",
        m -> g.lstmBackward(m.matrix(), m.row(), m.row(), m.row(), m.row(), m.matrix(), 0, 1),
        6);
    LossKernels l = kernels.loss();
    compare("squares", m -> set(m, l.squaredError(m.matrix(), m.matrix(), 0.1f, m.matrix())), 4);
    compare("Huber", m -> set(m, l.huber(m.matrix(), m.matrix(), 0.2f, 0.1f, m.matrix())), 4);
    compare(
        "softmax",
        m -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment labels = arena.allocate(4L * COLS, 64);
            for (int i = 0; i < COLS; i++) {
              labels.setAtIndex(ValueLayout.JAVA_INT, i, i % ROWS);
            }
            double loss = l.softmaxCrossEntropy(m.matrix(), labels, null, 0.1f, 0.5f, m.matrix());
            set(m, loss);
          }
        },
        3);
  }

  /** Lets a number be compared with the matrices. */
  private static void set(Memory memory, double number) {
    memory.matrix().set(0, 0, (float) number);
  }

  /** Forty rows of the longest that a BLAS is given: the last one lies past 2^31. */
  @ParameterizedTest
  @MethodSource("kernels")
  void products(Kernels kernels) {
    int n = 40;
    for (Blas blas : new Blas[] {Blas.openBlas(), Blas.java()}) {
      try (Engine engine = new Engine(blas, kernels, 1)) {
        for (Form form : Form.values()) {
          Product product = engine.product(form, n, n, n);
          assertArrayEquals(
              multiply(product, n, 1024), multiply(product, n, 60_000_000), blas.name() + form);
        }
      }
    }
  }

  private static float[][] multiply(Product product, int n, int stride) {
    try (Arena arena = stride == 1024 ? Arena.ofShared() : new SparseMemory()) {
      MemorySegment segment = arena.allocate(4L * n * stride, 64);
      Matrix[] all = new Matrix[3];
      Random random = new Random(4);
      for (int i = 0; i < all.length; i++) {
        all[i] = new Matrix(segment, 64L * i, n, n, stride);
        for (int r = 0; r < n; r++) {
          for (int c = 0; c < n; c++) {
            all[i].set(r, c, random.nextFloat());
          }
        }
      }
      for (int block = 0; block < product.blocks(); block++) {
        product.run(all[0], all[1], all[2], block);
      }
      return all[2].toArray();
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void updates(Kernels kernels) {
    int count = 3000;
    UpdateCase.all()
        .forEach(
            c -> assertArrayEquals(update(kernels, c, 3, count), update(kernels, c, FAR, count)));
  }

  private static float[] update(Kernels kernels, UpdateCase c, long from, int count) {
    try (Arena arena = from < FAR ? Arena.ofShared() : new SparseMemory()) {
      Random random = new Random(2);
      MemorySegment[] all = new MemorySegment[5];
      for (int i = 0; i < all.length; i++) {
        all[i] = arena.allocate((from + count + 8) * Float.BYTES, 64);
        for (int k = 0; k < count; k++) {
          all[i].setAtIndex(ValueLayout.JAVA_FLOAT, from + k, random.nextFloat());
        }
      }
      c.apply(kernels.update(), all, from, from + count);
      MemorySegment x = all[0];
      kernels.update().shrink(x, from, from + count, 0.05f);
      kernels.update().scale(x, from, from + count, 1.25f);
      float[] found = new float[all.length * count + 1];
      for (int i = 0; i < all.length; i++) {
        MemorySegment.copy(
            all[i], ValueLayout.JAVA_FLOAT, from * Float.BYTES, found, i * count, count);
      }
      found[all.length * count] = (float) kernels.update().sumOfSquares(x, from, from + count);
      return found;
    }
  }

  /** A number of a stream depends on its index, wherever it is put, and indices pass 2^31 too. */
  @ParameterizedTest
  @MethodSource("kernels")
  void fills(Kernels kernels) {
    int count = 5000;
    FillKernels k = kernels.fill();
    try (Arena arena = Arena.ofShared();
        SparseMemory sparse = new SparseMemory()) {
      MemorySegment near = arena.allocate(4L * count, 64);
      MemorySegment far = sparse.allocate((FAR + count) * Float.BYTES, 64);
      k.normal(near, 0, 0, count, 3, 4, 2);
      k.normal(far, FAR, 0, count, 3, 4, 2);
      float[] first = floats(near, 0, count);
      assertArrayEquals(first, floats(far, FAR, count));
      k.normal(near, -FAR, FAR, FAR + count, 3, 4, 2);
      k.normal(far, 0, FAR, FAR + count, 3, 4, 2);
      assertArrayEquals(floats(near, 0, count), floats(far, FAR, count));
      assertNotEquals(first[0], near.get(ValueLayout.JAVA_FLOAT, 0));
      k.uniform(near, -FAR, FAR, FAR + count, 3, 4, 2);
      k.uniform(far, 0, FAR, FAR + count, 3, 4, 2);
      assertArrayEquals(floats(near, 0, count), floats(far, FAR, count));
      k.constant(far, 0, FAR, FAR + count, 5);
      assertEquals(5, far.getAtIndex(ValueLayout.JAVA_FLOAT, FAR + count - 1));
      assertEquals(0, far.getAtIndex(ValueLayout.JAVA_FLOAT, FAR - 1));
    }
  }

  private static float[] floats(MemorySegment x, long from, int count) {
    float[] values = new float[count];
    MemorySegment.copy(x, ValueLayout.JAVA_FLOAT, from * Float.BYTES, values, 0, count);
    return values;
  }
}
