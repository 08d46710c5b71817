package fathom.jmh;

import fathom.kernel.ActivationKernels;
import fathom.kernel.Function;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Activations on one thread, n numbers at a time: divide a time by n for nanoseconds an element.
 * Rows of 256 samples, as a layer has them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class ActivationBenchmark {
  private static final int COLUMNS = 256;
  private static final double TOLERANCE = 1e-5;

  @Param({
    "RELU",
    "LOGISTIC",
    "TANH",
    "ELU",
    "SELU",
    "GELU",
    "GELU_TANH",
    "SILU",
    "SOFTPLUS",
    "MISH"
  })
  public Function function;

  @Param({"4096", "1048576"})
  public int n;

  @Param({"vector"})
  public String kernels;

  private final Arena arena = Arena.ofShared();
  private ActivationKernels family;
  private Matrix source;
  private Matrix z;
  private Matrix a;
  private Matrix d;
  private Matrix bias;
  private Matrix biasGradient;

  /** Draws sums and compares the activation with the scalar twin's. */
  @Setup(Level.Trial)
  public void setUp() {
    family =
        kernels.equals("vector") ? Kernels.vector().activation() : Kernels.scalar().activation();
    int rows = n / COLUMNS;
    source = Matrix.allocate(arena, rows, COLUMNS);
    z = Matrix.allocate(arena, rows, COLUMNS);
    a = Matrix.allocate(arena, rows, COLUMNS);
    d = Matrix.allocate(arena, rows, COLUMNS);
    bias = Matrix.allocate(arena, rows, 1);
    biasGradient = Matrix.allocate(arena, rows, 1);
    Noise.fill(source, 5);
    Noise.fill(bias, 6);
    Noise.fill(d, 7);
    z.copyFrom(source);
    a.copyFrom(source);
    family.activate(function, 1, z, bias, 0, rows);
    Kernels.scalar().activation().activate(function, 1, a, bias, 0, rows);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < COLUMNS; c++) {
        if (!(Math.abs(a.get(r, c) - z.get(r, c)) <= TOLERANCE)) {
          throw new IllegalStateException(function + " at " + r + ", " + c);
        }
      }
    }
  }

  /** The copy that the other measurements contain, since activations work in place. */
  @Benchmark
  public void copy() {
    z.copyFrom(source);
  }

  /** Copy, then bias and activation. */
  @Benchmark
  public void forward() {
    z.copyFrom(source);
    family.activate(function, 1, z, bias, 0, z.rows());
  }

  /** Copy, then bias and activation, then derivative and bias gradient. */
  @Benchmark
  public void forwardAndBackward() {
    z.copyFrom(source);
    if (function.keepsSlope()) {
      family.activateAndSlope(function, 1, z, bias, a, 0, z.rows());
      family.multiplySlope(z, d, biasGradient, 0, z.rows());
    } else {
      family.activate(function, 1, z, bias, 0, z.rows());
      family.derive(function, 1, z, d, biasGradient, 0, z.rows());
    }
  }

  /** Frees everything. */
  @TearDown(Level.Trial)
  public void tearDown() {
    arena.close();
  }
}
