package fathom.jmh;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Sgd;
import fathom.train.Trainer;
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
 * How the time of a step grows with depth, batch, width and threads: tanh networks of equal layers.
 * Vary one with {@code -p}, as in {@code -p depth=10,100,1000 -p threads=1,2}. A step's cost per
 * layer, and per parameter, is the same at any size if its GFLOP/s are:
 *
 * <pre>
 *   -p momentum=0 -p width=128 -p depth=10,100,1000,10000
 *   -p momentum=0 -p depth=10 -p init=xavier_normal -p width=100,316,1000,3162,10000
 * </pre>
 *
 * <p>The second goes from 10^5 to 10^9 parameters; the last of it takes 9 GB.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 3, time = 3)
public class ScalingBenchmark {
  private static final int PROOF_STEPS = 10;

  @Param({"10", "100", "1000"})
  public int depth;

  @Param("256")
  public int width;

  @Param("128")
  public int batch;

  @Param("2")
  public int threads;

  /** Of gradient descent; 0 takes a slab less. */
  @Param("0.9")
  public float momentum;

  @Param("orthogonal")
  public String init;

  /** Every how manieth layer's outputs are kept for the way back. */
  @Param("1")
  public int recompute;

  private Engine engine;
  private Dataset data;
  private Network network;
  private Trainer trainer;
  private Batch rows;

  /** Operations of the products, for a rate that can be compared over sizes. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Work {
    /** Billions of operations. */
    public double gigaflops;
  }

  /** Builds the network and proves that it learns before it is timed. */
  @Setup(Level.Trial)
  public void setUp() {
    engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
    data = Noise.dataset(batch, width, 10);
    NetworkBuilder builder = Network.input(width).seed(1).engine(engine);
    for (int i = 0; i < depth; i++) {
      builder.dense(width, Activation.TANH, Initializer.named(init));
    }
    network = builder.dense(10).build();
    network.recompute(recompute);
    trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(1e-3f, momentum));
    rows = data.batchesInOrder(batch).iterator().next();
    Learning unused = Learning.prove("depth " + depth, trainer, rows, PROOF_STEPS);
  }

  /** One training step. */
  @Benchmark
  public double step(Work work) {
    work.gigaflops += 6e-9 * depth * batch * width * width;
    return trainer.step(rows);
  }

  /** Frees everything. */
  @TearDown(Level.Trial)
  public void tearDown() {
    network.close();
    data.close();
    engine.close();
  }
}
