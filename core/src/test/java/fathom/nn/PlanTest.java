package fathom.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.nn.Buffer.Region;
import fathom.nn.Stage.Phase;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Plans of architectures drawn at random, against the rules that make them right. */
class PlanTest {
  private static final int DRAWN = 200;
  private static final Engine ENGINE = new Engine(Blas.java(), Kernels.scalar(), 2);

  @AfterAll
  static void close() {
    ENGINE.close();
  }

  /** Gives plans of all kinds for an architecture. */
  private static void each(long seed, Consumer<Plan> check) {
    Architecture drawn = RandomArchitectures.draw(seed);
    check.accept(Plan.inference(ENGINE, drawn, 5));
    for (int every = 1; every <= 3; every++) {
      int step = 1 + drawn.depth() / 3;
      for (int frozen = 0; frozen < drawn.depth(); frozen += step) {
        check.accept(Plan.training(ENGINE, drawn, 5, every, frozen));
      }
    }
  }

  /** What is read was written before, and nothing else has been written over it since. */
  @Test
  void whatIsReadIsThere() {
    for (long seed = 0; seed < DRAWN; seed++) {
      String what = "seed " + seed;
      each(
          seed,
          plan -> {
            Map<Buffer.Place, Buffer> memory = new HashMap<>();
            for (Stage stage : plan.stages()) {
              for (Buffer read : stage.reads()) {
                boolean given = read.region() == Region.BATCH;
                assertTrue(
                    given || read.equals(memory.get(read.place())),
                    () -> what + ", " + plan.architecture() + ": " + stage + " reads " + read);
              }
              stage.writes().forEach(written -> memory.put(written.place(), written));
            }
          });
    }
  }

  /** What the way back reads of the way forward is as the layer left it or found it. */
  @Test
  void whatIsKeptIsNotWrittenOver() {
    for (long seed = 0; seed < DRAWN; seed++) {
      String what = "seed " + seed;
      each(
          seed,
          plan -> {
            Map<Buffer.Place, Integer> writers = new HashMap<>();
            for (Stage stage : plan.stages()) {
              if (stage.phase() != Phase.BACKWARD) {
                stage.writes().forEach(written -> writers.put(written.place(), stage.layer()));
                continue;
              }
              for (Buffer read : stage.reads()) {
                boolean kept = read.region() == Region.OWN || read.region() == Region.SHARED;
                int writer = kept ? writers.getOrDefault(read.place(), -1) : -1;
                assertTrue(
                    writer <= stage.layer(),
                    () -> what + ", " + plan.architecture() + ": " + stage + " reads " + read);
              }
            }
          });
    }
  }

  /**
   * What follows a product is done to a block of rows at once, while others still read what the
   * product reads: nothing is written there. Any other head has read all when the first rows come.
   */
  @Test
  void nothingIsWrittenWhereOthersOfItsGroupStillRead() {
    for (long seed = 0; seed < DRAWN; seed++) {
      String what = "seed " + seed;
      each(
          seed,
          plan -> {
            Map<Integer, Buffer> products = new HashMap<>();
            for (Stage stage : plan.stages()) {
              if (stage.phase() != Phase.FORWARD) {
                continue;
              }
              if (stage.operation().equals("Z = W X")) {
                products.put(stage.group(), stage.reads().get(0));
              }
              Buffer read = products.get(stage.group());
              for (Buffer written : stage.writes()) {
                assertTrue(
                    read == null || !written.overlaps(read),
                    () -> what + ", " + plan.architecture() + ": " + stage + " over " + read);
              }
            }
          });
    }
  }

  /** Three buffers of gradients are enough: while one is learnt from, nobody writes over it. */
  @Test
  void aGradientStaysUntilWeightsHaveLearntFromIt() {
    for (long seed = 0; seed < DRAWN; seed++) {
      String what = "seed " + seed;
      each(
          seed,
          plan -> {
            List<Stage> back =
                plan.stages().stream().filter(s -> s.phase() == Phase.BACKWARD).toList();
            for (int i = 0; i + 1 < back.size(); i++) {
              Stage learning = back.get(i);
              if (learning.flops() == 0 || !learning.operation().startsWith("dW")) {
                continue;
              }
              // Threads that are done go on to the next product without waiting.
              Stage next = back.get(i + 1);
              Buffer d = learning.reads().get(0);
              for (Buffer written : next.writes()) {
                assertTrue(
                    !written.overlaps(d),
                    () -> what + ", " + plan.architecture() + ": " + next + " over " + d);
              }
            }
          });
    }
  }

