package fathom.lab.preflight;

import com.sun.management.ThreadMXBean;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.data.Digits;
import fathom.engine.Engine;
import fathom.lab.LabBench;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Initializer;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Adam;
import fathom.optim.Clipping;
import fathom.optim.Method;
import fathom.optim.Optimizer;
import fathom.train.Lsuv;
import fathom.train.Trainer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordingFile;

/**
 * A program that uses memory of its own in confined arenas, draws, scales, rehearses and answers,
 * and then trains with each optimizer while another thread answers. It prints how soon trainings
 * allocated nothing, and where the JVM gave up compiled code of kernels. It stops at a training
 * that never comes to rest.
 */
final class MixedProgram {
  private static final int ROUND = 100;
  private static final int MOST_ROUNDS = 60;
  private static final int CALM_ROUNDS = 3;
  private static final List<String> KINDS =
      List.of("layer norm", "batch norm", "prelu", "lstm", "gru");
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** The start and the end of rounds that allocated nothing. */
  private final List<Instant> quiet = new ArrayList<>();

  private final Dataset digits = Digits.load();

  /** Runs; the only argument is where to write the recording. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path file = Path.of(arguments[0]);
    MixedProgram program = new MixedProgram();
    try (Recording recording = new Recording()) {
      recording.enable("jdk.Deoptimization").withoutStackTrace();
      recording.start();
      program.run();
      recording.dump(file);
    }
    program.tell(file);
  }

  private void run() throws InterruptedException {
    System.out.println("sum " + ownMemory());
    try (Engine engine = LabBench.engine(1)) {
      prepare(engine);
      AtomicBoolean stopped = new AtomicBoolean();
      Thread server = new Thread(() -> answer(stopped), "server");
      server.start();
      boolean calm = true;
      for (Method method : Method.values()) {
        calm = calm && train(method.name(), plain(engine, 64, Activation.RELU), optimizer(method));
      }
      Optimizer heavy = Method.RMSPROP.optimizer(0.01f, 0.5f, null);
      calm = calm && train("RMSPROP with momentum", plain(engine, 64, Activation.TANH), heavy);
      for (String kind : KINDS) {
        calm = calm && train(kind, network(engine, kind), optimizer(Method.ADAM));
      }
      stopped.set(true);
      server.join();
    }
  }

  private static Optimizer optimizer(Method method) {
    return method.optimizer(method.rate(), null, null);
  }

  /** Returns a sum over memory that is this thread's alone, as any program may have it. */
  private static double ownMemory() {
    double sum = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(4000);
      for (int i = 0; i < 2_000_000; i++) {
        sum += segment.get(ValueLayout.JAVA_FLOAT, 4L * (i % 1000));
      }
    }
    return sum;
  }

  /** Does what comes before a training. */
  private void prepare(Engine engine) {
    for (int width : new int[] {7, 33, 150}) {
      try (Network network = plain(engine, width, Activation.TANH)) {
        Optimizer adam = new Adam(0.001f);
        Batch batch = digits.batchesInOrder(64).iterator().next();
        Object unused =
            Preflight.of(
                network, digits.rows(), Loss.SOFTMAX_CROSS_ENTROPY, adam, Clipping.none(), 90);
        unused = Lsuv.initialize(network, batch);
      }
    }
  }

  private static Network plain(Engine engine, int width, Activation activation) {
    return Network.input(64)
        .dense(width, activation, Initializer.ORTHOGONAL)
        .dense(width, activation)
        .dense(10)
        .seed(1)
        .engine(engine)
        .build();
  }

  private static Network network(Engine engine, String kind) {
    NetworkBuilder builder =
        switch (kind) {
          case "layer norm" -> Network.input(64).dense(60).layerNorm(Activation.GELU).dropout(0.1);
          case "batch norm" -> Network.input(64).dense(60).batchNorm(Activation.SILU);
          case "prelu" -> Network.input(64).dense(60, Activation.PRELU);
          case "lstm" -> Network.sequence(8, 8).lstm(60);
          case "gru" -> Network.sequence(8, 8).gru(60);
          default -> throw new AssertionError(kind);
        };
    return builder.dense(10).seed(1).engine(engine).build();
  }

  /** Answers from memory that is the thread's own, until told to stop. */
  private void answer(AtomicBoolean stopped) {
    try (Engine engine = LabBench.engine(1);
        Network network = plain(engine, 50, Activation.RELU);
        Arena arena = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(arena, 5, 64);
      Matrix y = Matrix.allocate(arena, 5, 10);
      while (!stopped.get()) {
        network.predict(x, y);
      }
    }
  }

  /** Trains until a few rounds allocated nothing, and returns whether that came to be. */
  private boolean train(String name, Network made, Optimizer optimizer) {
    long me = Thread.currentThread().threadId();
    try (Network network = made) {
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, optimizer);
      Batch batch = digits.batchesInOrder(32).iterator().next();
      int calm = 0;
      int rounds = 0;
      long bytes = 0;
      for (; calm < CALM_ROUNDS && rounds < MOST_ROUNDS; rounds++) {
        Instant start = Instant.now();
        long before = THREADS.getThreadAllocatedBytes(me);
        for (int i = 0; i < ROUND; i++) {
          double unused = trainer.step(batch);
        }
        bytes = THREADS.getThreadAllocatedBytes(me) - before;
        calm = bytes < ROUND ? calm + 1 : 0;
        if (calm > 0) {
          quiet.add(start);
          quiet.add(Instant.now());
        }
      }
      System.out.printf(
          "%s %s: %d bytes a step after %d steps%n",
          calm == CALM_ROUNDS ? "calm" : "restless", name, bytes / ROUND, rounds * ROUND);
      return calm == CALM_ROUNDS;
    }
  }

  private void tell(Path file) throws IOException {
    Map<String, Integer> all = new TreeMap<>();
    Map<String, Integer> late = new TreeMap<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      RecordedMethod method = event.getValue("method");
      if (method.getType().getName().startsWith("fathom.kernel.")) {
        String place =
            String.format(
                "%s.%s:%d:%s",
                method.getType().getName(),
                method.getName(),
                event.getInt("bci"),
                event.getString("reason"));
        all.merge(place, 1, Integer::sum);
        if (isQuiet(event.getStartTime())) {
          late.merge(place, 1, Integer::sum);
        }
      }
    }
    all.forEach((place, count) -> System.out.println("given up " + place + " " + count));
    late.forEach((place, count) -> System.out.println("late " + place + " " + count));
    System.out.println("done");
  }

  private boolean isQuiet(Instant time) {
    for (int i = 0; i < quiet.size(); i += 2) {
      if (!time.isBefore(quiet.get(i)) && !time.isAfter(quiet.get(i + 1))) {
        return true;
      }
    }
    return false;
  }
}
