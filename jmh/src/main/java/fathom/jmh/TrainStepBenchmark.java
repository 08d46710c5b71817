package fathom.jmh;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.train.Trainer;
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

/** Whole training steps a second, beside the products of the same step alone. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 3, time = 3)
public class TrainStepBenchmark {
  private static final int PROOF_STEPS = 20;

  @Param({"SMALL", "MEDIUM", "DEEP", "WIDE", "DEEPBN"})
  public Workload workload;

  @Param("2")
  public int threads;

  private final Arena arena = Arena.ofShared();
  private Engine engine;
  private Dataset data;
  private Network network;
  private Trainer trainer;
  private Batch batch;
  private GemmOnly products;

  /** Builds the network and proves that it learns before it is timed. */
  @Setup(Level.Trial)
  public void setUp() {
    engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
    data = Noise.dataset(workload.batch(), workload.widths()[0], workload.classes());
    network = Networks.of(workload, engine);
    trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, Networks.optimizer(workload));
    batch = data.batchesInOrder(workload.batch()).iterator().next();
    Learning proof = Learning.prove(workload, trainer, batch, PROOF_STEPS);
    products = GemmOnly.ofStep(engine, workload, arena);
    System.out.printf(
        "# %s, %s (%s), %d bits, %d threads; loss %.4f, %d steps later %.4f; %.1f MFLOP a step%n",
        workload,
        engine.blas().name(),
        engine.blas().core(),
        engine.kernels().bits(),
        threads,
        proof.first(),
        PROOF_STEPS,
        proof.last(),
        workload.flops() / 1e6);
  }

  /** One training step: forward, loss, backward, update. */
  @Benchmark
  public double step() {
    return trainer.step(batch);
  }

  /** The same step's matrix products, by the engine's own cut and threads. */
  @Benchmark
  public void gemmOnly() {
    engine.run(products, true);
  }

  /** Frees everything. */
  @TearDown(Level.Trial)
  public void tearDown() {
    network.close();
    data.close();
    engine.close();
    arena.close();
  }
}
