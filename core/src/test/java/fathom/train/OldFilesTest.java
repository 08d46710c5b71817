package fathom.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import fathom.blas.Blas;
import fathom.data.Safetensors;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.nn.Activation;
import fathom.nn.Network;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Models and checkpoints that were written once are read to the same numbers, and written again as
 * they were. The README beside them says how each was made.
 */
class OldFilesTest {
  /**
   * For a model, digests of its numbers and of its answers; for a checkpoint, of its numbers, of
   * its moments, and of its numbers after as many steps more.
   */
  private static final Map<String, String> FIGURES = SameBitsTest.read("/old/figures.txt");

  private static Engine engine;

  @TempDir private Path folder;

  @BeforeAll
  static void open() {
    // Products in plain Java and scalar kernels, so that answers are the same on any machine.
    engine = new Engine(Blas.java(), Kernels.scalar(), 2);
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  private static Path old(String name) {
    try {
      return Path.of(OldFilesTest.class.getResource("/old/" + name + ".safetensors").toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "residual", "folded", "lstm", "regression", "prelu"})
  void modelsHaveTheirNumbersAndAnswers(String name) {
    try (Model model = Models.load(old(name), engine)) {
      assertEquals(FIGURES.get(name), SameBitsTest.digest(model.network()) + " " + answers(model));
    }
  }

  /** Returns a digest of what a model says to twenty rows of a data file. */
  private static String answers(Model model) {
    Random random = new Random(2);
    Network network = model.network();
    try (Arena arena = Arena.ofShared()) {
      Matrix x = Matrix.allocate(arena, 20, network.inputs());
      for (int r = 0; r < x.rows(); r++) {
        for (int c = 0; c < x.cols(); c++) {
          x.set(r, c, 2 * (float) random.nextGaussian() + 1);
        }
      }
      model.scaling().apply(x);
      Matrix y = Matrix.allocate(arena, x.rows(), network.outputs());
      network.predict(x, y);
      if (model.targetScaling() != null) {
        model.targetScaling().undo(y);
      }
      return SameBitsTest.digest(Map.of("answers", y));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "residual", "folded", "lstm", "regression", "prelu"})
  void modelsAreWrittenAgainAsTheyWere(String name) throws IOException {
    Path again = folder.resolve(name);
    try (Model model = Models.load(old(name), engine)) {
      Models.save(model, again);
    }
    assertArrayEquals(Files.readAllBytes(old(name)), Files.readAllBytes(again));
  }

  @Test
  void namesAndScalingsComeWithThem() {
    try (Model plain = Models.load(old("plain"), engine);
        Model regression = Models.load(old("regression"), engine)) {
      assertEquals(List.of("ash", "elm", "oak"), plain.classNames());
      assertEquals(List.of("height", "width", "weight", "age"), plain.featureNames());
      assertEquals("kinds.csv", plain.provenance().get("data"));
      assertEquals(2.0319445f, plain.scaling().shift()[0]);
      assertEquals(List.of("x", "y", "z"), regression.featureNames());
      assertEquals(1, regression.targetScaling().length());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"adam-command", "momentum-command", "adam-library", "momentum-library"})
  void checkpointsHaveTheirNumbersAndGoOn(String name) {
    try (OldTraining training = OldTraining.named(name, engine)) {
      Checkpoint.Progress unused = Checkpoint.load(old(name), training.trainer, training.stopping);
      assertEquals(OldTraining.STEPS, training.trainer.state().steps());
      String loaded = SameBitsTest.digest(training.network) + " " + moments(training.trainer);
      training.train(OldTraining.STEPS, 1);
      String further = SameBitsTest.digest(training.network);
      assertEquals(FIGURES.get(name), loaded + " " + further);
    }
  }

  private static String moments(Trainer trainer) {
    Map<String, Matrix> all = new HashMap<>();
    trainer
        .state()
        .moments()
        .forEach(
            (moment, slab) ->
                slab.matrices().forEach((name, m) -> all.put(moment + "." + name, m)));
    return SameBitsTest.digest(all);
  }

  @ParameterizedTest
  @ValueSource(strings = {"adam-command", "momentum-command", "adam-library", "momentum-library"})
  void checkpointsAreWrittenAgainAsTheyWere(String name) {
    Path again = folder.resolve(name);
    try (OldTraining training = OldTraining.named(name, engine)) {
      Checkpoint.Progress progress =
          Checkpoint.load(old(name), training.trainer, training.stopping);
      Checkpoint.save(training.trainer, training.stopping, progress, again);
    }
    assertSameContent(old(name), again);
  }

  @Test
  void theLibrarysFilesAreMadeAnewToTheBit() {
    for (String name : new String[] {"adam-library", "momentum-library"}) {
      Path again = folder.resolve(name);
      try (OldTraining training = OldTraining.named(name, engine)) {
        training.train(OldTraining.STEPS, 1);
        Checkpoint.save(training.trainer, training.stopping, OldTraining.progress(), again);
      }
      assertSameContent(old(name), again);
    }
    Path again = folder.resolve("prelu");
    try (Network network =
        Network.input(4)
            .dense(6, Activation.PRELU)
            .layerNorm(Activation.PRELU)
            .dense(5, Activation.leakyRelu(0.2f))
            .dense(2)
            .seed(5)
            .engine(engine)
            .build()) {
      Models.save(network, again);
    }
    assertSameContent(old("prelu"), again);
  }

  /**
   * Compares all that an old file holds. A new one may hold more, and have another version: what is
   * promised is that nothing is lost or read as something else.
   */
  private static void assertSameContent(Path old, Path again) {
    try (Safetensors expected = Safetensors.read(old);
        Safetensors found = Safetensors.read(again)) {
      expected
          .metadata()
          .forEach(
              (key, value) -> {
                if (!key.equals(Checkpoint.PREFIX)) {
                  assertEquals(value, found.metadata().get(key), old + ": " + key);
                }
              });
      assertEquals(expected.names(), found.names());
      for (String name : expected.names()) {
        assertEquals(expected.shape(name), found.shape(name), name);
        assertArrayEquals(expected.floats(name), found.floats(name), name);
      }
    }
  }
}
