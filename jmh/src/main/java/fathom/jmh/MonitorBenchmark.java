package fathom.jmh;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.train.Monitor;
import fathom.train.StepSample;
import fathom.train.Trainer;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
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
 * What a monitor costs: blocks of steps with one and without take turns in one process, and the
 * ratio of their times is printed after each iteration, its median over pairs of blocks. JMH's own
 * figure is of pairs a second.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 5)
@Measurement(iterations = 5, time = 3)
public class MonitorBenchmark {
  private static final int PROOF_STEPS = 20;
  private static final int BATCHES = 16;

  /** Who takes the samples. */
  public enum Reader {
    /** Somebody who forgets them. */
    NOBODY,
    /** A table. */
    CSV,
    /** JSON lines, with histograms. */
    JSON
  }

  @Param({"SMALL", "MEDIUM"})
  public Workload workload;

  /** Every how many steps. */
  @Param({"1", "10"})
  public int every;

  @Param({"NOBODY", "JSON"})
  public Reader reader;

  @Param("2")
  public int threads;

  private final List<Double> plainSeconds = new ArrayList<>();
  private final List<Double> watchedSeconds = new ArrayList<>();
  private final List<Batch> batches = new ArrayList<>();
  private Engine engine;
  private Dataset data;
  private Course plain;
  private Course watched;
  private StepSample last;

  /** A network in training. */
  private final class Course implements AutoCloseable {
    private final Network network = Networks.of(workload, engine);
    private final Trainer trainer =
        new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, Networks.optimizer(workload));

    /** Takes steps through all batches, as many as there are samples in a sum, and times them. */
    double run(int steps) {
      long start = System.nanoTime();
      for (int i = 0; i < steps; i++) {
        double unused = trainer.step(batches.get(i % BATCHES));
      }
      return (System.nanoTime() - start) / 1e9;
    }

    @Override
    public void close() {
      network.close();
    }
  }

  /** Builds two networks and proves that they learn alike. */
  @Setup(Level.Trial)
  public void setUp() {
    engine = new Engine(Blas.openBlas(), Kernels.vector(), threads);
    data = Noise.dataset(BATCHES * workload.batch(), workload.widths()[0], workload.classes());
    for (int i = 0; i < BATCHES; i++) {
      batches.add(data.batchesInOrder(workload.batch()).from(i).iterator().next());
    }
    plain = new Course();
    watched = new Course();
    Monitor monitor =
        switch (reader) {
          case NOBODY -> sample -> last = sample;
          case CSV -> Monitor.csv(Writer.nullWriter());
          case JSON -> Monitor.jsonLines(Writer.nullWriter());
        };
    Trainer unused = watched.trainer.monitor(monitor, every);
    Learning one = Learning.prove(workload, plain.trainer, batches.get(0), PROOF_STEPS);
    Learning other = Learning.prove(workload, watched.trainer, batches.get(0), PROOF_STEPS);
    if (one.last() != other.last()) {
      throw new IllegalStateException(
          "a monitor changed the loss from " + one.last() + " to " + other.last());
    }
  }

  /** So many steps without a monitor, and as many with one. */
  @Benchmark
  public StepSample pair() {
    int steps = workload == Workload.SMALL ? 80 : 10;
    plainSeconds.add(plain.run(steps) / steps);
    watchedSeconds.add(watched.run(steps) / steps);
    return last;
  }

  /** Says what was found. */
  @TearDown(Level.Iteration)
  public void tell() {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < plainSeconds.size(); i++) {
      ratios.add(watchedSeconds.get(i) / plainSeconds.get(i));
    }
    System.out.printf(
        Locale.ROOT,
        "%n# %s, every %d, %s: %.1f and %.1f us a step, x %.3f (%.3f to %.3f)%n",
        workload,
        every,
        reader,
        1e6 * quantile(plainSeconds, 0.5),
        1e6 * quantile(watchedSeconds, 0.5),
        quantile(ratios, 0.5),
        quantile(ratios, 0.25),
        quantile(ratios, 0.75));
    plainSeconds.clear();
    watchedSeconds.clear();
  }

  private static double quantile(List<Double> values, double share) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    return sorted.get((int) (share * (sorted.size() - 1)));
  }

  /** Frees everything. */
  @TearDown(Level.Trial)
  public void tearDown() {
    plain.close();
    watched.close();
    data.close();
    engine.close();
  }
}
