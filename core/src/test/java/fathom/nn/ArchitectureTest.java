package fathom.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a network is like, as a value and as text. */
class ArchitectureTest {
  private static final int DRAWN = 300;

  @Test
  void itIsWhatItsTextSays() {
    for (long seed = 0; seed < DRAWN; seed++) {
      Architecture drawn = RandomArchitectures.draw(seed);
      Architecture read = Architecture.parse(drawn.toString());
      assertEquals(drawn, read, "seed " + seed);
      assertEquals(drawn.hashCode(), read.hashCode(), "seed " + seed);
      assertEquals(drawn.toString(), read.toString(), "seed " + seed);
      assertEquals(drawn, Network.of(drawn).architecture(), "seed " + seed);
    }
  }

  @Test
  void itIsWhatTheBuilderDescribed() {
    Architecture described =
        Network.input(6)
            .dense(5, Activation.RELU)
            .residual(
                0.5f,
                branch -> branch.layerNorm(Activation.TANH).dense(7).noBias().dropout(0.5).dense(5))
            .dense(3)
            .architecture();
    Architecture written =
        new Architecture(
            6,
            List.of(
                new Dense(5, Activation.RELU, Initializer.HE_NORMAL, true),
                new Residual(
                    0.5f,
                    List.of(
                        new LayerNorm(Activation.TANH, 1e-5f),
                        new Dense(7, Activation.IDENTITY, Initializer.XAVIER_UNIFORM, false),
                        new Noise(Noise.Kind.DROPOUT, 0.5),
                        new Dense(5, Activation.IDENTITY, Initializer.XAVIER_UNIFORM, true))),
                new Dense(3, Activation.IDENTITY, Initializer.XAVIER_UNIFORM, true)));
    assertEquals(written, described);
    assertEquals(
        "6 5:relu [ layer_norm:tanh:1.0E-5 7:identity:no_bias dropout:0.5 5:identity ]:0.5"
            + " 3:identity",
        described.toString());
    assertEquals(8, described.depth());
    assertEquals(
        List.of("0", "2", "2.0", "2.2", "2.3", "2.4", "2", "3"),
        described.placed().stream().map(Layer::module).toList());
  }

  @Test
  void initializersAreNotPartOfTheText() {
    Architecture described = Network.input(3).dense(2).architecture();
    Architecture read = Architecture.parse(described.toString());
    assertEquals(described.toString(), read.toString());
    assertNotEquals(described, read);
    assertEquals(
        List.of(new Dense(2, Activation.IDENTITY, Initializer.ZEROS, true)), read.layers());
  }

  @Test
  void equalActivationsAndInitializersAreEqual() {
    assertEquals(Activation.leakyRelu(0.2f), Activation.named("leaky_relu(0.2)"));
    assertNotEquals(Activation.leakyRelu(0.2f), Activation.LEAKY_RELU);
    assertNotEquals(Activation.elu(0.5f), Activation.leakyRelu(0.5f));
    assertEquals(Initializer.HE_NORMAL.gain(2), Initializer.named("he_normal(2)"));
    assertNotEquals(Initializer.HE_NORMAL.gain(2), Initializer.HE_NORMAL);
    assertNotEquals(Initializer.HE_UNIFORM, Initializer.HE_NORMAL);
  }

