package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.nn.Activation;
import fathom.nn.Network;
import fathom.nn.NetworkBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What a network is reckoned to need, what it needs, and how it is refused. */
class FootprintTest {
  private static Footprint of(int inputs, int outputs, String... args) {
    TrainCommandOptions options = new TrainCommandOptions();
    CommandLine.ParseResult unused = new CommandLine(options).parseArgs(args);
    return Footprint.of(options.shape, options.how, options.saving, inputs, outputs);
  }

  /** The options of train that memory depends on. */
  private static final class TrainCommandOptions {
    @CommandLine.Mixin private NetworkOptions shape;
    @CommandLine.Mixin private LearningOptions how;
    @CommandLine.Mixin private MemoryOptions saving;
  }

  @Test
  void parametersCountOnceForEachCopy() {
    // (7 + 1) 20 + (20 + 1) 3 parameters, and outputs and gradients of 23 units.
    double parameters = 223;
    double outputs = 2 * 23 * 32 * 4;
    assertEquals(4 * 4 * parameters + outputs, of(7, 3, "--hidden", "20").bytes());
    Footprint plain = of(7, 3, "--hidden", "20", "--optimizer", "sgd");
    assertEquals(4 * 2 * parameters + outputs, plain.bytes());
    assertEquals(
        4 * 2 * parameters + outputs / 8,
        of(7, 3, "--hidden", "20", "--optimizer", "sgd", "--batch", "4").bytes());
  }

  /** 99 hidden layers and the output's: ten are kept, and the nine between two of them. */
  @Test
  void recomputationKeepsTheSquareRoot() {
    String[] args = {"--depth", "99", "--width", "50", "--batch", "10", "--optimizer", "sgd"};
    double parameters = of(5, 5, args).parameters();
    double perUnit = 2 * 4 * 10;
    assertEquals(8 * parameters + perUnit * (99 * 50 + 5), of(5, 5, args).bytes());
    String[] saving = new String[args.length + 2];
    System.arraycopy(args, 0, saving, 0, args.length);
    saving[args.length] = "--recompute";
    saving[args.length + 1] = "auto";
    assertEquals(8 * parameters + perUnit * (9 * 50 + 5 + 9 * 50), of(5, 5, saving).bytes());
  }

  @Test
  void whatIsReckonedIsWhatPassesTake() {
    NetworkBuilder builder = Network.input(40);
    for (int i = 0; i < 20; i++) {
      builder.dense(50, Activation.GELU);
    }
    try (Network network = builder.dense(5).build()) {
      for (String recompute : new String[] {"1", "4"}) {
        network.recompute(Integer.parseInt(recompute));
        long stamp = network.beginStep();
        long bytes = network.pass(32).bytes();
        network.endStep(stamp);
        Footprint reckoned = of(40, 5, "--depth", "20", "--width", "50", "--recompute", recompute);
        // Outputs and slopes are counted; gradients on their way and the scratch of threads, which
        // do not grow with depth, are not: some 50 of 150 kB where least is kept.
        assertEquals(bytes, reckoned.outputs(), 0.4 * bytes, "every " + recompute);
      }
    }
  }

  @Test
  void refusalNamesBothFiguresAndWhatHelps() {
    Footprint adam = new Footprint(1e9, 4, 2, 2e9, 3e8);
    assertSame(adam, adam.require(18_000_000_000L, 25_000_000_000L));
    BadInput e = assertThrows(BadInput.class, () -> adam.require(17_000_000_000L, 25_000_000_000L));
    assertEquals(
        "a network of 1e+09 parameters needs 18.0 GB to train (4 x 4.00 GB, outputs 2.00 GB), and"
            + " 17.0 GB of this machine's 25.0 GB are free; use a smaller --batch, or --recompute"
            + " auto, which needs 16.3 GB, or --optimizer sgd, which needs 10.0 GB, or fewer or"
            + " smaller layers",
        e.getMessage());
    Footprint plain = new Footprint(1e9, 2, 0, 1e6, Double.NaN);
    e = assertThrows(BadInput.class, () -> plain.require(5_000_000_000L, 6_000_000_000L));
    assertTrue(e.getMessage().endsWith("are free; use fewer or smaller layers"), e.getMessage());
  }

  @Test
  void memoryIsThatOfTheMachine() {
    assertTrue(Memory.total() > 0);
    assertTrue(Memory.available() > 0 && Memory.available() <= Memory.total());
    assertTrue(Memory.peak() == -1 || Memory.peak() > 10_000_000, Memory.peak() + " bytes");
    assertEquals("8.60 GB", Memory.text(8.6e9));
    assertEquals("1.25 MB", Memory.text(1.25e6));
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
