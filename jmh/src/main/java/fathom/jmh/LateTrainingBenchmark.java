package fathom.jmh;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Sgd;
import fathom.train.Trainer;
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
 * The deep network with logistic units: once with a gain that keeps gradients, once with Xavier's
 * formula as it is, under which they shrink fourfold a layer, through the subnormal numbers, to
 * zero. Many processors take a hundred times longer for a subnormal number; a step must not.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 3, time = 3)
public class LateTrainingBenchmark {
  private static final int DEPTH = 100;
  private static final int WIDTH = 256;
  private static final int BATCH = 128;
  private static final int PROOF_STEPS = 10;

  /** 4 keeps gradients, 1 lets them fade. */
  @Param({"4", "1"})
  public double gain;

  @Param("2")
  public int threads;

  private Engine engine;
  private Dataset data;
  private Network network;
  private Trainer trainer;
  private Batch rows;

  /** Builds the network and counts its subnormal gradients before it is timed. */
  @Setup(Level.Trial)
  public void setUp() {
    engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
    data = Noise.dataset(BATCH, WIDTH, 10);
    NetworkBuilder builder = Network.input(WIDTH).seed(1).engine(engine);
    for (int i = 0; i < DEPTH; i++) {
      builder.dense(WIDTH, Activation.LOGISTIC, Initializer.XAVIER_UNIFORM.gain(gain));
    }
    network = builder.dense(10).build();
    trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Sgd(1e-3f, 0.9f));
    trainer.keepGradients(true);
    rows = data.batchesInOrder(BATCH).iterator().next();
    Learning unused = Learning.prove("gain " + gain, trainer, rows, PROOF_STEPS);
    long subnormals = subnormals();
    trainer.keepGradients(false);
    System.out.printf("# gain %s: %d subnormal gradients%n", gain, subnormals);
    if (subnormals > 0 == (gain == 4)) {
      throw new IllegalStateException("gain " + gain + ": " + subnormals + " subnormal gradients");
    }
  }

  private long subnormals() {
    long count = 0;
    for (Matrix gradient : network.gradients().matrices().values()) {
      for (float[] row : gradient.toArray()) {
        for (float v : row) {
          count += v != 0 && Math.abs(v) < Float.MIN_NORMAL ? 1 : 0;
        }
      }
    }
    return count;
  }

  /** One training step. */
  @Benchmark
  public double step() {
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
