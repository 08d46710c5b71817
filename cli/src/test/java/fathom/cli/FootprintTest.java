package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.data.Dataset;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.lab.stress.GridCell;
import fathom.matrix.Slab;
import fathom.nn.Activation;
import fathom.nn.HiddenLayers;
import fathom.nn.Loss;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import fathom.optim.Adam;
import fathom.optim.Method;
import fathom.train.Trainer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What a network is reckoned to need, what it needs, and how it is refused. */
class FootprintTest {
  private static final int UNITS = 1_000_000;
  private static final Engine ENGINE = new Engine(Blas.java(), Kernels.vector(), 1);

  /**
   * An output and a mask of each sample; and two outputs, with what was standardized below them.
   */
  @Test
  void masksNormsAndCopiesAreCounted() {
    int batch = 600;
    double plain = of(wide().dense(1), batch, 0).bytes();
    double layer = (double) UNITS * Float.BYTES * batch;
    assertTrue(of(wide().dropout(0.5).dense(1), batch, 0).bytes() >= plain + 2 * layer);
    NetworkBuilder normed = wide().batchNorm(Activation.TANH).layerNorm(Activation.TANH);
    assertTrue(of(normed.dense(1), batch, 0).bytes() >= plain + 2 * layer);
    double copy = 4.0 * UNITS * Float.BYTES;
    assertEquals(plain + 3 * copy, of(wide().dense(1), batch, 3).bytes(), 64);
  }

  private static NetworkBuilder wide() {
    return Network.input(2).engine(ENGINE).dense(UNITS);
  }

  private static Footprint of(NetworkBuilder network, int samples, int kept) {
    LearningOptions how = CommandLine.populateCommand(new LearningOptions(), "--optimizer", "sgd");
    return Footprint.of(network, 4.0 * UNITS, how, 1, 1, samples, kept);
  }

  /** Of 64 layers every eighth is kept, and the seven between two of them. */
  @Test
  void recomputationKeepsTheSquareRoot() {
    NetworkBuilder builder = Network.input(50).engine(ENGINE);
    for (int i = 0; i < 63; i++) {
      builder.dense(50, Activation.TANH);
    }
    builder.dense(50);
    LearningOptions how = CommandLine.populateCommand(new LearningOptions());
    Footprint all = Footprint.of(builder, 1, how, 1, 8, 100, 0);
    double layer = 50.0 * 100 * Float.BYTES;
    // 64 outputs become 8 and 7; two gradients, a thread's block and answers are there either way.
    assertEquals(49 * layer, all.outputs() - all.keepingLess(), 2 * layer);
  }

  @Test
  void anEstimateIsWhatATrainingHolds() {
    NetworkBuilder builder =
        Network.input(9)
            .engine(ENGINE)
            .dense(20)
            .noBias()
            .batchNorm(Activation.TANH)
            .dropout(0.5)
            .dense(3);
    try (Network network = builder.build();
        Trainer trainer = new Trainer(network, Loss.SOFTMAX_CROSS_ENTROPY, new Adam(0.1f))) {
      long slabs =
          network.parameters().segment().byteSize()
              + network.gradients().segment().byteSize()
              + network.statistics().segment().byteSize();
      for (Slab moment : trainer.state().moments().values()) {
        slabs += moment.segment().byteSize();
      }
      long passes = builder.memory(16).training() + builder.memory(16).inference();
      LearningOptions how =
          CommandLine.populateCommand(new LearningOptions(), "--optimizer", "adam");
      double parameters = network.parameters().segment().byteSize() / 4.0;
      Footprint reckoned = Footprint.of(builder, parameters, how, 1, 1, 16, 0);
      assertEquals((double) (slabs + passes), reckoned.bytes());
    }
  }

  /** Of a model that goes on, with a layer frozen, whose outputs nobody keeps. */
  @Test
  void aNetworkThatIsThereIsReckonedAsOneToBeBuilt() {
    NetworkBuilder builder =
        Network.input(9).engine(ENGINE).dense(20).dropout(0.5).dense(12, Activation.GELU).dense(3);
    LearningOptions how = CommandLine.populateCommand(new LearningOptions(), "--batch", "16");
    MemoryOptions plain = new MemoryOptions();
    try (Network network = builder.build();
        Dataset data = Dataset.ofLabels(new float[40][9], new int[40], 3)) {
      double slab = network.parameters().segment().byteSize();
      double all = Footprint.of(builder, slab / 4, how, 1, 2, 16, 1).outputs();
      Footprint free = Footprint.of(network, how, plain, data.rows(), 1);
      assertEquals(all, free.outputs());
      assertEquals(5, free.copies());
      network.freeze(1);
      Footprint frozen = Footprint.of(network, how, plain, data.rows(), 1);
      assertEquals(
          (double) builder.memory(16, 1, 1).training(), frozen.outputs() - answers(builder));
      assertTrue(frozen.outputs() < all, frozen + " of " + all);
    }
  }

  private static double answers(NetworkBuilder builder) {
    return builder.memory(16).inference();
  }

