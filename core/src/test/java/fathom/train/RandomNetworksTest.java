package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Batch;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import fathom.nn.Loss;
import fathom.nn.Near;
import fathom.nn.NearNetwork;
import fathom.nn.Network;
import fathom.optim.Adam;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Networks drawn at random, whose answers must be near those of a reference in double precision,
 * and the same bits whatever they may not depend on. {@code -Dfathom.networks=5000} tries more than
 * the build does, {@code -Dfathom.firstNetwork=N} begins with another; each is a seed.
 */
class RandomNetworksTest {
  private static final int NETWORKS = Integer.getInteger("fathom.networks", 110);
  private static final int FIRST = Integer.getInteger("fathom.firstNetwork", 0);
  private static final int[] COUNTS = {1, 7, 64, 100, 255, 256, 256, 300};
  private static final int THREADS = 3;

  private final Engine[] engines = new Engine[THREADS];

  @TempDir Path folder;

  @BeforeEach
  void start() {
    for (int i = 0; i < THREADS; i++) {
      engines[i] = new Engine(Blas.openBlas(), Kernels.vector(), i + 1);
    }
  }

  @AfterEach
  void stop() {
    for (Engine engine : engines) {
      engine.close();
    }
  }

  /** A network and what is asked of it. */
  private static final class Case {
    final int seed;
    final RandomArchitecture architecture;
    final Network network;
    final float[][] x;
    final float[][] y;

    Case(int seed, RandomArchitecture architecture, Network network, float[][] x) {
      this.seed = seed;
      this.architecture = architecture;
      this.network = network;
      this.x = x;
      y = answers(network, x);
    }

    @Override
    public String toString() {
      return "-Dfathom.firstNetwork=" + seed + ", " + x.length + " rows: " + architecture;
    }
  }

  @Test
  void answersAreRightAndAlike() {
    int exact = 0;
    int telling = 0;
    int folded = 0;
    for (int seed = FIRST; seed < FIRST + NETWORKS; seed++) {
      Random random = new Random(seed);
      RandomArchitecture architecture = new RandomArchitecture(random);
      try (Network network = build(architecture.toString(), seed)) {
        architecture.draw(network);
        float[][] x = architecture.rows(COUNTS[random.nextInt(COUNTS.length)], network.inputs());
        Case c = new Case(seed, architecture, network, x);
        double bound = near(c);
        exact += bound == 0 ? 1 : 0;
        telling += bound < 0.01 ? 1 : 0;
        folded += folds(c) ? 1 : 0;
        fromAFile(c);
        try (Network twin = twin(c)) {
          same(c.y, answers(twin, c.x), "other threads, ", c);
          same(c.y, answers(c.network, c.x), "again, ", c);
          trainsAlike(c, twin);
        }
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("-Dfathom.firstNetwork=" + seed + ": " + architecture, e);
      }
    }
    String found =
        String.format(
            "%d networks on %s: bounds of %d are 0 and of %d below 1 %%, %d folded",
            NETWORKS, Blas.openBlas().core(), exact, telling, folded);
    System.out.println(found);
    if (NETWORKS >= 100) {
      assertTrue(exact > 0.2 * NETWORKS && telling > 0.9 * NETWORKS && folded > 0, found);
    }
  }

  private Network build(String architecture, int seed) {
    return Network.parse(architecture).engine(engines[Math.floorMod(seed, THREADS)]).build();
  }

  /** On other threads, with the same numbers. */
  private Network twin(Case c) {
    Network twin = build(c.architecture.toString(), c.seed + 1);
    copy(c.network.parameters(), twin.parameters());
    copy(c.network.statistics(), twin.statistics());
    return twin;
  }

  private static void copy(Slab from, Slab to) {
    to.segment().copyFrom(from.segment());
  }

  private static float[][] answers(Network network, float[][] x) {
    try (Arena arena = Arena.ofShared()) {
      Matrix y = Matrix.allocate(arena, x.length, network.outputs());
      network.predict(Matrix.of(arena, x), y);
      return y.toArray();
    }
  }

  /**
   * Some rows, among all and by themselves. These two need not be the same bits, since BLAS may
   * take other kernels for other shapes; they are where bounds are 0.
   *
   * @return the greatest bound, as a part of the greatest answer
   */
  private static double near(Case c) {
    NearNetwork reference = new NearNetwork(c.network, 0);
    double greatest = 0;
    double most = 0;
    for (int r : new int[] {0, c.x.length / 3, c.x.length - 1}) {
      float[] alone = answers(c.network, new float[][] {c.x[r]})[0];
      Near[] wanted = reference.answer(c.x[r]);
      for (int k = 0; k < wanted.length; k++) {
        check(wanted[k], 1, c.y[r][k], "row " + r + " among others, ", c);
        check(wanted[k], 1, alone[k], "row " + r + " alone, ", c);
        greatest = Math.max(greatest, Math.abs(wanted[k].value()));
        most = Math.max(most, wanted[k].error());
      }
    }
    return most == 0 ? 0 : most / greatest;
  }

