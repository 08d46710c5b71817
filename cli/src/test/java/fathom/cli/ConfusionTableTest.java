package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How confusions look. */
class ConfusionTableTest {
  private static String printed(long[][] counts, List<String> names) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    new ConfusionTable(counts, names).print(out);
    out.flush();
    return text.toString();
  }

  @Test
  void fewClassesMakeAnAlignedTable() {
    long[][] counts = {{12, 0, 3}, {0, 0, 0}, {1, 12345, 1}};
    String expected =
        """
        confusion: a row for each class, a column for what it was taken for
                 ash   elm   oak   found
           ash    12     .     3   80.0 %
           elm     .     .     .
           oak     1 12345     1    0.0 %
        """;
    assertEquals(expected, printed(counts, List.of("ash", "elm", "oak")));
  }

  @Test
  void longNamesAreCutAndMissingNamesAreNumbers() {
    String long1 = printed(new long[2][2], List.of("a", "an endless name of a class"));
    assertTrue(long1.contains("an endless ~"), long1);
    String numbers = printed(new long[][] {{1, 0}, {0, 1}}, List.of());
    assertTrue(numbers.contains("   0   1   found"), numbers);
  }

  @Test
  void manyClassesMakeAListOfTheWorst() {
    long[][] counts = new long[21][21];
    counts[3][4] = 7;
    counts[20][0] = 9;
    String text = printed(counts, List.of());
    assertEquals(
        List.of(
            "confusion: the worst 2 of 2 pairs of classes",
            "       9 of class 20 taken for 0",
            "       7 of class 3 taken for 4"),
        text.lines().toList());
    counts[3][4] = 0;
    counts[20][0] = 0;
    assertEquals("confusion: none", printed(counts, List.of()).strip());
  }
}