  /** Numbers of parameters are those that networks have, and so are names and shapes. */
  @Test
  void parametersAreThoseOfTheNetwork() {
    try (Engine engine = new Engine(Blas.java(), Kernels.scalar(), 1)) {
      for (long seed = 0; seed < 60; seed++) {
        Architecture drawn = RandomArchitectures.draw(seed);
        try (Network network = Network.of(drawn).engine(engine).build()) {
          assertEquals(network.parameterCount(), drawn.parameterCount(), "seed " + seed);
          assertEquals(network.depth(), drawn.depth(), "seed " + seed);
          assertEquals(network.inputs(), drawn.inputs(), "seed " + seed);
          assertEquals(drawn.placed().size(), drawn.depth(), "seed " + seed);
          Map<String, List<Long>> shapes = drawn.tensors();
          network
              .parameters()
              .matrices()
              .forEach((name, m) -> assertEquals((long) m.rows(), shapes.get(name).get(0), name));
          assertEquals(
              shapes.size(),
              network.parameters().matrices().size() + network.statistics().matrices().size());
        }
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Dense dense = new Dense(4, Activation.TANH, Initializer.ZEROS, true);
    Recurrent gru = Recurrent.of(Recurrent.Kind.GRU, 5, Activation.TANH, Initializer.ZEROS, 0);
    refused("a network needs at least one layer", () -> new Architecture(3, List.of()));
    refused("an input row needs at least one unit", () -> new Architecture(0, List.of(dense)));
    refused("a sequence needs at least one unit", () -> new Architecture(-1, 2, List.of(gru)));
    refused("needs a sequence", () -> new Architecture(3, List.of(gru)));
    refused("needs a sequence", () -> new Architecture(2, 3, List.of(dense, gru)));
    refused(
        "needs a sequence",
        () -> new Architecture(2, 3, List.of(gru, new Residual(1, List.of(gru)))));
    refused(
        "takes 3 units and its branch gives 4",
        () -> new Architecture(3, List.of(new Residual(1, List.of(dense)))));
    refused(
        "takes 4 units and its branch gives 5",
        () ->
            new Architecture(
                3,
                List.of(
                    dense,
                    new Residual(
                        1,
                        List.of(
                            new Residual(
                                1, List.of(new Dense(5, Activation.TANH, Initializer.ZEROS, true))),
                            dense)))));
    refused(
        "passes the 67108864 that an input row may have",
        () -> new Architecture(1 << 14, 1 << 14, List.of(gru)));
    refused(
        "units over 60000 steps are too many",
        () -> new Architecture(60_000, 1_000, List.of(gru, dense)));
    refused(
        "units over 3000 steps are too many",
        () ->
            new Architecture(
                3_000,
                2,
                List.of(
                    gru, new Dense(30_000, Activation.TANH, Initializer.ZEROS, true), dense, gru)));
    refused(
        "at least one unit, not 0", () -> new Dense(0, Activation.TANH, Initializer.ZEROS, true));
    refused("needs a layer in its branch", () -> new Residual(1, List.of()));
    refused("scale must be finite", () -> new Residual(Float.NaN, List.of(dense)));
    refused("momentum must be from 0 to 1", () -> new BatchNorm(Activation.TANH, 2, 1e-5f));
    refused("epsilon must be positive", () -> new LayerNorm(Activation.TANH, 0));
    refused("below 1, not 1.0", () -> new Noise(Noise.Kind.DROPOUT, 1));
    refused(
        "takes tanh or relu",
        () -> Recurrent.of(Recurrent.Kind.RNN, 2, Activation.GELU, Initializer.ZEROS, 0));
  }

  @Test
  void textThatIsNoneIsRefusedWithTheWordThatIsWrong() {
    refused("'x' is no number of units", () -> Architecture.parse("3 x"));
    refused("'' is no number of units", () -> Architecture.parse(""));
    refused("'3' breaks off", () -> Architecture.parse("3"));
    refused("'3 [ 3:tanh' breaks off", () -> Architecture.parse("3 [ 3:tanh"));
    refused("']:1.0' ends a block that was not begun", () -> Architecture.parse("3 3:tanh ]:1.0"));
    refused("']' lacks a number", () -> Architecture.parse("3 [ 3:tanh ]"));
    refused("needs a layer in its branch", () -> Architecture.parse("3 [ ]:1.0"));
    refused("takes 3 units and its branch gives 4", () -> Architecture.parse("3 [ 4:tanh ]:1.0"));
    refused(
        "'batch_norm:tanh:0.1' lacks a number", () -> Architecture.parse("3 batch_norm:tanh:0.1"));
    refused("'4' names no activation", () -> Architecture.parse("3 4"));
    refused("'gru' names no units", () -> Architecture.parse("2x3 gru"));
    refused(
        "unknown activation 'tahn'; did you mean 'tanh'?", () -> Architecture.parse("3 4:tahn"));
  }

  private static void refused(String reason, org.junit.jupiter.api.function.Executable what) {
    String message = assertThrows(IllegalArgumentException.class, what).getMessage();
    assertTrue(message.contains(reason), message);
  }
}
