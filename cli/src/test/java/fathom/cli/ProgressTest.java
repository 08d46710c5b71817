package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is seen of the way through a training. */
class ProgressTest {
  private final StringWriter seen = new StringWriter();
  private final PrintWriter err = new PrintWriter(seen, true);

  @Test
  void linesAreThoseOfTheEpochsWhenEpochsAreShort() {
    try (Progress progress = Progress.lines(err, 3_600_000)) {
      progress.step(1, 1, 2, 0.5);
      progress.step(1, 2, 2, 0.4);
      progress.line("epoch 1");
    }
    assertEquals(List.of("epoch 1"), seen.toString().lines().toList());
  }

  @Test
  void linesTellOfStepsWhenTheyTakeLong() {
    try (Progress progress = Progress.lines(err, 0)) {
      progress.step(1, 1, 2, 0.5);
      progress.step(1, 2, 2, 0.4);
      progress.line("epoch 1");
    }
    assertEquals(
        List.of("epoch 1: step 1 of 2, loss 0.5000", "epoch 1"), seen.toString().lines().toList());
  }

  @Test
  void aBarMakesWayForLinesAndGoesWithoutATrace() {
    try (Progress progress = Progress.bar(err, 4)) {
      for (int epoch = 1; epoch <= 2; epoch++) {
        progress.step(epoch, 1, 2, 0.5);
        progress.step(epoch, 2, 2, 0.4);
        progress.line("epoch " + epoch);
      }
    }
    List<String> screen = screen(seen.toString());
    assertEquals(List.of("epoch 1", "epoch 2"), screen, seen.toString());
    assertFalse(seen.toString().contains("\u001b"), "escape sequences: " + seen);
  }

  @Test
  void silenceIsSilent() {
    try (Progress progress = Progress.silent()) {
      progress.step(1, 1, 2, 0.5);
      progress.line("epoch 1");
    }
    assertTrue(seen.toString().isEmpty());
  }

  /** Returns what a terminal shows in the end, where a carriage return goes back in the line. */
  private static List<String> screen(String text) {
    // Not lines(): that takes a carriage return for the end of a line.
    return Stream.of(text.split("\n", -1))
        .map(
            line -> {
              StringBuilder shown = new StringBuilder();
              for (String part : line.split("\r", -1)) {
                shown.replace(0, Math.min(part.length(), shown.length()), part);
              }
              return shown.toString().stripTrailing();
            })
        .filter(line -> !line.isEmpty())
        .toList();
  }
}