  private static void check(Near wanted, double times, float answer, String what, Case c) {
    assertEquals(wanted.value(), answer, times * wanted.error(), () -> what + c);
  }

  private void fromAFile(Case c) {
    Path file = folder.resolve("model.safetensors");
    Models.save(c.network, file);
    try (Model model = Models.load(file)) {
      same(c.y, answers(model.network(), c.x), "from a file, ", c);
    }
  }

  private static void same(float[][] expected, float[][] actual, String what, Case c) {
    for (int r = 0; r < expected.length; r++) {
      int row = r;
      assertArrayEquals(expected[r], actual[r], () -> what + "row " + row + ", " + c);
    }
  }

  /**
   * Each folded weight and bias is one rounding away from what it should be. A reference of the
   * folded network that takes account of it bounds both how far it is from that of the network
   * itself, and how far the engine is from it.
   */
  private static boolean folds(Case c) {
    if (!c.architecture.toString().contains("batch_norm")) {
      return false;
    }
    Network folded;
    try {
      folded = c.network.folded();
    } catch (IllegalStateException e) {
      return false; // Others tell which norms can be folded.
    }
    try (folded) {
      NearNetwork reference = new NearNetwork(c.network, 0);
      NearNetwork bounds = new NearNetwork(folded, 1);
      float[][] answers = answers(folded, c.x);
      int r = c.x.length / 2;
      Near[] wanted = reference.answer(c.x[r]);
      Near[] bound = bounds.answer(c.x[r]);
      for (int k = 0; k < wanted.length; k++) {
        Near near = new Near(wanted[k].value(), bound[k].error());
        check(near, 2, answers[r][k], "folded, row " + r + ", ", c);
      }
    }
    return true;
  }

  /**
   * Steps with all outputs kept and with some computed again, on other threads, and some frozen.
   */
  private void trainsAlike(Case c, Network again) {
    int rows = Math.min(128, c.x.length);
    float[][] x = Arrays.copyOf(c.x, rows);
    float[][] t = LayersTest.rows(rows, c.network.outputs(), c.seed);
    try (Dataset data = Dataset.ofTargets(x, t);
        Trainer trainer = new Trainer(c.network, Loss.MSE, new Adam(0.01f));
        Trainer trainerAgain = new Trainer(again, Loss.MSE, new Adam(0.01f))) {
      Batch batch = data.batchesInOrder(rows).iterator().next();
      boolean quiet = c.architecture.isQuiet();
      if (quiet) {
        // Kernels of the two modes give the same bits, and losses are summed in double precision.
        float[][] y = answers(again, x);
        double evaluated = Evaluation.of(again, data.rows(), Loss.MSE).loss();
        double loss = trainer.step(batch);
        same(y, trained(c.network, rows), "in training, ", c);
        assertEquals(evaluated, loss, 1e-12 * Math.abs(evaluated), () -> "loss, " + c);
        freezes(c, again, batch, loss);
      } else {
        double unused = trainer.step(batch);
      }
      again.recompute(2 + c.seed % 3);
      double unused = trainerAgain.step(batch);
      assertEquals(trainer.step(batch), trainerAgain.step(batch), () -> "computed again, " + c);
      sameFrom(0, c.network.parameters(), again.parameters(), "computed again, " + c);
      sameFrom(0, c.network.statistics(), again.statistics(), "computed again, " + c);
    }
  }

  /** What lies above layers that are frozen learns the same from a batch as if they were not. */
  private void freezes(Case c, Network start, Batch batch, double loss) {
    int depth = c.seed % c.network.depth();
    try (Network frozen = build(c.architecture.toString(), c.seed)) {
      copy(start.parameters(), frozen.parameters());
      frozen.freeze(depth);
      Trainer trainer = new Trainer(frozen, Loss.MSE, new Adam(0.01f));
      assertEquals(loss, trainer.step(batch), () -> depth + " frozen, " + c);
      long from = frozen.firstLearnt() * Float.BYTES;
      sameFrom(from, c.network.parameters(), frozen.parameters(), depth + " frozen, " + c);
    }
  }

  /** Returns what the last step's outputs were. */
  private static float[][] trained(Network network, int rows) {
    long stamp = network.beginStep();
    try (Arena arena = Arena.ofShared()) {
      Matrix y = Matrix.allocate(arena, rows, network.outputs());
      y.transposeFrom(network.pass(rows).output());
      return y.toArray();
    } finally {
      network.endStep(stamp);
    }
  }

  private static void sameFrom(long from, Slab expected, Slab actual, String what) {
    long at = expected.segment().asSlice(from).mismatch(actual.segment().asSlice(from));
    assertEquals(-1, at, what);
  }
}