  @Test
  void copiesAreThoseOfWhoKeepsThem() {
    MonitorOptions watch = CommandLine.populateCommand(new MonitorOptions(), "--rollback");
    LearningOptions adam = CommandLine.populateCommand(new LearningOptions());
    LearningOptions limited =
        CommandLine.populateCommand(new LearningOptions(), "--max-norm", "2", "--optimizer", "sgd");
    assertEquals(3, watch.copies(adam, false));
    assertEquals(3, watch.copies(adam, true));
    assertEquals(1, watch.copies(limited, false));
    assertEquals(2, watch.copies(limited, true));
    assertEquals(0, new MonitorOptions().copies(limited, false));
    String[] stopping = {"--early-stopping", "3"};
    assertEquals(1, CommandLine.populateCommand(new RegularizationOptions(), stopping).copies());
    assertEquals(0, new RegularizationOptions().copies());
  }

  @Test
  void refusalNamesBothFiguresAndWhatHelps() {
    Footprint adam = new Footprint(1e9, 4, 2, 2e9, 3e8);
    assertSame(adam, adam.require(18_000_000_000L, 25_000_000_000L));
    BadInput e = assertThrows(BadInput.class, () -> adam.require(17_000_000_000L, 25_000_000_000L));
    assertEquals(
        "a network of 1.00e+09 parameters needs 18.0 GB to train (4 x 4.00 GB, outputs 2.00 GB), and"
            + " 17.0 GB of this machine's 25.0 GB are free; use a smaller --batch, or --recompute"
            + " auto, which needs 16.3 GB, or --optimizer sgd, which needs 10.0 GB, or fewer or"
            + " smaller layers",
        e.getMessage());
    Footprint plain = new Footprint(1e9, 2, 0, 1e6, Double.NaN);
    e = assertThrows(BadInput.class, () -> plain.require(5_000_000_000L, 6_000_000_000L));
    assertTrue(e.getMessage().endsWith("are free; use fewer or smaller layers"), e.getMessage());
  }

  @Test
  void networksTrainedAtOnceMustFitTogether() {
    Footprint large = new Footprint(1e9, 2, 0, 1e9, Double.NaN);
    Footprint small = new Footprint(1e6, 2, 0, 1e6, Double.NaN);
    List<Footprint> all = List.of(small, large, small, large);
    Footprint.requireAtOnce(all, 1, 9_000_000_000L, 9_000_000_000L);
    Footprint.requireAtOnce(all, 9, 18_018_000_000L, 20_000_000_000L);
    BadInput e =
        assertThrows(
            BadInput.class,
            () -> Footprint.requireAtOnce(all, 2, 17_000_000_000L, 20_000_000_000L));
    assertEquals(
        "the largest 2 networks of the grid need together 18.0 GB to train, and 17.0 GB of this"
            + " machine's 20.0 GB are free; use fewer or smaller layers, or a smaller --batch, or"
            + " fewer --threads",
        e.getMessage());
    e =
        assertThrows(
            BadInput.class, () -> Footprint.requireAtOnce(all, 2, 8_000_000_000L, 9_000_000_000L));
    assertTrue(e.getMessage().endsWith("or a smaller --batch"), e.getMessage());
    e =
        assertThrows(
            BadInput.class, () -> Footprint.requireAtOnce(all, 1, 8_000_000_000L, 9_000_000_000L));
    assertTrue(e.getMessage().startsWith("the largest network of the grid needs 9.00 GB"));
  }

  /** What a cell says that it takes is what its network and its training take, to the byte. */
  @Test
  void cellsAreReckonedAsTheirTrainingsAre() {
    for (HiddenLayers.Norm norm : HiddenLayers.Norm.values()) {
      GridCell cell =
          new GridCell(
              5, 20, Activation.GELU, "he", 1, 0, norm, GridCell.Skip.SCALED, Method.ADAM, 0.1f, 0);
      double passes = cell.builder(ENGINE, 9, 3).memory(16).inference();
      double reckoned =
          Footprint.of(
                  cell.builder(ENGINE, 9, 3), (double) cell.parameters(9, 3), cell.optimizer(), 16)
              .bytes();
      // Slabs start each tensor at a multiple of 64 bytes; there are at most 40.
      assertEquals(reckoned - passes, cell.bytes(ENGINE, 9, 3, 16), 4 * 40 * 64, cell.toString());
    }
  }

  @Test
  void memoryIsThatOfTheMachine() {
    assertTrue(MachineMemory.total() > 0);
    assertTrue(MachineMemory.available() > 0 && MachineMemory.available() <= MachineMemory.total());
    assertTrue(
        MachineMemory.peak() == -1 || MachineMemory.peak() > 10_000_000,
        MachineMemory.peak() + " bytes");
    assertEquals("8.60 GB", MachineMemory.text(8.6e9));
    assertEquals("1.25 MB", MachineMemory.text(1.25e6));
  }

  @Test
  void recomputationChangesNoFigure() {
    Object[] args = {
      "train",
      "--depth",
      6,
      "--width",
      20,
      "--epochs",
      2,
      "--batch-norm",
      "--residual",
      "--dropout",
      0.1,
      "--json",
      "-",
      "--quiet"
    };
    Map<String, Object> kept = Run.done(args).json();
    for (String every : new String[] {"auto", "3"}) {
      Object[] saving = new Object[args.length + 2];
      System.arraycopy(args, 0, saving, 0, args.length);
      saving[args.length] = "--recompute";
      saving[args.length + 1] = every;
      Map<String, Object> again = Run.done(saving).json();
      for (String key : new String[] {"train_loss", "test_loss", "test_accuracy"}) {
        assertEquals(kept.get(key), again.get(key), key);
      }
    }
  }
}
