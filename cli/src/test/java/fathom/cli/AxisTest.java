package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The words of an axis. */
class AxisTest {
  private static Axis axis(String words) {
    return new Axis("--gain", Arrays.asList(words.split(",", -1)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1,2.5,1e-3 | 1.0 2.5 0.001",
        "1..3/5 | 1.0 1.5 2.0 2.5 3.0",
        "0.1..0.5/5 | 0.1 0.2 0.3 0.4 0.5",
        "-1..1/3 | -1.0 0.0 1.0",
        "4..64@5 | 4.0 8.0 16.0 32.0 64.0",
        "3..6 | 3.0 4.0 5.0 6.0",
        "2,1..3 | 2.0 1.0 3.0",
        ".5..1.5/2 | 0.5 1.5",
      })
  void numbersAndRuns(String words, String expected) {
    List<Double> numbers = Arrays.stream(expected.split(" ")).map(Double::valueOf).toList();
    assertEquals(numbers, axis(words).numbers());
  }

  @Test
  void runsOfWholeNumbersAreRounded() {
    assertEquals(List.of(10, 18, 32, 56, 100), axis("10..100@5").wholes());
    assertEquals(List.of(1, 2, 3), axis("1..3@5").wholes());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "one | 'one' is no number",
        "3..1/4 | '3..1/4' is no number",
        "0..8@4 | '0..8@4' is no number",
        "0.5..1 | does not say how many, as 0.5..1/5 would",
        "1,,2 | --gain needs a value",
        "Infinity | 'Infinity' is no number",
      })
  void whatIsNoneSaysSo(String words, String message) {
    BadInput e = assertThrows(BadInput.class, () -> axis(words).numbers());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void partsAreNoWholeNumbers() {
    BadInput e = assertThrows(BadInput.class, () -> axis("1.5").wholes());
    assertTrue(e.getMessage().contains("'1.5' is no number"), e.getMessage());
  }
}