  /** A plan's bytes are those of the memory that a network takes for it. */
  @Test
  void itsBytesAreWhatIsAllocated() {
    for (long seed = 0; seed < 60; seed++) {
      Architecture drawn = RandomArchitectures.draw(seed);
      try (Network network = Network.of(drawn).engine(ENGINE).build()) {
        for (int batch : new int[] {1, 2, 7, 1030}) {
          long stamp = network.beginStep();
          Pass pass = network.pass(batch);
          network.endStep(stamp);
          String what = "seed " + seed + ", " + batch + " rows of " + drawn;
          assertEquals(pass.bytes(), pass.plan().bytes(), what);
          assertEquals(pass.bytes(), Plan.training(ENGINE, drawn, batch).bytes(), what);
          assertEquals(Plan.training(ENGINE, drawn, batch).flops(), pass.flops(), what);
        }
      }
    }
  }

  /** Each weight is used once on the way forward, and once on each way back. */
  @Test
  void itCountsTheOperationsOfProducts() {
    Architecture plain = Architecture.parse("20 30:relu 40:gelu 10:identity");
    double forward = 2.0 * 7 * (20 * 30 + 30 * 40 + 40 * 10);
    assertEquals(forward, Plan.inference(ENGINE, plain, 7).flops());
    double lowest = 2.0 * 7 * 20 * 30;
    assertEquals(3 * forward - lowest, Plan.training(ENGINE, plain, 7).flops());
    assertEquals(
        3 * forward - 2 * lowest - 2.0 * 7 * 30 * 40,
        Plan.training(ENGINE, plain, 7, 1, 1).flops());
  }

  /** Each buffer is in use, and none has the memory of another that nothing is to share. */
  @Test
  void memoryOfItsOwnIsItsOwn() {
    for (long seed = 0; seed < DRAWN; seed++) {
      each(
          seed,
          plan -> {
            Set<Buffer.Place> places = new HashSet<>();
            Set<Buffer> written = new HashSet<>();
            plan.stages().forEach(stage -> written.addAll(stage.writes()));
            for (Buffer buffer : plan.buffers()) {
              // Gradients of what is frozen have their turn all the same.
              boolean unused = buffer.region() == Region.GRADIENT || buffer.region() == Region.SKIP;
              assertTrue(
                  unused || buffer.region() == Region.BATCH || written.contains(buffer),
                  () -> plan.architecture() + ": " + buffer);
              assertTrue(buffer.region() != Region.OWN || places.add(buffer.place()));
            }
          });
    }
  }

