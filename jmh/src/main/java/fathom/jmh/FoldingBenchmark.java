package fathom.jmh;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Rows a second through 784-(5 x 256, batch norm)-10, as it was trained and folded. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FoldingBenchmark {
  private static final int ROWS = 256;

  /** Far above what the rounding of six products of 784 or fewer terms comes to. */
  private static final double ALIKE = 1e-3;

  @Param("2")
  public int threads;

  private final Arena arena = Arena.ofShared();
  private Engine engine;
  private Network network;
  private Network folded;
  private Matrix x;
  private Matrix y;

  /** Builds both and checks that they answer alike. */
  @Setup
  public void setUp() {
    engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
    NetworkBuilder builder = Network.input(784).seed(1).engine(engine);
    for (int i = 0; i < 5; i++) {
      builder.dense(256).batchNorm(Activation.RELU);
    }
    network = builder.dense(10).build();
    folded = network.folded();
    x = Matrix.allocate(arena, ROWS, network.inputs());
    y = Matrix.allocate(arena, ROWS, network.outputs());
    Noise.fill(x, 3);
    Matrix expected = Matrix.allocate(arena, ROWS, network.outputs());
    network.predict(x, expected);
    folded.predict(x, y);
    for (int r = 0; r < ROWS; r++) {
      for (int c = 0; c < y.cols(); c++) {
        if (!(Math.abs(expected.get(r, c) - y.get(r, c)) < ALIKE)) {
          throw new IllegalStateException(
              "row " + r + ": expected " + expected.get(r, c) + ", not " + y.get(r, c));
        }
      }
    }
  }

  /** Answers of the network as it was trained. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public float normalized() {
    network.predict(x, y);
    return y.get(0, 0);
  }

  /** Answers of the folded network. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public float folded() {
    folded.predict(x, y);
    return y.get(0, 0);
  }

  /** Frees everything. */
  @TearDown
  public void tearDown() {
    folded.close();
    network.close();
    engine.close();
    arena.close();
  }
}
