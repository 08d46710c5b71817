package fathom.jmh;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Network;
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

/** Microseconds for some rows through the medium network. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 3, time = 2)
public class InferenceBenchmark {
  @Param({"1", "64"})
  public int rows;

  @Param("2")
  public int threads;

  private final Arena arena = Arena.ofShared();
  private Engine engine;
  private Network network;
  private Matrix x;
  private Matrix y;

  /** Builds the network and checks one answer against the same network on plain Java loops. */
  @Setup(Level.Trial)
  public void setUp() {
    engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
    network = Networks.of(Workload.MEDIUM, engine);
    x = Matrix.allocate(arena, rows, network.inputs());
    y = Matrix.allocate(arena, rows, network.outputs());
    Noise.fill(x, 3);
    network.predict(x, y);
    try (Engine control = new Engine(Blas.java(), Kernels.scalar(), 1);
        Network same = Networks.of(Workload.MEDIUM, control)) {
      Matrix expected = Matrix.allocate(arena, rows, network.outputs());
      same.predict(x, expected);
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < y.cols(); c++) {
          if (!(Math.abs(expected.get(r, c) - y.get(r, c)) < 1e-3)) {
            throw new IllegalStateException(
                "row " + r + ": expected " + expected.get(r, c) + ", not " + y.get(r, c));
          }
        }
      }
    }
  }

  /** Answers. */
  @Benchmark
  public float predict() {
    network.predict(x, y);
    return y.get(0, 0);
  }

  /** Frees everything. */
  @TearDown(Level.Trial)
  public void tearDown() {
    network.close();
    engine.close();
    arena.close();
  }
}
