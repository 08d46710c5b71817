package fathom.jmh;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Adam;
import fathom.train.Trainer;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
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
 * What a thread that answers costs one that trains: blocks of Adam's steps of a small network alone
 * and beside take turns in one process, and the ratio of the training thread's processor times is
 * printed after each iteration, its median over pairs of blocks; at most 1.1 is wanted, both of it
 * and of a step beside to one before there was a server. Answers come from another network and from
 * memory that is their thread's own, as a server's do. JMH's own figure is of pairs a second.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 5)
@Measurement(iterations = 5, time = 3)
public class ServingBenchmark {
  private static final int STEPS = 100;
  private static final int PROOF_STEPS = 20;
  private static final int BATCH = 32;
  private static final int ANSWERS = 64;

  /** Blocks of steps before a server that comes second, which the compilers need. */
  private static final int EARLY = 100;

  /** Answers before a training that comes second. */
  private static final int EARLY_ANSWERS = 20_000;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Who came first. */
  public enum First {
    TRAINING,
    SERVER
  }

  @Param({"TRAINING", "SERVER"})
  public First first;

  private final List<Double> alone = new ArrayList<>();
  private final List<Double> beside = new ArrayList<>();
  private final AtomicLong answered = new AtomicLong();
  private final Semaphore ready = new Semaphore(0);
  private final Semaphore turn = new Semaphore(0, true);
  private Engine engine;
  private Dataset data;
  private Batch batch;
  private Network network;
  private Trainer trainer;
  private Thread server;
  private volatile boolean ended;
  private volatile Throwable failure;

  private static Network network(Engine engine) {
    return Network.input(64)
        .dense(128, Activation.RELU)
        .dense(128, Activation.RELU)
        .dense(10)
        .seed(1)
        .engine(engine)
        .build();
  }

  private Trainer trainer(Network of) {
    return new Trainer(of, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.001f));
  }

  /** Starts both and proves that a network learns alike alone and beside. */
  @Setup(Level.Trial)
  public void setUp() throws InterruptedException {
    engine = new Engine(Blas.openBlas(), Kernels.vector(), 1);
    data = Noise.dataset(BATCH, 64, 10);
    batch = data.batchesInOrder(BATCH).iterator().next();
    network = network(engine);
    trainer = trainer(network);
    if (first == First.TRAINING) {
      for (int i = 0; i < EARLY; i++) {
        double unused = seconds();
      }
    }
    server = new Thread(this::serve, "server");
    server.start();
    ready.acquire();
    Learning one;
    try (Network other = network(engine)) {
      one = Learning.prove("alone", trainer(other), batch, PROOF_STEPS);
    }
    turn.release();
    try (Network other = network(engine)) {
      Learning two = Learning.prove("beside", trainer(other), batch, PROOF_STEPS);
      if (one.last() != two.last()) {
        throw new IllegalStateException(
            "answers changed the loss from " + one.last() + " to " + two.last());
      }
    }
    turn.acquire();
  }

  /** Answers as long as it is its turn, and proves each answer. */
  private void serve() {
    try (Engine own = new Engine(Blas.openBlas(), Kernels.vector(), 1);
        Network served = network(own);
        Arena arena = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(arena, ANSWERS, 64);
      Noise.fill(x, 3);
      Matrix y = Matrix.allocate(arena, ANSWERS, 10);
      served.predict(x, y);
      float[][] wanted = y.toArray();
      for (int i = 0; i < EARLY_ANSWERS; i++) {
        served.predict(x, y);
      }
      ready.release();
      while (!ended) {
        turn.acquire();
        try {
          served.predict(x, y);
        } finally {
          turn.release();
        }
        if (answered.incrementAndGet() % 1000 == 0 && !Arrays.deepEquals(wanted, y.toArray())) {
          throw new IllegalStateException("an answer changed");
        }
      }
    } catch (InterruptedException | RuntimeException | Error e) {
      failure = e;
    }
  }

  private double seconds() {
    long start = THREADS.getCurrentThreadCpuTime();
    for (int i = 0; i < STEPS; i++) {
      double unused = trainer.step(batch);
    }
    return (THREADS.getCurrentThreadCpuTime() - start) / 1e9 / STEPS;
  }

  /** So many steps alone, and as many beside somebody who answers. */
  @Benchmark
  public long pair() throws InterruptedException {
    alone.add(seconds());
    long before = answered.get();
    turn.release();
    beside.add(seconds());
    turn.acquire();
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
    return answered.get() - before;
  }

  /** Says what was found. */
  @TearDown(Level.Iteration)
  public void tell() {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < alone.size(); i++) {
      ratios.add(beside.get(i) / alone.get(i));
    }
    System.out.printf(
        Locale.ROOT,
        "%n# %s first: %.1f us of processor a step alone and %.1f beside, x %.3f (%.3f to %.3f);"
            + " %d answers%n",
        first,
        1e6 * quantile(alone, 0.5),
        1e6 * quantile(beside, 0.5),
        quantile(ratios, 0.5),
        quantile(ratios, 0.25),
        quantile(ratios, 0.75),
        answered.get());
    alone.clear();
    beside.clear();
  }

  private static double quantile(List<Double> values, double share) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    return sorted.get((int) (share * (sorted.size() - 1)));
  }

  /** Frees everything. */
  @TearDown(Level.Trial)
  public void tearDown() throws InterruptedException {
    ended = true;
    turn.release();
    server.join();
    network.close();
    data.close();
    engine.close();
  }
}
