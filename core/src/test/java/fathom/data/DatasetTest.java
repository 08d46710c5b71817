package fathom.data;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.matrix.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class DatasetTest {
  private static final float[][] X = {{1, 2}, {3, 4}, {5, 6}};

  @Test
  void holdsRowsAndLabels() {
    try (Dataset data = Dataset.ofLabels(X, new int[] {0, 2, 1}, 3)) {
      assertEquals(Task.CLASSIFICATION, data.task());
      assertEquals(3, data.size());
      assertEquals(2, data.features());
      assertEquals(3, data.classes());
      assertEquals(3, data.outputs());
      assertArrayEquals(X, data.inputs().toArray());
      assertArrayEquals(new int[] {0, 2, 1}, data.labels().toArray(JAVA_INT));
      assertNull(data.targets());
      assertEquals(0, data.inputs().segment().address() % 64);
    }
  }

  @Test
  void holdsRowsAndTargets() {
    float[][] y = {{1}, {-1}, {0.5f}};
    try (Dataset data = Dataset.ofTargets(X, y)) {
      assertEquals(Task.REGRESSION, data.task());
      assertEquals(0, data.classes());
      assertEquals(1, data.outputs());
      assertArrayEquals(y, data.targets().toArray());
      assertNull(data.labels());
      assertThrows(IllegalStateException.class, () -> data.rows().label(0));
    }
  }

  @Test
  void holdsRowsAlone() {
    try (Dataset data = Dataset.ofInputs(X)) {
      assertEquals(Task.UNLABELLED, data.task());
      assertEquals(0, data.outputs());
      assertNull(data.labels());
      assertNull(data.targets());
      assertNull(data.targetScaling());
    }
  }

  @Test
  void copiesWhatItIsGiven() {
    float[][] x = {{1}, {2}};
    try (Dataset data = Dataset.ofInputs(x)) {
      x[0][0] = 9;
      assertEquals(1, data.inputs().get(0, 0));
    }
  }

  @Test
  void refusesWhatDoesNotFit() {
    int[] y = {0, 1, 2};
    assertRefused("2 rows", () -> Dataset.ofLabels(new float[2][1], y, 3), "3 labels");
    assertRefused("label 2 of row 2", () -> Dataset.ofLabels(X, y, 2), "[0, 2)");
    assertRefused(
        "label -1 of row 0", () -> Dataset.ofLabels(X, new int[] {-1, 0, 0}, 2), "[0, 2)");
    assertRefused(
        "row 0 has 1", () -> Dataset.ofInputs(new float[][] {{1}, {1, 2}}), "row 1 has 2");
    assertRefused(
        "row 1, column 0", () -> Dataset.ofInputs(new float[][] {{1}, {Float.NaN}}), "NaN");
    assertRefused(
        "y: row 0",
        () -> Dataset.ofTargets(new float[][] {{1}}, new float[][] {{Float.NEGATIVE_INFINITY}}),
        "-Infinity");
    assertRefused("at least one row", () -> Dataset.ofInputs(new float[0][]), "x");
    assertRefused("one column", () -> Dataset.ofInputs(new float[2][0]), "x");
  }

  @Test
  void checksNamesAndImageSize() {
    try (Dataset data = Dataset.ofLabels(X, new int[] {0, 1, 0}, 2)) {
      data.classNames(List.of("no", "yes")).featureNames(List.of("a", "b")).imageSize(2, 1);
      assertEquals(List.of("no", "yes"), data.classNames());
      assertEquals(List.of("a", "b"), data.featureNames());
      assertEquals(2, data.imageWidth());
      assertEquals(1, data.imageHeight());
      assertRefused("1 class names", () -> data.classNames(List.of("no")), "2 classes");
      assertRefused("3 feature names", () -> data.featureNames(List.of("a", "b", "c")), "2 f");
      assertRefused("2x2", () -> data.imageSize(2, 2), "2 pixels");
      assertRefused("-2x-1", () -> data.imageSize(-2, -1), "2 pixels");
    }
  }

  @Test
  void everyUseAfterCloseThrows() {
    Dataset data = Dataset.ofLabels(X, new int[] {0, 1, 0}, 2);
    Matrix inputs = data.inputs();
    MemorySegment labels = data.labels();
    Batches batches = data.batches(2, 1);
    Split split = data.split(0.34, 1);
    data.close();
    data.close();
    List<Supplier<Object>> uses =
        List.of(
            data::inputs,
            data::labels,
            data::targets,
            () -> inputs.get(0, 0),
            () -> labels.get(JAVA_INT, 0),
            batches::iterator,
            split.train()::classCounts,
            () -> Scaling.standard(split.train()),
            () -> data.scale(Scaling.identity(2)),
            () -> data.split(0.34, 1));
    for (int i = 0; i < uses.size(); i++) {
      assertThrows(IllegalStateException.class, uses.get(i)::get, "use " + i);
    }
  }

  private static void assertRefused(String part, Supplier<Object> call, String otherPart) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> call.get(), part);
    assertTrue(e.getMessage().contains(part), e.getMessage());
    assertTrue(e.getMessage().contains(otherPart), e.getMessage());
    assertEquals(1, e.getMessage().lines().count(), e.getMessage());
  }
}
