package fathom.optim;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.blas.Blas;
import fathom.engine.Engine;
import fathom.kernel.Kernels;
import fathom.matrix.Matrix;
import fathom.matrix.Slab;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OptimizerTest {
  private static final List<Engine> ENGINES =
      List.of(Engine.scalar(1), new Engine(Blas.java(), Kernels.vector(), 1));

  private final Arena arena = Arena.ofShared();

  @AfterEach
  void close() {
    arena.close();
  }

  static Stream<Optimizer> optimizers() {
    return Stream.of(
        new Sgd(0.1f),
        new Sgd(0.1f, 0, 0, 0.01f, false),
        new Sgd(0.1f, 0.9f),
        new Sgd(0.1f, 0.9f, 0.5f, 0.01f, false),
        Sgd.nesterov(0.1f, 0.9f),
        new Adam(0.1f),
        new Adam(0.1f, 0.8f, 0.9f, 1e-6f, 0.01f),
        new AdamW(0.1f),
        new AdamW(0.1f, 0, 0, 1e-6f, 0.5f),
        new Adam(0.1f, 0.9f, 0.99f, 1e-8f, 0, true),
        new AdamW(0.1f, 0.9f, 0.99f, 1e-8f, 0.01f, true),
        new AdaGrad(0.5f),
        new AdaGrad(0.5f, 0.01f, 1e-6f, 0.01f),
        new RmsProp(0.1f),
        new RmsProp(0.01f, 0.9f, 1e-8f, 0.5f, false, 0.01f),
        new RmsProp(0.01f, 0.9f, 1e-3f, 0, true, 0),
        new RmsProp(0.01f, 0.9f, 1e-3f, 0.9f, true, 0),
        new AdaDelta(1, 0.9f, 1e-3f, 0),
        new AdaMax(0.1f),
        new Nadam(0.1f),
        new Nadam(0.1f, 0.8f, 0.9f, 1e-6f, 0.1f, 0.01f, true),
        new RAdam(0.1f),
        new RAdam(0.1f, 0.8f, 0.9f, 1e-6f, 0.01f, true),
        new Lion(0.1f),
        new Lion(0.1f, 0.8f, 0.9f, 0.01f));
  }

  /** A run on random gradients, its state between steps at hand. */
  private final class Run {
    final Slab parameters = new Slab(new Slab.Layout().add("a", 7, 3).add("b", 40, 5), arena);
    final Slab gradients = new Slab(parameters.layout(), arena);
    final OptimizerState state;

    Run(Optimizer optimizer) {
      state = new OptimizerState(optimizer, parameters, gradients, arena);
      randomize(parameters, new Random(9));
    }

    void step(Engine engine, long... cuts) {
      randomize(gradients, new Random(state.steps()));
      state.begin();
      long from = 0;
      for (long to : cuts) {
        state.update(engine, from, to);
        from = to;
      }
      state.update(engine, from, parameters.size());
    }

    float[][][] numbers() {
      Stream<Slab> slabs = Stream.concat(Stream.of(parameters), state.moments().values().stream());
      return slabs
          .flatMap(s -> s.matrices().values().stream())
          .map(Matrix::toArray)
          .toArray(float[][][]::new);
    }
  }

  private static void randomize(Slab slab, Random random) {
    for (Matrix m : slab.matrices().values()) {
      for (int r = 0; r < m.rows(); r++) {
        for (int c = 0; c < m.cols(); c++) {
          m.set(r, c, (float) random.nextGaussian());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void anyCutAndAnyKernelsGiveTheSameNumbers(Optimizer optimizer) {
    Run whole = new Run(optimizer);
    Run cut = new Run(optimizer);
    for (int step = 0; step < 5; step++) {
      whole.step(ENGINES.get(0));
      cut.step(ENGINES.get(step % 2), 0, 1, 30, 31, 64, 200);
      assertTrue(Arrays.deepEquals(whole.numbers(), cut.numbers()), optimizer + " seed 9");
    }
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void gapsBetweenMatricesStayZero(Optimizer optimizer) {
    Run run = new Run(optimizer);
    run.step(ENGINES.get(1));
    for (Slab slab : run.state.moments().values()) {
      assertEquals(0, slab.segment().getAtIndex(JAVA_FLOAT, 21));
    }
    float gap = run.parameters.segment().getAtIndex(JAVA_FLOAT, 21);
    assertEquals(0, gap, optimizer.toString());
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void aResumedRunGoesOnWithTheSameNumbers(Optimizer optimizer) {
    Run straight = new Run(optimizer);
    Run broken = new Run(optimizer);
    for (int step = 0; step < 3; step++) {
      straight.step(ENGINES.get(1));
      broken.step(ENGINES.get(1));
    }
    Run resumed = new Run(optimizer);
    copy(broken.parameters, resumed.parameters);
    broken.state.moments().forEach((name, m) -> copy(m, resumed.state.moments().get(name)));
    resumed.state.resume(broken.state.steps());
    for (int step = 0; step < 3; step++) {
      straight.step(ENGINES.get(1));
      resumed.step(ENGINES.get(1));
    }
    assertEquals(6, resumed.state.steps());
    assertTrue(Arrays.deepEquals(straight.numbers(), resumed.numbers()), optimizer + " seed 9");
  }

  private static void copy(Slab from, Slab to) {
    from.matrices().forEach((name, m) -> to.get(name).copyFrom(m));
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void aRateOfZeroMovesNothing(Optimizer optimizer) {
    Run run = new Run(optimizer);
    float[][] before = run.parameters.get("b").toArray();
    assertEquals(optimizer.rate(), run.state.rate());
    run.state.rate(0);
    run.step(ENGINES.get(1));
    assertArrayEquals(before, run.parameters.get("b").toArray(), optimizer.toString());
    run.state.rate(optimizer.rate());
    run.step(ENGINES.get(1));
    assertTrue(!Arrays.deepEquals(before, run.parameters.get("b").toArray()));
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void aBowlIsDescended(Optimizer optimizer) {
    Slab w = new Slab(new Slab.Layout().add("w", 1, 3), arena);
    Slab g = new Slab(w.layout(), arena);
    randomize(w, new Random(4));
    double start = bowl(w.get("w"), g.get("w"));
    OptimizerState state = new OptimizerState(optimizer, w, g, arena);
    for (int step = 0; step < 300; step++) {
      bowl(w.get("w"), g.get("w"));
      // Adam's steps are of the rate's size, so that only a falling rate lets it come to rest.
      state.rate(optimizer.rate() * (300 - step) / 300);
      state.begin();
      state.update(ENGINES.get(1), 0, w.size());
    }
    // Weight decay pulls to the origin, which is where the bowl ends.
    assertTrue(bowl(w.get("w"), g.get("w")) < 1e-3 * start, optimizer + " seed 4");
  }

  /** Returns sum k w_k² / 2 for k of 1, 2, 3, and writes the gradient. */
  private static double bowl(Matrix w, Matrix g) {
    double sum = 0;
    for (int c = 0; c < w.cols(); c++) {
      g.set(0, c, (c + 1) * w.get(0, c));
      sum += (c + 1) * 0.5 * w.get(0, c) * w.get(0, c);
    }
    return sum;
  }

  @Test
  void momentsHaveNames() {
    assertEquals(Set.of(), new Run(new Sgd(1)).state.moments().keySet());
    assertEquals(Set.of("velocity"), new Run(new Sgd(1, 0.5f)).state.moments().keySet());
    assertEquals(Set.of("m", "v"), new Run(new AdamW(1)).state.moments().keySet());
  }

  @Test
  void momentsAreThoseThatARuleNeeds() {
    assertMoments("m v vmax", new AdamW(1, 0.9f, 0.9f, 1, 0, true));
    assertMoments("sum", new AdaGrad(1));
    assertMoments("v", new RmsProp(1));
    assertMoments("v velocity", new RmsProp(1, 0.9f, 1, 0.9f, false, 0));
    assertMoments("v velocity m", new RmsProp(1, 0.9f, 1, 0, true, 0));
    assertMoments("v u", new AdaDelta(1));
    assertMoments("m u", new AdaMax(1));
    assertMoments("m v", new Nadam(1));
    assertMoments("m v", new RAdam(1));
    assertMoments("m", new Lion(1));
  }

  private static void assertMoments(String expected, Optimizer optimizer) {
    assertEquals(expected, String.join(" ", optimizer.moments()), optimizer.toString());
  }

  @Test
  void badHyperparametersAreNamed() {
    assertRefused(
        "the learning rate must be finite and at least 0, not NaN", () -> new Sgd(Float.NaN));
    assertRefused(
        "the learning rate must be finite and at least 0, not Infinity",
        () -> new Adam(Float.POSITIVE_INFINITY));
    assertRefused("the learning rate must be finite and at least 0, not -1.0", () -> new AdamW(-1));
    assertRefused("momentum must be at least 0 and below 1, not 1.0", () -> new Sgd(1, 1));
    assertRefused(
        "Nesterov needs momentum above 0 and no dampening, not momentum 0.0 and dampening 0.0",
        () -> Sgd.nesterov(1, 0));
    assertRefused("dampening must be at most 1, not 2.0", () -> new Sgd(1, 0.5f, 2, 0, false));
    assertRefused(
        "weight decay must be finite and at least 0, not -1.0",
        () -> new Adam(1, 0.9f, 0.9f, 1e-8f, -1));
    assertRefused(
        "beta1 must be at least 0 and below 1, not NaN",
        () -> new Adam(1, Float.NaN, 0.9f, 1e-8f, 0));
    assertRefused(
        "beta2 must be at least 0 and below 1, not 1.0", () -> new AdamW(1, 0.9f, 1, 1e-8f, 0));
    assertRefused(
        "epsilon must be finite and at least 1.0E-16, not 0.0",
        () -> new Adam(1, 0.9f, 0.9f, 0, 0));
    assertRefused(
        "the decay of the rate must be finite and at least 0, not -1.0",
        () -> new AdaGrad(1, -1, 1, 0));
    assertRefused(
        "alpha must be at least 0 and below 1, not 1.0",
        () -> new RmsProp(1, 1, 1e-8f, 0, false, 0));
    assertRefused(
        "rho must be at least 0 and below 1, not -1.0", () -> new AdaDelta(1, -1, 1e-6f, 0));
    assertRefused(
        "the decay of momentum must be finite and at least 0, not NaN",
        () -> new Nadam(1, 0.9f, 0.9f, 1, Float.NaN, 0, false));
    assertRefused("the learning rate must be finite and at least 0, not -1.0", () -> new Lion(-1));
  }

  private static void assertRefused(String message, Supplier<Optimizer> optimizer) {
    Exception e = assertThrows(IllegalArgumentException.class, optimizer::get);
    assertEquals(message, e.getMessage());
  }

  @Test
  void misuseIsNamed() {
    Run run = new Run(new Adam(1e-3f));
    Exception e =
        assertThrows(IllegalStateException.class, () -> run.state.update(ENGINES.get(0), 0, 1));
    assertEquals("no step has begun: call begin() before update()", e.getMessage());
    run.state.begin();
    e =
        assertThrows(
            IndexOutOfBoundsException.class, () -> run.state.update(ENGINES.get(0), 3, 1000));
    assertEquals("elements 3 to 1000 of a slab of 240", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> run.state.rate(-1));
    assertThrows(IllegalArgumentException.class, () -> run.state.resume(-1));
    run.state.resume(7);
    assertThrows(IllegalStateException.class, () -> run.state.update(ENGINES.get(0), 0, 1));
    Slab other = new Slab(new Slab.Layout().add("a", 1, 1), arena);
    e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new OptimizerState(new Sgd(1), run.parameters, other, arena));
    assertEquals(
        "parameters (221 numbers) and gradients (1 numbers) must be slabs of one layout",
        e.getMessage());
  }
}
