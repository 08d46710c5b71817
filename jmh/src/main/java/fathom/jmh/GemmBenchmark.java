package fathom.jmh;

import fathom.blas.Blas;
import fathom.blas.Transpose;
import fathom.engine.Engine;
import fathom.engine.Form;
import fathom.engine.Member;
import fathom.engine.Product;
import fathom.engine.Task;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * Products of real layers, {@code batch x fan-in -> fan-out}: the engine's cut over its threads
 * beside one plain call with the library on one thread. The secondary column is GFLOP/s.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class GemmBenchmark {
  @Param({
    "32x784x128",
    "128x784x1024",
    "128x1024x1024",
    "128x256x256",
    "256x512x512",
    "256x4096x4096"
  })
  public String shape;

  @Param public Form form;

  @Param("2")
  public int threads;

  private final Arena arena = Arena.ofShared();
  private Engine engine;
  private Shared shared;
  private int rows;
  private int cols;
  private int inner;
  private Matrix a;
  private Matrix b;
  private Matrix c;

  /** Counts operations, for GFLOP/s. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Flops {
    public double gflop;
  }

  private final class Shared extends Task {
    private final Product product = engine.product(form, rows, cols, inner);

    @Override
    protected void share(Member member) {
      int end = member.to(product.blocks());
      for (int block = member.from(product.blocks()); block < end; block++) {
        product.run(a, b, c, block);
      }
    }
  }

  /** Draws operands and compares the two ways with each other and one entry with a plain sum. */
  @Setup(Level.Trial)
  public void setUp() {
    engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
    String[] sizes = shape.split("x", 3);
    int batch = Integer.parseInt(sizes[0]);
    int in = Integer.parseInt(sizes[1]);
    int out = Integer.parseInt(sizes[2]);
    rows = form == Form.TN ? in : out;
    cols = form == Form.NT ? in : batch;
    inner = form == Form.NT ? batch : form == Form.TN ? out : in;
    a = Matrix.allocate(arena, form == Form.TN ? inner : rows, form == Form.TN ? rows : inner);
    b = Matrix.allocate(arena, form == Form.NT ? cols : inner, form == Form.NT ? inner : cols);
    c = Matrix.allocate(arena, rows, cols);
    Noise.fill(a, 1);
    Noise.fill(b, 2);
    shared = new Shared();
    engine.run(shared, true);
    float[][] cut = c.toArray();
    plain();
    double scale = Math.sqrt(inner);
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < cols; j++) {
        if (!(Math.abs(cut[r][j] - c.get(r, j)) <= 1e-4 * scale)) {
          throw new IllegalStateException(form + " " + shape + " differs at " + r + ", " + j);
        }
      }
    }
    double sum = 0;
    for (int k = 0; k < inner; k++) {
      sum +=
          (double) (form == Form.TN ? a.get(k, 0) : a.get(0, k))
              * (form == Form.NT ? b.get(0, k) : b.get(k, 0));
    }
    if (!(Math.abs(sum - c.get(0, 0)) <= 1e-4 * scale)) {
      throw new IllegalStateException(form + " " + shape + ": " + c.get(0, 0) + ", not " + sum);
    }
  }

  /** The engine's cut over the engine's threads. */
  @Benchmark
  public void engine(Flops flops) {
    engine.run(shared, true);
    flops.gflop += 2e-9 * rows * cols * inner;
  }

  /** One call on one thread. */
  @Benchmark
  public void oneCallOneThread(Flops flops) {
    plain();
    flops.gflop += 2e-9 * rows * cols * inner;
  }

  private void plain() {
    Blas blas = engine.blas();
    int token = blas.enter();
    blas.sgemm(
        form == Form.TN ? Transpose.YES : Transpose.NO,
        form == Form.NT ? Transpose.YES : Transpose.NO,
        rows,
        cols,
        inner,
        1,
        a.segment(),
        0,
        a.stride(),
        b.segment(),
        0,
        b.stride(),
        0,
        c.segment(),
        0,
        c.stride());
    blas.leave(token);
  }

  /** Frees everything. */
  @TearDown(Level.Trial)
  public void tearDown() {
    engine.close();
    arena.close();
  }
}
