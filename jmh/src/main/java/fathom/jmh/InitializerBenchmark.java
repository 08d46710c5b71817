package fathom.jmh;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Initializer;
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

/** The time to fill 10^8 weights. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 2)
public class InitializerBenchmark {
  private static final int SIDE = 10_000;

  @Param({"he_normal", "xavier_uniform", "zeros"})
  public String initializer;

  @Param("2")
  public int threads;

  private final Arena arena = Arena.ofShared();
  private Engine engine;
  private Initializer scheme;
  private Matrix weights;

  /** Fills once and checks the variance of a part. */
  @Setup(Level.Trial)
  public void setUp() {
    engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
    scheme = Initializer.named(initializer);
    weights = Matrix.allocate(arena, SIDE, SIDE);
    fill();
    double squares = 0;
    int rows = 100;
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < SIDE; c++) {
        squares += (double) weights.get(r * 97, c) * weights.get(r * 97, c);
      }
    }
    double expected =
        switch (initializer) {
          case "he_normal" -> 2.0 / SIDE;
          case "xavier_uniform" -> 1.0 / SIDE;
          default -> 0;
        };
    double actual = squares / rows / SIDE;
    // A million draws: the variance is known to 0.14 %, five times which is 0.7 %.
    if (!(Math.abs(actual - expected) <= 0.007 * expected)) {
      throw new IllegalStateException(
          initializer + ": variance " + actual + " instead of " + expected);
    }
  }

  /** One fill of 10^8 numbers, 400 MB. */
  @Benchmark
  public void fill() {
    scheme.fill(engine, weights, SIDE, SIDE, 42, 0);
  }

  /** Frees everything. */
  @TearDown(Level.Trial)
  public void tearDown() {
    engine.close();
    arena.close();
  }
}
