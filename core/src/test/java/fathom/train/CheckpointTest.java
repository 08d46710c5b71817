package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Batches;
import fathom.data.DataException;
import fathom.data.Dataset;
import fathom.data.Rows;
import fathom.data.Split;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Activation;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Adam;
import fathom.optim.Clipping;
import fathom.optim.Nadam;
import fathom.optim.Optimizer;
import fathom.optim.Plateau;
import fathom.optim.Schedule;
import fathom.optim.Sgd;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A training that was stopped anywhere and goes on has the bits of one that was not. */
class CheckpointTest {
  private static final long SEED = 12;
  private static final int EPOCHS = 4;
  private static final int BATCH = 8;
  private static final int STOPS = 6;

  private static Engine engine;
  private static Dataset data;

  @TempDir private Path folder;

  @BeforeAll
  static void open() {
    engine = new Engine(Blas.java(), Kernels.vector(), 2);
    SplittableRandom random = new SplittableRandom(SEED);
    float[][] x = new float[83][7];
    int[] y = new int[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = i % 3;
      for (int j = 0; j < 7; j++) {
        x[i][j] = (float) (random.nextGaussian() + (j == y[i] ? 1 : 0));
      }
    }
    data = Dataset.ofLabels(x, y, 3);
  }

  @AfterAll
  static void close() {
    data.close();
    engine.close();
  }

  /** What trains, made anew for each part of a training. */
  private record Case(
      Optimizer optimizer, Clipping clipping, Supplier<Schedule> schedule, long warmup) {
    Case(Optimizer optimizer, Clipping clipping, Supplier<Schedule> schedule) {
      this(optimizer, clipping, schedule, 0);
    }
  }

  private static Case named(String name) {
    return switch (name) {
      case "adam, cosine" ->
          new Case(new Adam(0.01f), Clipping.none(), () -> Schedule.cosine(40, 0));
      case "momentum, plateau" ->
          new Case(
              new Sgd(0.05f, 0.9f), Clipping.byNorm(1), () -> new Plateau(0.5, 0, 0.2, 0, 0), 3);
      case "nadam, no schedule" -> new Case(new Nadam(0.01f), Clipping.byValue(0.1f), () -> null);
      default -> throw new AssertionError(name);
    };
  }

  private static NetworkBuilder network() {
    return Network.input(7)
        .noise(0.1)
        .dense(12)
        .noBias()
        .batchNorm(Activation.PRELU)
        .dropout(0.3)
        .residual(0.7f, b -> b.dense(12, Activation.TANH).dropout(0.2))
        .dense(3)
        .seed(SEED)
        .engine(engine);
  }

  /** A training that can stop before any step. */
  private static final class Training implements AutoCloseable {
    private final Split split = data.split(0.25, SEED);
    private final Rows rows = split.train();
    private final Network network = network().build();
    private final Trainer trainer;
    private final Plateau plateau;
    private final List<Double> losses = new ArrayList<>();
    private int epoch = 1;
    private int batch;
    private boolean reduced;

    Training(Case of) {
      trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, of.optimizer);
      trainer.clipping(of.clipping);
      Schedule schedule = of.schedule.get();
      trainer.schedule(schedule == null ? null : schedule.warmup(of.warmup));
      plateau = schedule instanceof Plateau falling ? falling : null;
    }

    /** Trains until so many steps are done in all; returns whether there are more. */
    boolean until(long steps) {
      for (; epoch <= EPOCHS; epoch++) {
        Batches batches = rows.batches(BATCH, SEED, epoch);
        for (Batch b : batches.from(batch)) {
          if (trainer.state().steps() == steps) {
            return true;
          }
          losses.add(trainer.step(b));
          batch++;
        }
        observe();
        batch = 0;
      }
      return false;
    }

    private void observe() {
      double loss = Evaluation.of(network, split.held(), Loss.SOFTMAX_CROSS_ENTROPY).loss();
      losses.add(loss);
      if (plateau != null) {
        reduced |= plateau.observe(loss);
      }
    }

    Map<String, float[]> numbers() {
      Map<String, float[]> all = new LinkedHashMap<>();
      all.put("parameters", numbers(network.parameters()));
      all.put("statistics", numbers(network.statistics()));
      trainer.state().moments().forEach((name, slab) -> all.put(name, numbers(slab)));
      return all;
    }

    private static float[] numbers(Slab slab) {
      float[] values = new float[(int) slab.size()];
      for (Matrix m : slab.matrices().values()) {
        int at = (int) m.offset();
        for (float[] row : m.toArray()) {
          System.arraycopy(row, 0, values, at, row.length);
          at += row.length;
        }
      }
      return values;
    }

