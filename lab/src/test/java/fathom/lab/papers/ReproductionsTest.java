package fathom.lab.papers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.SharedFolder;
import fathom.engine.Engine;
import fathom.lab.papers.Reproduction.Form;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The fast forms of all reproductions: what is published comes out, or is known not to. */
class ReproductionsTest {
  static Stream<String> names() {
    return Reproductions.all().stream().map(Reproduction::name);
  }

  @ParameterizedTest
  @MethodSource("names")
  void comesOutAsPublished(String name) {
    Reproduction reproduction = Reproductions.named(name);
    Path mnist = reproduction.needsMnist() ? SharedFolder.require("data/mnist") : null;
    List<String> told = new ArrayList<>();
    Comparison comparison;
    try (Engine engine = Engine.shared();
        Apparatus apparatus = new Apparatus(engine, mnist, told::add)) {
      comparison = reproduction.run(Form.FAST, apparatus);
    }
    assertFalse(comparison.checks().isEmpty(), "nothing was compared");
    for (ResultCheck check : comparison.checks()) {
      assertTrue(check.holds(), check.toString());
    }
    for (Figure figure : comparison.figures()) {
      sound(figure);
    }
    assertFalse(reproduction.source().isBlank());
    assertEquals(comparison.checks().size(), comparison.held());
  }

  private static void sound(Figure figure) {
    List<Figure.Curve> curves =
        figure instanceof Figure.Chart chart ? chart.curves() : ((Figure.Heat) figure).lines();
    assertFalse(curves.isEmpty(), figure.title());
    for (Figure.Curve curve : curves) {
      assertEquals(curve.x().size(), curve.y().size(), figure.title() + ": " + curve.name());
      for (int i = 1; i < curve.x().size(); i++) {
        assertTrue(curve.x().get(i) > curve.x().get(i - 1), figure.title() + ": " + curve.name());
      }
    }
    if (figure instanceof Figure.Heat heat) {
      assertEquals(heat.y().size(), heat.values().size(), figure.title());
      assertEquals(heat.x().size(), heat.values().get(0).size(), figure.title());
    }
  }

  @Test
  void namesDiffer() {
    List<String> names = names().toList();
    assertEquals(names.size(), new HashSet<>(names).size(), names.toString());
  }

  @Test
  void anUnknownNameIsToldWithThoseThatThereAre() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Reproductions.named("xaver"))
            .getMessage();
    assertTrue(message.contains("'xaver'") && message.contains("logistic, "), message);
  }

  @Test
  void whatNeedsMnistSaysSo() {
    try (Engine engine = Engine.shared();
        Apparatus apparatus = new Apparatus(engine, null, words -> {})) {
      String message =
          assertThrows(IllegalStateException.class, apparatus::mnistTrain).getMessage();
      assertTrue(message.contains("MNIST"), message);
    }
  }

  @Test
  void aCheckComparesAsItSays() {
    assertTrue(ResultCheck.near("a", 1, 1.25, 0.25).holds());
    assertFalse(ResultCheck.near("a", 1, 1.26, 0.25).holds());
    assertFalse(ResultCheck.near("a", 1, Double.NaN, 0.25).holds());
    assertTrue(ResultCheck.between("a", "b", 2, 2, 3).holds());
    assertFalse(ResultCheck.between("a", "b", 1.9, 2, 3).holds());
    assertFalse(ResultCheck.atLeast("a", "b", Double.NaN, 0).holds());
    assertFalse(ResultCheck.atMost("a", "b", Double.POSITIVE_INFINITY, 1).holds());
    assertEquals("why", ResultCheck.atMost("a", "b", 2, 1).because("why").reason());
    assertEquals(null, ResultCheck.atMost("a", "b", 1, 1).because("why").reason());
  }

  @Test
  void numbersAreShort() {
    assertEquals("0.25", ResultCheck.number(0.25));
    assertEquals("12", ResultCheck.number(12));
    assertEquals("123.5", ResultCheck.number(123.4567));
    assertEquals("9.31e-10", ResultCheck.number(Math.pow(2, -30)));
    assertEquals("1200", ResultCheck.number(1200.04));
  }
}
