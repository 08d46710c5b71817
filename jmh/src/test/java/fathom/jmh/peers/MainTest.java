package fathom.jmh.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The command line and the reports, without starting a system. */
class MainTest {
  private static final Effort EFFORT = new Effort(1, 1, 1);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          smal --check              | unknown workload 'smal'; there are tiny, small, medium
          small --peers=jax --check | unknown peer 'jax'; there are floor, torch, dl4j
          small --blas=atlas --check | unknown BLAS 'atlas'; there are openblas, mkl
          small --rounds=0 --check  | must be positive
          small --threads=x --check | 'x' is not an int
          """)
  void badInputIsOneLineAndStatus2(String arguments, String expected) {
    StringWriter errors = new StringWriter();
    CommandLine command = Main.commandLine().setErr(new PrintWriter(errors));
    assertEquals(2, command.execute(arguments.split(" ", -1)));
    assertTrue(errors.toString().contains(expected), errors.toString());
    assertEquals(1, errors.toString().lines().count(), errors.toString());
  }

  @Test
  void aFamilyIsAllOfItsParts() {
    assertEquals(150, Discipline.named("activations").size());
    assertEquals(10, Discipline.named("activations/tanh").size());
    assertEquals(1, Discipline.named("small").size());
    assertThrows(IllegalArgumentException.class, () -> Discipline.named("activations/tan"));
  }

  @Test
  void aRoundSurvivesItsLine() {
    Round round = new Round("small", 2.5, 0, List.of(1e-3, 2e-3), List.of());
    assertEquals(round, Round.parse(round.toLine()));
  }

  @Test
  void medianSpreadAndUnitsFollowFromTheSamples() {
    Result result = new Result(Discipline.named("small").get(0), Competitor.FATHOM);
    result.add(new Round("small", 1, 0, List.of(1e-3, 2e-3, 4e-3), List.of()));
    assertEquals(500, result.value(), 1e-9);
    assertEquals(1 / 3.6e-3, result.low(), 1e-9);
    assertEquals(1 / 1.2e-3, result.high(), 1e-9);
  }

  @Test
  void thePageAndTheLinesHoldTheFiguresAndNoLinks() throws Exception {
    Race race = new Race(Path.of("."), false, 2, EFFORT, new PrintWriter(new StringWriter()));
    Discipline small = Discipline.named("small").get(0);
    race.take(line("small", 2e-3), List.of(small), Competitor.FATHOM);
    race.take(line("small", 6e-3), List.of(small), Competitor.TORCH);
    race.take(Round.unavailable("no <such> thing"), List.of(small), Competitor.DL4J);
    Report report = new Report(race);
    List<Competitor> all = List.of(Competitor.values());
    String page = new Page(race, report, Map.of("CPU", "a & b")).html(List.of(small), all);
    assertTrue(page.contains("500 <small>steps/s"), page);
    assertTrue(page.contains("fathom is 3.00x"), page);
    assertTrue(page.contains("no &lt;such&gt; thing"), page);
    assertTrue(page.contains("a &amp; b"), page);
    assertTrue(!page.contains("http") && !page.contains("src="), page);
    String json = report.json(race.result("small", Competitor.TORCH), 2);
    assertTrue(json.startsWith("{\"system\":\"torch\",\"workload\":\"small\","), json);
    assertTrue(json.contains("\"bytes_per_step\":null"), json);
    StringWriter table = new StringWriter();
    report.table(List.of(small), all, new PrintWriter(table));
    assertTrue(table.toString().contains("fathom is 3.00x"), table.toString());
    assertTrue(table.toString().contains("not available: no <such> thing"), table.toString());
  }

  private static String line(String name, double seconds) {
    return new Round(name, 2.3, 0, List.of(seconds), List.of()).toLine();
  }
}
