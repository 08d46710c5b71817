package fathom.train;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.DataException;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Adam;
import fathom.optim.Sgd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights that are not finite are neither written nor read, and found when a training ends. */
class NonFiniteTest {
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

  private static Network network() {
    return Network.input(7)
        .dense(6)
        .batchNorm(Activation.RELU)
        .dense(1)
        .seed(5)
        .engine(engine)
        .build();
  }

  /** Of a training without a rollback, every tensor must be sound. */
  @Test
  void withoutARollbackNothingThatIsNotFiniteIsWrittenOrRead() throws IOException {
    Path file = folder.resolve("plain.safetensors");
    try (Network network = network();
        Trainer trainer = new Trainer(network, Loss.MSE, new Adam(0.01f))) {
      double unused = trainer.epoch(data.batchesInOrder(8));
      Checkpoint.save(trainer, PLACE, file);
      byte[] whole = Files.readAllBytes(file);
      for (Slab slab : List.of(network.parameters(), network.statistics())) {
        for (Map.Entry<String, Matrix> e : slab.matrices().entrySet()) {
          Matrix m = e.getValue();
          float old = m.get(m.rows() - 1, m.cols() - 1);
          for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
            m.set(m.rows() - 1, m.cols() - 1, bad);
            TrainingDivergedException e1 =
                assertThrows(
                    TrainingDivergedException.class, () -> Checkpoint.save(trainer, PLACE, file));
            assertEquals(e.getKey(), e1.tensor());
            assertEquals(3, e1.step());
            assertTrue(e1.getMessage().contains("at step 3 with learning rate 0.01"));
            assertEquals(Arrays.toString(whole), Arrays.toString(Files.readAllBytes(file)));
            refusesPlain(
                Tampered.changed(file, t -> t, t -> Tampered.with(t, e.getKey(), bad)),
                trainer,
                e.getKey());
          }
          m.set(m.rows() - 1, m.cols() - 1, old);
        }
      }
      Slab squares = trainer.state().moments().values().iterator().next();
      String moment =
          "optimizer." + trainer.state().moments().keySet().iterator().next() + ".0.weight";
      squares.get("0.weight").set(0, 0, Float.NaN);
      String message =
          assertThrows(TrainingDivergedException.class, () -> Checkpoint.save(trainer, PLACE, file))
              .getMessage();
      assertTrue(message.contains(moment), message);
      refusesPlain(
          Tampered.changed(file, t -> t, t -> Tampered.with(t, moment, Float.NaN)),
          trainer,
          moment);
      // Adam's second moment may overflow; the step is then 0.
      squares.get("0.weight").set(0, 0, Float.POSITIVE_INFINITY);
      Checkpoint.save(trainer, PLACE, file);
      assertEquals(PLACE, Checkpoint.load(file, trainer));
      network.parameters().get("0.weight").set(0, 0, -Float.MAX_VALUE);
      Checkpoint.save(trainer, PLACE, file);
    }
  }

  private static void refusesPlain(Path file, Trainer trainer, String tensor) {
    byte[] before = trainer.network().parameters().segment().toArray(JAVA_BYTE);
    String message =
        assertThrows(DataException.class, () -> Checkpoint.load(file, trainer)).getMessage();
    assertTrue(message.contains("'" + tensor + "' is NaN"), message);
    assertEquals(
        Arrays.toString(before),
        Arrays.toString(trainer.network().parameters().segment().toArray(JAVA_BYTE)));
  }

  @Test
  void afterItsLastStepATrainingCanBeVerified() {
    try (Dataset one = Dataset.ofTargets(new float[][] {{1e20f, 1}}, new float[][] {{1e30f}});
        Network network = Network.input(2).dense(1).seed(5).engine(engine).build();
        Trainer trainer = new Trainer(network, Loss.MSE, new Sgd(0.1f))) {
      Batch batch = one.batchesInOrder(1).iterator().next();
      trainer.verify(batch);
      double unused = trainer.step(batch);
      TrainingDivergedException e =
          assertThrows(TrainingDivergedException.class, () -> trainer.verify(batch));
      assertEquals("0.weight", e.tensor());
      assertEquals(1, e.step());
      assertEquals(0.1f, e.rate());
      // Finite weights whose answers overflow.
      network.parameters().get("0.weight").set(0, 0, 1e30f);
      e = assertThrows(TrainingDivergedException.class, () -> trainer.verify(batch));
      assertTrue(e.getMessage().contains("Infinity for row 1 of a batch"), e.getMessage());
    }
  }

  @Test
  void aModelIsRefusedByItsTensorsName() throws IOException {
    Path file = folder.resolve("model.safetensors");
    try (Network network = network();
        Network other = network()) {
      Models.save(network, file);
      byte[] whole = Files.readAllBytes(file);
      for (Map.Entry<String, Matrix> e : Models.tensors(network).entrySet()) {
        Matrix m = e.getValue();
        String name = e.getKey();
        float old = m.get(0, m.cols() - 1);
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
          m.set(0, m.cols() - 1, bad);
          Exception refused =
              assertThrows(IllegalArgumentException.class, () -> Models.save(network, file));
          assertTrue(refused.getMessage().contains("'" + name + "' holds " + bad), name);
          assertTrue(refused.getMessage().startsWith(file + ": cannot be written"), name);
          assertEquals(Arrays.toString(whole), Arrays.toString(Files.readAllBytes(file)));
          Path damaged = Tampered.changed(file, t -> t, t -> Tampered.with(t, name, bad));
          Exception unread = assertThrows(DataException.class, () -> Models.load(damaged, engine));
          assertTrue(unread.getMessage().contains("'" + name + "' holds " + bad), name);
          byte[] before = other.parameters().segment().toArray(JAVA_BYTE);
          String[] all = network.names(3).toArray(new String[0]);
          unread = assertThrows(DataException.class, () -> Models.loadInto(other, damaged, all));
          assertTrue(unread.getMessage().contains("tensor '" + name + "' is NaN or"), name);
          assertEquals(
              Arrays.toString(before),
              Arrays.toString(other.parameters().segment().toArray(JAVA_BYTE)));
        }
        m.set(0, m.cols() - 1, old);
      }
    }
  }

  /** The first tensors of a refused file are not taken either. */
  @Test
  void aModelWhoseLastTensorHasAnotherTypeLeavesTheNetworkAsItWas() throws IOException {
    Path file = folder.resolve("model.safetensors");
    try (Network network = network();
        Network other = network()) {
      network.reset(8);
      Models.save(network, file);
      byte[] before = other.parameters().segment().toArray(JAVA_BYTE);
      String[] all = network.names(3).toArray(new String[0]);
      Path integers = Tampered.integers(file, all[all.length - 1]);
      assertThrows(DataException.class, () -> Models.loadInto(other, integers, all));
      assertThrows(DataException.class, () -> Models.loadLayers(other, integers, 3));
      assertEquals(
          Arrays.toString(before),
          Arrays.toString(other.parameters().segment().toArray(JAVA_BYTE)));
    }
  }
}