  @Test
  void theStagesReadFromTopToBottom() {
    Architecture small =
        Architecture.parse("6 5:identity [ batch_norm:relu:0.1:1.0E-5 5:identity ]:1.0 3:identity");
    assertEquals(
        """
        a training step of 2 rows
          layer              operation             reads                                      writes                                    MFLOP  bytes  memory
        forward
          0 5                Z = W X               x 2x6, 0.weight                            z0 5x2                                    0.000     40  own
          0 5                Z + b                 z0 5x2, 0.bias                             z0 5x2                                                  own, in place
          2 batch norm relu  normalize             z0 5x2, 1.0.weight                         x2 5x2, y2 5x2, mean2 5x1, variance2 5x1           120  kept; own
          2 batch norm relu  relu(Z + b)           y2 5x2, 1.0.bias                           y2 5x2                                                  kept, in place
          3 5                Z = W X               y2 5x2, 1.2.weight                         z3 5x2                                    0.000     40  own
          3 5                Z + b                 z3 5x2, 1.2.bias                           z3 5x2                                                  own, in place
          4 ]                X + branch            z0 5x2, z3 5x2                             y4 5x2                                              40  kept
          5 3                Z = W X               y4 5x2, 2.weight                           z5 3x2                                    0.000     24  kept
          5 3                Z + b                 z5 3x2, 2.bias                             z5 3x2                                                  kept, in place
        loss
          5 3                loss                  z5 3x2                                     d5 3x2                                              48  gradient 0
        backward
          5 3                db                    d5 3x2, 2.bias                             d5 3x2                                                  gradient 0, in place
          5 3                dX = transpose(W) dZ  d5 3x2, 2.weight                           d3 5x2                                    0.000     48  gradient 2
          4 ]                keep skip             d3 5x2                                     d3 5x2, skip1 5x2                                   48  gradient 2, in place; skip 0
          3 5                db                    d3 5x2, 1.2.bias                           d3 5x2                                                  gradient 2, in place
          5 3                dW = dZ transpose(X)  d5 3x2, y4 5x2, 2.weight                   block5 3x5                                0.000         block for each thread
          3 5                dX = transpose(W) dZ  d3 5x2, 1.2.weight                         d0 5x2                                    0.000     48  gradient 1
          2 batch norm relu  relu', db             d0 5x2, y2 5x2, 1.0.bias                   d0 5x2                                                  gradient 1, in place
          2 batch norm relu  normalize'            d0 5x2, x2 5x2, variance2 5x1, 1.0.weight  d0 5x2                                                  gradient 1, in place
          1 [                add skip              d0 5x2, skip1 5x2                          d0 5x2                                                  gradient 1, in place
          0 5                db                    d0 5x2, 0.bias                             d0 5x2                                                  gradient 1, in place
          3 5                dW = dZ transpose(X)  d3 5x2, y2 5x2, 1.2.weight                 block3 5x5                                0.000         block for each thread
          0 5                dW = dZ transpose(X)  d0 5x2, x 2x6, 0.weight                    block0 5x6                                0.000    240  block for each thread
        22 operations, 0.001 MFLOP, 696 bytes beside parameters and gradients
        """,
        Plan.training(ENGINE, small, 2).toString());
    assertEquals(
        """
        an inference of 2 rows
          layer              operation    reads               writes                          MFLOP  bytes  memory
        forward
          0 5                copy rows                        x 2x6                                     48  own
          0 5                Z = W X      x 2x6, 0.weight     z0 5x2                          0.000     48  reused 0
          0 5                Z + b        z0 5x2, 0.bias      z0 5x2                                        reused 0, in place
          2 batch norm relu  scale        z0 5x2, 1.0.weight  y2 5x2, scale2 5x1, shift2 5x1            88  reused 1; own
          2 batch norm relu  relu(Z + b)  y2 5x2, shift2 5x1  y2 5x2                                        reused 1, in place
          3 5                Z = W X      y2 5x2, 1.2.weight  z3 5x2                          0.000     48  reused 2
          3 5                Z + b        z3 5x2, 1.2.bias    z3 5x2                                        reused 2, in place
          4 ]                X + branch   z0 5x2, z3 5x2      z3 5x2                                        reused 2, in place
          5 3                Z = W X      z3 5x2, 2.weight    z5 3x2                          0.000         reused 0
          5 3                Z + b        z5 3x2, 2.bias      z5 3x2                                        reused 0, in place
        10 operations, 0.000 MFLOP, 232 bytes beside parameters and gradients
        """,
        Plan.inference(ENGINE, small, 2).toString());
  }

  /** What a hundred layers do is told once, and adds up. */
  @Test
  void alikeLayersAreFolded() {
    String layers = "100:tanh ".repeat(100);
    Plan plan = Plan.training(ENGINE, Architecture.parse("100 " + layers + "3:identity"), 10);
    String text = plan.toString();
    assertTrue(text.lines().count() < 30, text);
    assertTrue(text.contains("    ... these 2 operations 98 times more, layers 1 to 99:"), text);
    assertTrue(text.contains("    ... these 3 operations 98 times more, layers 0 to 98:"), text);
    assertTrue(text.endsWith(plan.bytes() + " bytes beside parameters and gradients\n"), text);
  }

  @Test
  void whatCannotBePlannedIsRefused() {
    Architecture small = Architecture.parse("3 2:tanh 1:identity");
    assertThrows(IllegalArgumentException.class, () -> Plan.training(ENGINE, small, 0));
    assertThrows(IllegalArgumentException.class, () -> Plan.inference(ENGINE, small, 0));
    assertThrows(IllegalArgumentException.class, () -> Plan.training(ENGINE, small, 1, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> Plan.training(ENGINE, small, 1, 1, 2));
  }
}