    @Override
    public void close() {
      network.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"adam, cosine", "momentum, plateau", "nadam, no schedule"})
  void stoppedAnywhereItEndsWithTheSameBits(String name) {
    Case of = named(name);
    try (Training whole = new Training(of)) {
      assertEquals(false, whole.until(-1));
      assertEquals(whole.plateau != null, whole.reduced, "the plateau should lower the rate");
      long steps = whole.trainer.state().steps();
      SplittableRandom random = new SplittableRandom(SEED);
      for (int i = 0; i < STOPS; i++) {
        long first = random.nextLong(steps);
        long second = first + random.nextLong(steps - first);
        Path file = folder.resolve(i + ".safetensors");
        List<Double> losses = new ArrayList<>();
        part(of, null, first, file, losses);
        part(of, file, second, file, losses);
        try (Training rest = new Training(of)) {
          goOn(rest, file);
          assertEquals(false, rest.until(-1));
          losses.addAll(rest.losses);
          String where = name + ", seed " + SEED + ", stopped after " + first + " and " + second;
          assertEquals(whole.losses, losses, where);
          whole
              .numbers()
              .forEach((k, v) -> assertArrayEquals(v, rest.numbers().get(k), where + ": " + k));
          assertEquals(whole.trainer.state().rate(), rest.trainer.state().rate(), where);
        }
      }
    }
  }

  /** Trains from a checkpoint, or from the beginning, to another. */
  private static void part(Case of, Path from, long to, Path file, List<Double> losses) {
    try (Training part = new Training(of)) {
      if (from != null) {
        goOn(part, from);
      }
      assertTrue(part.until(to));
      losses.addAll(part.losses);
      Map<String, String> notes = Map.of("a note", "of two\nlines");
      Checkpoint.save(part.trainer, new Checkpoint.Progress(part.epoch, part.batch, notes), file);
    }
  }

  private static void goOn(Training training, Path file) {
    Checkpoint.Progress progress = Checkpoint.load(file, training.trainer);
    assertEquals("of two\nlines", progress.notes().get("a note"));
    assertEquals(progress, Checkpoint.progress(file));
    training.epoch = progress.epoch();
    training.batch = progress.batch();
  }

  @Test
  void anotherTrainingIsRefusedByNameAndLeftAsItWas() {
    Case of = named("adam, cosine");
    Path file = folder.resolve("c.safetensors");
    part(of, null, 5, file, new ArrayList<>());
    refuses(file, network().seed(3), of.optimizer, of, "seed 12, and this training has 3");
    refuses(
        file,
        Network.input(7).dense(9).dense(3).seed(SEED).engine(engine),
        of.optimizer,
        of,
        "layers noise:0.1, and this training has 9:identity (at word 2");
    refuses(file, network(), new Adam(0.02f), of, "rate=0.01", "rate=0.02");
    refuses(file, network(), new Sgd(0.01f), of, "Adam[", "Sgd[");
    refuses(
        file, network(), of.optimizer, named("nadam, no schedule"), "clipping", "NONE", "VALUE");
    Case plateau = new Case(of.optimizer, of.clipping, () -> new Plateau(0.5, 1));
    refuses(file, network(), of.optimizer, plateau, "keeps 0 numbers, and this training's 4");
    Path model = folder.resolve("m.safetensors");
    try (Network network = network().build()) {
      Models.save(network, model);
    }
    refuses(model, network(), of.optimizer, of, "is no checkpoint of Fathom");
    refuses(folder.resolve("none"), network(), of.optimizer, of, "no such file");
  }

  private static void refuses(
      Path file, NetworkBuilder builder, Optimizer optimizer, Case of, String... parts) {
    try (Network network = builder.build()) {
      Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, optimizer);
      trainer.clipping(of.clipping).schedule(of.schedule.get());
      float[] before = Training.numbers(network.parameters());
      String message =
          assertThrows(DataException.class, () -> Checkpoint.load(file, trainer)).getMessage();
      assertEquals(1, message.lines().count(), message);
      for (String part : parts) {
        assertTrue(message.contains(part), "'" + part + "' is not in: " + message);
      }
      assertArrayEquals(before, Training.numbers(network.parameters()));
      assertEquals(0, trainer.state().steps());
    }
  }

  @Test
  void batchesOfAnEpochDependOnNothingElseAndStartAnywhere() {
    Rows rows = data.rows();
    for (int epoch : new int[] {1, 2, 9}) {
      List<String> whole = inputs(rows.batches(10, SEED, epoch));
      assertEquals(9, whole.size());
      assertEquals(whole, inputs(rows.batches(10, SEED, epoch)));
      for (int from = 0; from <= 9; from++) {
        Batches rest = rows.batches(10, SEED, epoch).from(from);
        assertEquals(whole.subList(from, 9), inputs(rest), "epoch " + epoch + " from " + from);
        assertEquals(9 - from, rest.count());
      }
    }
    Batches all = rows.batchesInOrder(10);
    assertEquals(inputs(all).subList(5, 9), inputs(all.from(2).from(3)));
    assertThrows(IllegalArgumentException.class, () -> all.from(10));
    assertThrows(IllegalArgumentException.class, () -> all.from(-1));
    assertEquals(
        3,
        List.of(1, 2, 9).stream().map(e -> inputs(rows.batches(10, SEED, e))).distinct().count());
  }

  private static List<String> inputs(Batches batches) {
    List<String> all = new ArrayList<>();
    batches.forEach(b -> all.add(Arrays.deepToString(b.inputs().rows(0, b.size()).toArray())));
    return all;
  }

  @Test
  void checksumsTellRowsApart() {
    Split split = data.split(0.25, SEED);
    assertEquals(split.train().checksum(), data.split(0.25, SEED).train().checksum());
    assertTrue(split.train().checksum() != data.split(0.25, SEED + 1).train().checksum());
    assertTrue(split.train().checksum() != data.rows().checksum());
  }

  /** Enough rows for several batches that a thread of their own prepares. */
  @Test
  void checksumsReachTheLastRowAndAreTheSameEachTime() {
    float[][] x = new float[6000][40];
    int[] labels = new int[x.length];
    for (int r = 0; r < x.length; r++) {
      x[r][r % 40] = r;
    }
    long sum;
    try (Dataset data = Dataset.ofLabels(x, labels, 2)) {
      sum = data.rows().checksum();
      for (int i = 0; i < 20; i++) {
        assertEquals(sum, data.rows().checksum());
      }
    }
    x[5999][0]++;
    try (Dataset data = Dataset.ofLabels(x, labels, 2)) {
      assertTrue(sum != data.rows().checksum());
    }
  }
}
