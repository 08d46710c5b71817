package fathom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import fathom.optim.Plateau;
import fathom.optim.Schedule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What options make of the schedules. */
class ScheduleOptionsTest {
  private static ScheduleOptions of(String options) {
    String[] words = options.isEmpty() ? new String[0] : options.split(" ");
    ScheduleOptions schedule = CommandLine.populateCommand(new ScheduleOptions(), words);
    schedule.check(true);
    return schedule;
  }

  @Test
  void schedulesAreThoseThatWereAskedFor() {
    Map<String, Schedule> expected = new LinkedHashMap<>();
    expected.put("", Schedule.cosine(210, 0));
    expected.put("--lr-end 0.5", Schedule.cosine(210, 0.5));
    expected.put("--schedule constant", Schedule.constant());
    expected.put("--schedule STEP", Schedule.step(70, 0.1));
    expected.put("--schedule step --period 9 --decay 0.5", Schedule.step(9, 0.5));
    expected.put("--schedule exponential", Schedule.exponential(Math.pow(0.01, 1 / 210.0)));
    expected.put("--schedule exponential --decay 0.99", Schedule.exponential(0.99));
    expected.put("--schedule power", Schedule.power(21, 1));
    expected.put("--schedule power --period 7 --power 0.5", Schedule.power(7, 0.5));
    expected.put("--schedule restarts", Schedule.restarts(30, 2, 0));
    expected.put(
        "--schedule restarts --period 5 --period-growth 1 --lr-end 0.1",
        Schedule.restarts(5, 1, 0.1));
    expected.put("--schedule onecycle", Schedule.oneCycle(210));
    expected.forEach(
        (options, schedule) -> {
          ScheduleOptions.Course course = of(options).start(210);
          assertNull(course.plateau(), options);
          assertEquals(schedule.warmup(0), course.schedule(), options);
          String warm = (options + " --warmup 10").strip();
          assertEquals(schedule.warmup(10), of(warm).start(220).schedule(), options);
        });
  }

  @Test
  void plateauIsWrappedAndCanBeSeen() {
    ScheduleOptions.Course course =
        of("--schedule plateau --patience 0 --decay 0.25 --warmup 1").start(9);
    Plateau plateau = course.plateau();
    plateau.observe(1);
    assertEquals(8, course.schedule().rate(5, 8));
    plateau.observe(1);
    assertEquals(2, course.schedule().rate(5, 8));
    assertEquals(1, course.schedule().rate(0, 8));
  }

  @Test
  void aDescriptionRepeatsWhatWasAskedFor() {
    assertEquals("cosine", of("").describe());
    assertEquals(
        "restarts --warmup 3 --period 5 --period-growth 1",
        of("--schedule restarts --period-growth 1 --warmup 3 --period 5").describe());
  }

  @Test
  void everyScheduleTrainsAndEachInItsOwnWay(@TempDir Path folder) {
    Path table = Samples.trees(folder, "trees.csv", 90);
    Set<Object> losses = new HashSet<>();
    List<String> kinds =
        List.of(
            "constant",
            "cosine",
            "step",
            "exponential",
            "power",
            "restarts",
            "onecycle",
            "plateau --patience 0 --validation 0.2");
    for (String kind : kinds) {
      List<Object> args = new ArrayList<>();
      args.addAll(List.of("train", table, "--hidden", 8, "--epochs", 12, "--batch", 8));
      args.addAll(List.of("--lr", 0.02, "--warmup", 4, "--quiet", "--json", "-", "--schedule"));
      args.addAll(List.of(kind.split(" ")));
      Map<String, Object> json = Run.done(args.toArray()).json();
      assertTrue((double) json.get("test_accuracy") > 0.8, kind + ": " + json);
      losses.add(json.get("train_loss"));
    }
    assertEquals(kinds.size(), losses.size(), losses.toString());
  }
}
