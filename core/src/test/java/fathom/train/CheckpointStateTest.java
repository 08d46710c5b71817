package fathom.train;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.DataException;
import fathom.data.Dataset;
import fathom.data.Safetensors;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Adam;
import fathom.optim.Plateau;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint is of one moment, and is taken as a whole or not at all. */
class CheckpointStateTest {
  private static final Checkpoint.Progress PLACE = new Checkpoint.Progress(3, 2);

  private static Engine engine;
  private static Dataset data;

  @TempDir private Path folder;

  @BeforeAll
  static void open() {
    engine = new Engine(Blas.java(), Kernels.vector(), 1);
    float[][] x = LayersTest.rows(24, 7, 1);
    float[][] t = new float[x.length][1];
    for (int i = 0; i < x.length; i++) {
      t[i][0] = x[i][0] - x[i][2];
    }
    data = Dataset.ofTargets(x, t);
  }

  @AfterAll
  static void close() {
    data.close();
    engine.close();
  }

  /** A training with all that a checkpoint holds. */
  private static final class Training implements AutoCloseable {
    private final Plateau plateau = new Plateau(0.5, 0);
    private final Network network =
        Network.input(7)
            .dense(6)
            .batchNorm(Activation.PRELU)
            .dropout(0.1)
            .dense(1)
            .seed(5)
            .engine(engine)
            .build();
    private final EarlyStopping stopping = new EarlyStopping(network, 3);
    private final Trainer trainer =
        new Trainer(network, Loss.MSE, new Adam(0.01f))
            .schedule(plateau)
            .rollback(new Rollback(2, 0.5f, 3), (cause, steps, factor) -> {});

    /** Trains for an epoch of three steps, and observes a loss. */
    Training epoch(long seed, double loss) {
      double unused = trainer.epoch(data.batches(8, seed));
      boolean unusedStop = stopping.observe(loss);
      boolean unusedFall = plateau.observe(loss);
      return this;
    }

    Training set(int frozen, float... factors) {
      network.freeze(frozen);
      Trainer unused = trainer.layerRates(factors);
      return this;
    }

    Path save(Path file) {
      Checkpoint.save(trainer, stopping, PLACE, file);
      return file;
    }

    /** Returns all that a step, a rollback or an observation changes, to compare. */
    Map<String, String> state() {
      Map<String, String> all = new TreeMap<>();
      double[] watched = stopping.state();
      double[] recovered = trainer.recovery().state();
      Checkpoint.parts(trainer, stopping, new double[] {0, 1, 1}, new double[] {1, 1, 0, 1})
          .forEach(part -> all.put(part.prefix() + part.slab().layout().names(), bytes(part)));
      all.put("steps", Long.toString(trainer.state().steps()));
      all.put("rate", Float.toString(trainer.state().rate()));
      all.put("factors", Arrays.toString(trainer.state().factors()));
      all.put("frozen", Integer.toString(network.frozen()));
      all.put("schedule", Arrays.toString(plateau.state()));
      all.put("stopping", Arrays.toString(watched));
      all.put("rollback", Arrays.toString(recovered));
      return all;
    }

    private static String bytes(Checkpoint.Part part) {
      return Arrays.toString(part.slab().segment().toArray(JAVA_BYTE));
    }

    @Override
    public void close() {
      stopping.close();
      network.close();
    }
  }

