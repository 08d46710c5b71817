package fathom.matrix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

class SlabTest {
  private static Slab.Layout layout() {
    return new Slab.Layout().add("0.weight", 3, 5).add("0.bias", 3, 1).add("empty", 0, 4);
  }

  @Test
  void matricesLieInOrderOnBoundaries() {
    try (Arena arena = Arena.ofConfined()) {
      Slab slab = new Slab(layout(), arena);
      assertEquals(32, slab.size());
      assertEquals(18, slab.layout().numbers());
      assertEquals(0, slab.segment().address() % 64);
      assertEquals(List.of("0.weight", "0.bias", "empty"), List.copyOf(slab.matrices().keySet()));
      assertEquals(16, slab.get("0.bias").offset());
      slab.get("0.weight").set(2, 4, 7);
      assertEquals(7, new Matrix(slab.segment(), 14, 1, 1, 1).get(0, 0));
    }
  }

  @Test
  void rowsLieNoMultipleOfFourKibibytesApart() {
    try (Arena arena = Arena.ofConfined()) {
      Slab.Layout layout =
          new Slab.Layout().add("a", 3, 1024).add("b", 2, 2048).add("c", 2, 1023).add("d", 1, 1024);
      Slab slab = new Slab(layout, arena);
      assertEquals(List.of(1040, 2064, 1023, 1024), strides(slab));
      assertEquals(3 * 1040, slab.get("b").offset());
      assertEquals(3 * 1024 + 2 * 2048 + 2 * 1023 + 1024, layout.numbers());
      assertEquals(3 * 1040 + 2 * 2064 + 2048 + 1024, layout.size());
    }
  }

  private static List<Integer> strides(Slab slab) {
    return slab.matrices().values().stream().map(Matrix::stride).toList();
  }

  @Test
  void offsetsPassTwoToTheThirtyOne() {
    Slab.Layout layout = new Slab.Layout().add("a", 50_000, 50_000).add("b", 50_000, 50_000);
    assertEquals(5_000_000_000L, layout.numbers());
    assertEquals(5_000_000_000L, layout.size());
  }

  @Test
  void namesAreUniqueAndKnown() {
    assertThrows(IllegalArgumentException.class, () -> layout().add("0.bias", 1, 1));
    try (Arena arena = Arena.ofConfined()) {
      Slab slab = new Slab(layout(), arena);
      assertThrows(IllegalArgumentException.class, () -> slab.get("1.weight"));
    }
  }
}
