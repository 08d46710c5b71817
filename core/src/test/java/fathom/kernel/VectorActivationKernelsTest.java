package fathom.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.ThreadMXBean;
import fathom.matrix.Matrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VectorActivationKernelsTest extends ActivationKernelsContract {
  private static final int BITS = VectorMath.LANES * Float.SIZE;

  private final ActivationKernels vector = new VectorActivationKernels();
  private final ActivationKernels scalar = new ScalarActivationKernels(VectorMath.LANES);

  @Override
  ActivationKernels kernels() {
    return vector;
  }

  /** So that a run at a given width tests that width: less only where the hardware has less. */
  @Test
  void vectorsAreAsWideAsAsked() {
    Integer asked = Integer.getInteger("fathom.test.bits");
    assumeTrue(asked != null, "no width asked for");
    HotSpotDiagnosticMXBean vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    int granted = 8 * Integer.parseInt(vm.getVMOption("MaxVectorSize").getValue());
    assertTrue(granted <= asked, granted + " bits where " + asked + " were asked for");
    assertEquals(granted, BITS);
  }

  @ParameterizedTest
  @EnumSource
  void bitsAreThoseOfTheScalarTwin(Function f) {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : shapes()) {
        Guarded x = new Guarded(arena, s.rows(), s.cols(), s.gap()).normal(random, 5);
        Guarded bias = new Guarded(arena, s.rows(), 1, 0).normal(random, 1).special(random);
        compare(f, s, x.special(random), bias, random, arena);
      }
    }
  }

  /** Every 65,521th float. */
  @ParameterizedTest
  @EnumSource
  void bitsAreThoseOfTheScalarTwinAllOverTheFloats(Function f) {
    try (Arena arena = Arena.ofConfined()) {
      Guarded x = new Guarded(arena, 16, 4096, 0);
      long bits = 0;
      for (int r = 0; r < 16; r++) {
        for (int c = 0; c < 4096; c++, bits += 65521) {
          x.matrix.set(r, c, Float.intBitsToFloat((int) bits));
        }
      }
      compare(f, new Shape(16, 4096, 0), x, zeros(arena, 16), new Random(SEED), arena);
    }
  }

  private void compare(Function f, Shape s, Guarded x, Guarded bias, Random random, Arena arena) {
    String what = f + " of " + s + ", seed " + SEED;
    int rows = s.rows();
    Guarded[] z = {copy(arena, x, s), copy(arena, x, s)};
    Guarded[] a = {copy(arena, x, s), copy(arena, x, s)};
    Guarded d = new Guarded(arena, rows, s.cols(), 0).normal(random, 1).special(random);
    Guarded[] ds = {copy(arena, d, s), copy(arena, d, s)};
    Guarded[] db = {zeros(arena, rows), zeros(arena, rows)};
    ActivationKernels[] both = {vector, scalar};
    for (int i = 0; i < 2; i++) {
      if (f.keepsSlope()) {
        both[i].activateAndSlope(f, ALPHA, z[i].matrix, bias.matrix, a[i].matrix, 0, rows);
        both[i].multiplySlope(z[i].matrix, ds[i].matrix, db[i].matrix, 0, rows);
      } else {
        both[i].activate(f, ALPHA, z[i].matrix, bias.matrix, 0, rows);
        both[i].derive(f, ALPHA, z[i].matrix, ds[i].matrix, db[i].matrix, 0, rows);
      }
    }
    z[0].assertSame(z[1], 0, rows, what + ": Z");
    a[0].assertSame(a[1], 0, rows, what + ": A");
    ds[0].assertSame(ds[1], 0, rows, what + ": D");
    db[0].assertSame(db[1], 0, rows, what + ": db");
    for (Guarded g : new Guarded[] {z[0], a[0], ds[0], db[0]}) {
      g.assertUntouched(what);
    }
  }

  @Test
  void bitsOfPreluAreThoseOfTheScalarTwin() {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      for (Shape s : shapes()) {
        int rows = s.rows();
        Guarded x = new Guarded(arena, rows, s.cols(), s.gap()).normal(random, 2);
        Guarded bias = new Guarded(arena, rows, 1, 0).normal(random, 1);
        Guarded d = new Guarded(arena, rows, s.cols(), 0).normal(random, 1);
        Guarded[] z = {copy(arena, x, s), copy(arena, x, s)};
        Guarded[] a = {copy(arena, x, s), copy(arena, x, s)};
        Guarded[] ds = {copy(arena, d, s), copy(arena, d, s)};
        Guarded[] db = {zeros(arena, rows), zeros(arena, rows)};
        double[] share = new double[2];
        ActivationKernels[] both = {vector, scalar};
        for (int i = 0; i < 2; i++) {
          both[i].prelu(0.3f, z[i].matrix, bias.matrix, a[i].matrix, 0, rows);
          share[i] = both[i].preluDerive(0.3f, z[i].matrix, ds[i].matrix, db[i].matrix, 0, rows);
        }
        assertEquals(share[1], share[0], s.toString());
        z[0].assertSame(z[1], 0, rows, s + ": Z");
        a[0].assertSame(a[1], 0, rows, s + ": A");
        ds[0].assertSame(ds[1], 0, rows, s + ": D");
        db[0].assertSame(db[1], 0, rows, s + ": db");
      }
    }
  }

  private static Guarded copy(Arena arena, Guarded source, Shape s) {
    return new Guarded(arena, s.rows(), s.cols(), s.gap()).copy(source);
  }

  /**
   * All functions and passes in turn, on shapes with and without a rest, so that a vector that is
   * boxed because a program mixes them is seen. Compilation takes its time: what is measured is
   * repeated until it allocates nothing, for at most 300 rounds.
   */
  @Test
  void nothingIsAllocated() {
    assumeTrue(BITS >= 128, "C2 has no vectors this narrow for all operations");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().threadId();
    try (Arena arena = Arena.ofConfined()) {
      Matrix[][] sets = new Matrix[4][];
      int[][] shapes = {{24, 64}, {24, 37}, {160, 10}, {300, 1}};
      for (int i = 0; i < 4; i++) {
        int rows = shapes[i][0];
        int cols = shapes[i][1];
        sets[i] =
            new Matrix[] {
              Matrix.allocate(arena, rows, cols),
              Matrix.allocate(arena, rows, cols),
              Matrix.allocate(arena, rows, cols),
              Matrix.allocate(arena, rows, 1),
              Matrix.allocate(arena, rows, 1)
            };
      }
      Function[] functions = Function.values();
      long bytes = -1;
      for (int round = 0; round < 300 && bytes != 0; round++) {
        long before = threads.getThreadAllocatedBytes(id);
        for (int i = 0; i < 50; i++) {
          for (Matrix[] m : sets) {
            passes(functions, m);
          }
        }
        bytes = threads.getThreadAllocatedBytes(id) - before;
      }
      assertEquals(0, bytes, "bytes of 50 times all passes");
    }
  }

  private void passes(Function[] functions, Matrix[] m) {
    int rows = m[0].rows();
    for (Function f : functions) {
      vector.activate(f, ALPHA, m[0], m[3], 0, rows);
      if (f.keepsSlope()) {
        vector.activateAndSlope(f, ALPHA, m[0], m[3], m[1], 0, rows);
        vector.multiplySlope(m[0], m[2], m[4], 0, rows);
      } else {
        vector.derive(f, ALPHA, m[0], m[2], m[4], 0, rows);
      }
    }
    vector.prelu(0.1f, m[0], m[3], m[1], 0, rows);
    vector.preluDerive(0.1f, m[0], m[2], m[4], 0, rows);
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
      Matrix bias = Matrix.allocate(arena, 1, 1);
      assertThrows(
          IllegalArgumentException.class, () -> vector.activate(Function.RELU, 0, z, bias, 0, 1));
    }
  }
}