  /** Starts a thread and waits until it waits for the network, or has not waited and is done. */
  private static CompletableFuture<Void> waiting(Runnable work) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
                done.complete(null);
              } catch (Throwable t) {
                done.completeExceptionally(t);
              }
            });
    thread.start();
    while (thread.getState() != Thread.State.WAITING
        && thread.getState() != Thread.State.TIMED_WAITING
        && !done.isDone()) {
      Thread.onSpinWait();
    }
    return done;
  }

  @Test
  void savedWhileAStepIsUnderWayAllIsOfItsEnd() {
    Path late = folder.resolve("late.safetensors");
    try (Training training = new Training().epoch(1, 4);
        Training other = new Training().epoch(1, 4)) {
      long stamp = training.network.beginStep();
      CompletableFuture<Void> saved;
      try {
        saved = waiting(() -> training.save(late));
        // What a step, a rollback and an observation do while the gate is theirs.
        training.network.parameters().get("0.weight").set(1, 2, 0.25f);
        training.trainer.state().moments().values().forEach(m -> m.segment().fill((byte) 0));
        training.trainer.state().resume(77);
        training.trainer.state().rate(0.5f);
        training.trainer.recovery().restore(new double[] {9, 76, 2, 0.25});
        training.stopping.restore(new double[] {0.125, 5, 4});
        training.plateau.restore(new double[] {0.5, 0.125, 0, 0});
      } finally {
        training.network.endStep(stamp);
      }
      saved.join();
      Map<String, String> expected = training.state();
      assertEquals(PLACE, Checkpoint.load(late, other.trainer, other.stopping));
      assertEquals(expected, other.state());
    }
  }

  @Test
  void aStepAndAnObservationThatWaitHaveChangedNothing() {
    try (Training training = new Training().epoch(1, 4)) {
      training.plateau.restore(new double[] {0.5, 1, 0, 0});
      Map<String, String> before = training.state();
      for (Runnable work :
          List.<Runnable>of(
              () -> {
                double unused = training.trainer.epoch(data.batchesInOrder(24));
              },
              () -> {
                boolean unused = training.stopping.observe(1);
              },
              () -> {
                boolean unused = training.stopping.observe(9);
              },
              () -> {
                Trainer unused = training.trainer.layerRates(1, 0.5f, 1, 2);
              })) {
        long stamp = training.network.beginReading();
        CompletableFuture<Void> done;
        try {
          done = waiting(work);
          assertEquals(before, training.state());
        } finally {
          training.network.endReading(stamp);
        }
        done.join();
        assertTrue(!before.equals(training.state()));
        before = training.state();
      }
    }
  }

  private static void refuses(Path file, Training training, String where) {
    Map<String, String> before = training.state();
    String message =
        assertThrows(
                DataException.class,
                () -> Checkpoint.load(file, training.trainer, training.stopping),
                where)
            .getMessage();
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.startsWith(file.toString()), message);
    assertEquals(before, training.state(), where + ": " + message);
  }

  @Test
  void whateverIsDamagedTheTrainerIsAsItWas() throws IOException {
    Path file = folder.resolve("whole.safetensors");
    try (Training written = new Training().set(1, 1, 1, 0.5f, 1).epoch(1, 4).epoch(2, 5);
        Training here = new Training().set(0, 0.5f, 1, 1, 1).epoch(7, 3)) {
      written.save(file);
      List<String> names;
      List<String> keys;
      try (Safetensors read = Safetensors.read(file)) {
        names = List.copyOf(read.names());
        keys = List.copyOf(read.metadata().keySet());
      }
      assertTrue(
          names.containsAll(List.of("0.weight", "best.0.weight", "good.0.weight")), "" + names);
      for (String name : names) {
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
          boolean moment = name.contains("optimizer.") && !Float.isNaN(value);
          boolean replaced = !name.startsWith("good.") && !name.startsWith("best.");
          if (moment || replaced) {
            continue;
          }
          refuses(
              Tampered.changed(file, m -> m, t -> Tampered.with(t, name, value)),
              here,
              name + " " + value);
        }
        refuses(
            Tampered.changed(file, m -> m, t -> Tampered.without(t, name)),
            here,
            "without " + name);
        refuses(
            Tampered.changed(file, m -> m, t -> Tampered.longer(t, name)), here, "longer " + name);
        refuses(
            Tampered.changed(file, m -> m, t -> Tampered.turned(t, name)), here, "turned " + name);
        refuses(Tampered.integers(file, name), here, "integers " + name);
      }
      for (String key : keys) {
        refuses(
            Tampered.changed(file, m -> Tampered.without(m, key), t -> t), here, "without " + key);
        for (String text :
            List.of("x", "-1", "1 x", "NaN", "1e300", "9223372036854775807", "1 2 3 4 5 6")) {
          // A rate of 9e18 is as good as any.
          if (key.endsWith(".rate") && text.length() == 19) {
            continue;
          }
          refuses(
              Tampered.changed(file, m -> Tampered.with(m, key, text), t -> t),
              here,
              key + " = " + text);
        }
      }
      byte[] bytes = Files.readAllBytes(file);
      for (int length = 0; length < bytes.length; length += 97) {
        Path cut = Files.write(folder.resolve("cut.safetensors"), Arrays.copyOf(bytes, length));
        refuses(cut, here, "cut to " + length);
      }
      Map<String, String> expected = written.state();
      assertEquals(PLACE, Checkpoint.load(file, here.trainer, here.stopping));
      assertEquals(expected, here.state());
    }
  }

  @Test
  void aClosedTrainerOrWatchIsRefusedBeforeAnythingChanges() {
    Path file = folder.resolve("whole.safetensors");
    try (Training written = new Training().epoch(1, 4);
        Training here = new Training().epoch(7, 3)) {
      written.save(file);
      byte[] before = here.network.parameters().segment().toArray(JAVA_BYTE);
      here.stopping.close();
      assertThrows(
          IllegalStateException.class, () -> Checkpoint.load(file, here.trainer, here.stopping));
      here.trainer.close();
      assertThrows(
          IllegalStateException.class, () -> Checkpoint.load(file, here.trainer, here.stopping));
      assertThrows(IllegalStateException.class, () -> here.save(file));
      assertEquals(
          Arrays.toString(before),
          Arrays.toString(here.network.parameters().segment().toArray(JAVA_BYTE)));
    }
  }

  @Test
  void verifyingGoesBackWhereARollbackIsSet() {
    try (Training training = new Training().epoch(1, 4)) {
      Batch batch = data.batchesInOrder(24).iterator().next();
      training.network.parameters().get("0.weight").set(0, 0, Float.NaN);
      training.trainer.verify(batch);
      assertEquals(2, training.trainer.state().steps());
      assertEquals(1, training.trainer.recovery().state()[2]);
      assertTrue(Float.isFinite(training.network.parameters().get("0.weight").get(0, 0)));
    }
  }
}
