package fathom.data;

import static fathom.data.TestFiles.gzip;
import static fathom.data.TestFiles.write;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTest {
  @TempDir Path folder;

  private Path file(String text) {
    return write(folder.resolve("table.csv"), text.getBytes(StandardCharsets.UTF_8));
  }

  private Dataset read(String text) {
    return Csv.read(file(text));
  }

  private static final String FLOWERS =
      """
      length,width,kind
      5.1,3.5,setosa
      6.2,2.9,versicolor
      4.9,3,setosa
      7.1,2.5,virginica
      """;

  @Test
  void readsNamesAsClasses() {
    try (Dataset data = read(FLOWERS)) {
      assertEquals(Task.CLASSIFICATION, data.task());
      assertArrayEquals(
          new float[][] {{5.1f, 3.5f}, {6.2f, 2.9f}, {4.9f, 3}, {7.1f, 2.5f}},
          data.inputs().toArray());
      assertEquals(List.of("setosa", "versicolor", "virginica"), data.classNames());
      assertArrayEquals(new int[] {0, 1, 0, 2}, data.labels().toArray(JAVA_INT));
      assertEquals(List.of("length", "width"), data.featureNames());
      assertTrue(
          data.about()
              .endsWith(
                  "4 rows of 2 numbers, a header; classification into the 3 classes of column"
                      + " 'kind', the last, because it holds text"),
          data.about());
    }
  }

  @Test
  void readsWholeNumbersAsClassesInTheirOrder() {
    try (Dataset data = read("0.5,10\n1.5,9\n2.5,10.0\n3.5,9\n4.5,-1\n5.5,-1\n")) {
      assertEquals(Task.CLASSIFICATION, data.task());
      assertEquals(List.of("-1", "9", "10"), data.classNames());
      assertArrayEquals(new int[] {2, 1, 2, 1, 0, 0}, data.labels().toArray(JAVA_INT));
      assertNull(data.featureNames());
      assertTrue(data.about().contains("no header"), data.about());
      assertTrue(data.about().contains("3 different whole numbers in 6 rows"), data.about());
    }
  }

  @Test
  void readsFractionsAsTargets() {
    try (Dataset data = read("size,price\n1,10.5\n2,20\n3,30\n")) {
      assertEquals(Task.REGRESSION, data.task());
      assertArrayEquals(new float[][] {{10.5f}, {20}, {30}}, data.targets().toArray());
      assertTrue(data.about().contains("regression of column 'price'"), data.about());
      assertTrue(data.about().contains("fractions such as 10.5"), data.about());
    }
  }

  @Test
  void readsManyDifferentWholeNumbersAsTargets() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      text.append("1,").append(i % 21).append('\n');
    }
    try (Dataset data = read(text.toString())) {
      assertEquals(Task.REGRESSION, data.task());
      assertTrue(data.about().contains("21 different whole numbers in 60 rows"), data.about());
    }
    try (Dataset data = read("1,3\n2,3\n")) {
      assertEquals(Task.REGRESSION, data.task(), "one value is no two classes");
    }
  }

  @Test
  void takesTheTaskThatIsAsked() {
    Path whole = file("1,0\n2,1\n3,0\n4,1\n");
    try (Dataset data = Csv.read(whole, Csv.Options.guess().task(Task.REGRESSION))) {
      assertEquals(Task.REGRESSION, data.task());
      assertTrue(data.about().endsWith("as asked"), data.about());
    }
    try (Dataset data = Csv.read(whole, Csv.Options.guess().task(Task.UNLABELLED))) {
      assertEquals(Task.UNLABELLED, data.task());
      assertEquals(2, data.features());
    }
    Path fractions = file("1,0.5\n2,1.5\n3,0.5\n");
    try (Dataset data = Csv.read(fractions, Csv.Options.guess().task(Task.CLASSIFICATION))) {
      assertEquals(List.of("0.5", "1.5"), data.classNames());
    }
    Path mixed = file("5,7up\n2,12\n3,12.0\n");
    try (Dataset data = Csv.read(mixed, Csv.Options.guess().task(Task.CLASSIFICATION))) {
      assertEquals(List.of("12", "7up"), data.classNames());
      assertArrayEquals(new int[] {1, 0, 0}, data.labels().toArray(JAVA_INT));
    }
  }

  @Test
  void takesTheLabelColumnByNameOrNumber() {
    Path named = file("kind,a,b\nx,1,2\ny,3,4\nx,5,6\n");
    try (Dataset data = Csv.read(named, Csv.Options.guess().label("kind"))) {
      assertArrayEquals(new float[][] {{1, 2}, {3, 4}, {5, 6}}, data.inputs().toArray());
      assertEquals(List.of("a", "b"), data.featureNames());
      assertEquals(List.of("x", "y"), data.classNames());
      assertTrue(data.about().contains("column 'kind', because"), data.about());
    }
    Path bare = file("x,1,2\ny,3,4\nx,5,6\n");
    try (Dataset data = Csv.read(bare, Csv.Options.guess().label("1"))) {
      assertArrayEquals(new float[][] {{1, 2}, {3, 4}, {5, 6}}, data.inputs().toArray());
    }
  }

  @Test
  void takesTheClassesOfAModel() {
    Path some = file("a,kind\n1,cat\n2,cat\n");
    Csv.Options model = Csv.Options.guess().classNames(List.of("dog", "cow", "cat"));
    try (Dataset data = Csv.read(some, model)) {
      assertEquals(3, data.classes());
      assertArrayEquals(new int[] {2, 2}, data.labels().toArray(JAVA_INT));
    }
    Path numbers = file("1,3.0\n2,1\n");
    Csv.Options digits = Csv.Options.guess().classNames(List.of("1", "2", "3"));
    try (Dataset data = Csv.read(numbers, digits)) {
      assertArrayEquals(new int[] {2, 0}, data.labels().toArray(JAVA_INT));
    }
  }

  @Test
  void findsHeaders() {
    assertEquals(List.of("a", "b"), Csv.columns(file("a,b\n1,2\n")));
    assertEquals(List.of("1", "2"), Csv.columns(file("3,4\n1,2\n")));
    assertEquals(List.of("1", "2", "3"), Csv.columns(file("3,4,x\n1,2,y\n")));
    assertEquals(List.of("0", "1", "2", "y"), Csv.columns(file("0,1,2,y\n5,6,7,8\n")));
    assertEquals(List.of("1", "2", "3", "y"), Csv.columns(file("1,2,3,y\n5,6,7,8\n")));
    assertEquals(List.of("1", "2", "3", "4"), Csv.columns(file("0,2,3,y\n5,6,7,8\n")));
    assertEquals(List.of("1", "2", "3", "4"), Csv.columns(file("1,2,3,y\n5,6,7,z\n")));
    assertEquals(List.of("1", "2", "3"), Csv.columns(file("x,2,kind\n5,6,cat\n")));
    assertEquals(List.of("1", "2", "3"), Csv.columns(file("1.5,2,x\n")));
    assertEquals(List.of("a", "b"), Csv.columns(file("a,b\n")));
    Path names = file("3,4\n1,2\n");
    try (Dataset data = Csv.read(names, Csv.Options.guess().header(true))) {
      assertEquals(1, data.size());
      assertEquals(List.of("3"), data.featureNames());
    }
  }

  @Test
  void readsWhatToolsWrite() {
    float[][] expected = {{1, 2}, {3, 4}};
    String[] texts = {
      "1,2,a\n3,4,b\n",
      "1,2,a\r\n3,4,b\r\n",
      "1,2,a\n3,4,b",
      "1,2,a\n\n3,4,b\n\n\n",
      "\uFEFF1,2,a\n3,4,b\n",
      "1;2;a\n3;4;b\n",
      "1\t2\ta\n3\t4\tb\n",
      "\"1\",\"2\",\"a\"\n\"3\",\"4\",\"b\"\n",
      " 1 , 2 , a \n 3 , 4 , b \n",
      "+1,2.,a\n3e0,.4e1,b\n"
    };
    for (String text : texts) {
      try (Dataset data = read(text)) {
        assertArrayEquals(expected, data.inputs().toArray(), text);
        assertEquals(List.of("a", "b"), data.classNames(), text);
      }
    }
    try (Dataset data = read("\"a;1\",\"line\nbreak\",c\n1,2,\"x, \"\"y\"\"\"\n3,4,z\n")) {
      assertEquals(List.of("a;1", "line\nbreak"), data.featureNames());
      assertEquals(List.of("x, \"y\"", "z"), data.classNames());
    }
  }

  @Test
  void readsCompressedText() {
    Path zipped = write(folder.resolve("t.csv.gz"), gzip(FLOWERS.getBytes(StandardCharsets.UTF_8)));
    try (Dataset data = Csv.read(zipped);
        Dataset plain = read(FLOWERS)) {
      assertArrayEquals(plain.inputs().toArray(), data.inputs().toArray());
      assertEquals(plain.classNames(), data.classNames());
    }
  }

  /** Turkish lower case turns I into a dotless i, Arabic digits are not ASCII's. */
  @Test
  void doesNotDependOnTheLocale() {
    Locale before = Locale.getDefault();
    try {
      for (String tag : List.of("tr-TR", "ar-EG-u-nu-arab", "de-DE", "hi-IN-u-nu-deva")) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        try (Dataset data = read(FLOWERS)) {
          assertEquals(6.2f, data.inputs().get(1, 0), tag);
          assertTrue(data.about().contains("4 rows of 2 numbers"), data.about());
        }
        String message =
            assertThrows(DataException.class, () -> read("a,b\n1,2\n1,2\nINFINITY,4\n"))
                .getMessage();
        assertTrue(message.contains("line 4, column 1 'a': 'INFINITY' is not finite"), message);
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void readsMoreThanOneBlock() {
    StringBuilder text = new StringBuilder();
    int rows = 3000;
    for (int i = 0; i < rows; i++) {
      text.append(i).append(",").append(-i).append(",").append(0.5 * i).append('\n');
    }
    try (Dataset data = read(text.toString())) {
      assertEquals(rows, data.size());
      for (int i = 0; i < rows; i++) {
        assertEquals(i, data.inputs().get(i, 0));
        assertEquals(-i, data.inputs().get(i, 1));
        assertEquals(0.5f * i, data.targets().get(i, 0));
      }
    }
  }
}
