package fathom.train;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.DataException;
import fathom.data.Dataset;
import fathom.data.Split;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.optim.Constraint;
import fathom.optim.Schedule;
import fathom.optim.Sgd;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints of trainings that end early, and that go back when they diverge. */
class WatchedCheckpointTest {
  private static final long SEED = 12;
  private static final int EPOCHS = 30;
  private static final int BATCH = 8;
  private static final int PATIENCE = 3;

  private static Engine engine;
  private static Dataset data;

  @TempDir private Path folder;

  @BeforeAll
  static void open() {
    engine = new Engine(Blas.java(), Kernels.vector(), 2);
    float[][] x = LayersTest.rows(83, 7, 1);
    float[][] t = new float[x.length][1];
    for (int i = 0; i < x.length; i++) {
      t[i][0] = x[i][0] * x[i][1] - x[i][2];
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
        .dense(12, Activation.RELU)
        .dropout(0.1)
        .dense(1)
        .seed(SEED)
        .engine(engine)
        .build();
  }

  /** A training that can stop before any step; its rate is far too high at first. */
  private static final class Training implements AutoCloseable {
    private final Split split = data.split(0.25, SEED);
    private final Network network = network();
    private final EarlyStopping stopping = new EarlyStopping(network, PATIENCE);
    private final List<Double> losses = new ArrayList<>();
    private final List<String> rollbacks = new ArrayList<>();
    private final Trainer trainer;
    private int epoch = 1;
    private int batch;

    Training(boolean scheduled) {
      trainer =
          new Trainer(network, Loss.MSE, new Sgd(4, 0.9f))
              .schedule(scheduled ? Schedule.cosine(300, 0) : null)
              .rollback(
                  new Rollback(3, 0.2f, 5), (c, steps, f) -> rollbacks.add(steps + " x " + f));
    }

    /** Trains until so many batches are done in all; returns whether there are more. */
    boolean until(int batches) {
      for (; epoch <= EPOCHS; epoch++) {
        Batches all = split.train().batches(BATCH, SEED, epoch);
        for (Batch b : all.from(batch)) {
          if ((epoch - 1) * all.count() + batch == batches) {
            return true;
          }
          losses.add(trainer.step(b));
          batch++;
        }
        batch = 0;
        double loss = Evaluation.of(network, split.held(), Loss.MSE).loss();
        losses.add(loss);
        if (stopping.observe(loss)) {
          break;
        }
      }
      stopping.restore();
      return false;
    }

    void save(Path file) {
      Checkpoint.save(trainer, stopping, new Checkpoint.Progress(epoch, batch), file);
    }

    void load(Path file) {
      Checkpoint.Progress progress = Checkpoint.load(file, trainer, stopping);
      epoch = progress.epoch();
      batch = progress.batch();
    }

    float[] weights() {
      return network.parameters().segment().toArray(ValueLayout.JAVA_FLOAT);
    }

    @Override
    public void close() {
      stopping.close();
      network.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void stoppedAnywhereItEndsWithTheSameBits(boolean scheduled) {
    try (Training whole = new Training(scheduled)) {
      assertFalse(whole.until(-1));
      assertTrue(whole.rollbacks.size() >= 2, "rollbacks: " + whole.rollbacks);
      assertTrue(whole.stopping.best() > 1, "best of epoch " + whole.stopping.best());
      assertTrue(whole.epoch < EPOCHS, "it should stop early");
      int batches = (whole.epoch - 1) * whole.split.train().batchesInOrder(BATCH).count();
      SplittableRandom random = new SplittableRandom(SEED);
      // The first steps too, about which there is nothing to go back to, or which do go back.
      for (int stop = 0; stop < batches; stop += stop < 20 ? 1 : 1 + random.nextInt(20)) {
        Path file = folder.resolve(stop + ".safetensors");
        String where = "seed " + SEED + ", stopped after " + stop;
        List<Double> losses;
        List<String> rollbacks;
        try (Training part = new Training(scheduled)) {
          assertTrue(part.until(stop));
          part.save(file);
          losses = new ArrayList<>(part.losses);
          rollbacks = new ArrayList<>(part.rollbacks);
        }
        try (Training rest = new Training(scheduled)) {
          rest.load(file);
          assertFalse(rest.until(-1));
          losses.addAll(rest.losses);
          rollbacks.addAll(rest.rollbacks);
          assertEquals(whole.losses, losses, where);
          assertEquals(whole.rollbacks, rollbacks, where);
          assertEquals(whole.stopping.best(), rest.stopping.best(), where);
          assertEquals(whole.trainer.state().rate(), rest.trainer.state().rate(), where);
          assertArrayEquals(whole.weights(), rest.weights(), where);
        }
      }
    }
  }

  @Test
  void anotherWatchIsRefusedInALine() {
    Path watched = folder.resolve("watched.safetensors");
    Path plain = folder.resolve("plain.safetensors");
    Loss loss = Loss.MSE;
    Rollback often = new Rollback(3, 0.2f, 5);
    try (Network network = network();
        EarlyStopping stopping = new EarlyStopping(network, 2);
        EarlyStopping patient = new EarlyStopping(network, 3)) {
      Rollback.Listener nobody = (cause, steps, factor) -> {};
      Trainer first = new Trainer(network, loss, new Sgd(0.1f)).rollback(often, nobody);
      boolean unused = stopping.observe(1);
      Checkpoint.save(first, stopping, new Checkpoint.Progress(2, 0), watched);
      Trainer second = new Trainer(network, loss, new Sgd(0.1f));
      Checkpoint.save(second, new Checkpoint.Progress(2, 0), plain);
      refuses(watched, first, patient, "early stopping patience 2, and this training has pat");
      refuses(watched, first, null, "early stopping patience 2, and this training has none");
      refuses(plain, second, stopping, "early stopping none, and this training has patience 2");
      refuses(watched, second, stopping, "rollback Rollback[everySteps=3", "has none");
      Trainer other = new Trainer(network, loss, new Sgd(0.1f));
      other.rollback(new Rollback(4, 0.2f, 5), nobody);
      refuses(watched, other, stopping, "everySteps=3", "everySteps=4");
      refuses(plain, second.constraint(Constraint.ofL1(0.5f)), null, "l1=0.0", "l1=0.5");
    }
  }

  @Test
  void aLossThatWasToldSomethingElseIsAnother() {
    Path file = folder.resolve("loss.safetensors");
    try (Network network = Network.input(3).dense(2).engine(engine).build()) {
      Loss loss = Loss.SOFTMAX_CROSS_ENTROPY.labelSmoothing(0.1f);
      Checkpoint.save(trainer(network, loss), new Checkpoint.Progress(1, 0), file);
      String written = "loss cross_entropy, label smoothing 0.1, and this training has ";
      refuses(
          file, trainer(network, loss.labelSmoothing(0)), null, written + "cross_entropy; go on");
      refuses(
          file, trainer(network, loss.labelSmoothing(0.2f)), null, written, "label smoothing 0.2");
      refuses(
          file, trainer(network, loss.classWeights(1, 2)), null, "class weights [1.0, 2.0]; go on");
      assertEquals(1, Checkpoint.load(file, trainer(network, loss)).epoch());
      Checkpoint.save(trainer(network, Loss.huber(2)), new Checkpoint.Progress(1, 0), file);
      refuses(file, trainer(network, Loss.HUBER), null, "delta 2.0", "delta 1.0");
    }
  }

  @Test
  void aTensorOfAnotherNameIsNamed() throws IOException {
    Path file = folder.resolve("renamed.safetensors");
    try (Network network = Network.input(3).dense(2).engine(engine).build()) {
      Trainer trainer = trainer(network, Loss.SOFTMAX_CROSS_ENTROPY);
      Checkpoint.save(trainer, new Checkpoint.Progress(1, 0), file);
      String whole = Files.readString(file, ISO_8859_1);
      Files.writeString(file, whole.replace("0.weight\"", "0.weighs\""), ISO_8859_1);
      refuses(file, trainer, null, "lacks this training's tensor 0.weight; the file is damaged");
    }
  }

  private static Trainer trainer(Network network, Loss loss) {
    return new Trainer(network, loss, new Sgd(0.1f));
  }

  private static void refuses(Path file, Trainer trainer, EarlyStopping stopping, String... parts) {
    String message =
        assertThrows(DataException.class, () -> Checkpoint.load(file, trainer, stopping))
            .getMessage();
    assertEquals(1, message.lines().count(), message);
    for (String part : parts) {
      assertTrue(message.contains(part), "'" + part + "' is not in: " + message);
    }
  }

  @Test
  void statesThatCannotBeAreRefused() {
    for (double[] state :
        new double[][] {{}, {1, 2, 3}, {1, 2, -1}, {1, 2, 0}, {Double.NaN, 2, 1}, {1, 2.5, 1}}) {
      assertThrows(IllegalArgumentException.class, () -> EarlyStopping.hasBest(state));
    }
    for (double[] state :
        new double[][] {{}, {1, -2, 0, 1}, {1, 2, 0, 0}, {1, 2, 0, 2}, {1, 2, 0.5, 1}}) {
      assertThrows(IllegalArgumentException.class, () -> Recovery.hasGood(state));
    }
    assertTrue(EarlyStopping.hasBest(new double[] {1, 3, 3}));
    assertFalse(EarlyStopping.hasBest(new double[] {Double.POSITIVE_INFINITY, 3, 0}));
    assertTrue(Recovery.hasGood(new double[] {1, 0, 0, 1}));
    assertFalse(Recovery.hasGood(new double[] {Double.NaN, -1, 0, 1}));
  }

  @Test
  void numbersAreReadAsTheyWereWritten() {
    double[] doubles = {0, -0.0, 1 / 3.0, Double.MIN_VALUE, Double.NaN, -Double.MAX_VALUE, 1e300};
    float[] floats = {0, -0f, 1 / 3f, Float.MIN_VALUE, Float.POSITIVE_INFINITY, 16777217};
    assertArrayEquals(doubles, Numbers.doubles(Numbers.text(doubles)));
    assertArrayEquals(floats, Numbers.floats(Numbers.text(floats)));
    assertEquals("1.0 -0.5", Numbers.text(new double[] {1, -0.5}));
    assertEquals(0, Numbers.doubles("").length);
    for (String text : List.of(" ", "1  2", "1 x", "1,2")) {
      assertThrows(NumberFormatException.class, () -> Numbers.doubles(text), text);
      assertThrows(NumberFormatException.class, () -> Numbers.floats(text), text);
    }
  }
}
