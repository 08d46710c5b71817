package fathom.jmh.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Starts the systems in turn, each in a JVM of its own, never two at once. */
final class Race {
  private static final int STARTS = 5;
  private static final int LAST_LINES = 12;

  private final Path home;
  private final boolean mkl;
  private final int threads;
  private final Effort effort;
  private final PrintWriter progress;
  private final Map<String, Result> results = new LinkedHashMap<>();
  private final Map<Competitor, String> about = new EnumMap<>(Competitor.class);
  private final Map<String, String> notes = new LinkedHashMap<>();
  private final Map<String, List<Double>> handovers = new LinkedHashMap<>();
  private boolean failed;

  Race(Path home, boolean mkl, int threads, Effort effort, PrintWriter progress) {
    this.home = home;
    this.mkl = mkl;
    this.threads = threads;
    this.effort = effort;
    this.progress = progress;
  }

  /** Times one group of disciplines: all systems in turn, then all again, round after round. */
  void run(List<Discipline> group, List<Competitor> competitors) throws IOException {
    boolean start = group.get(0).kind() == Discipline.Kind.START;
    int rounds = effort.rounds() * (start ? STARTS : 1);
    for (int round = 1; round <= rounds; round++) {
      for (Competitor competitor : competitors) {
        if (!notes.containsKey(key(group.get(0).group(), competitor))) {
          progress.printf(
              "%s, round %d of %d: %s%n", group.get(0).group(), round, rounds, competitor.title());
          progress.flush();
          turn(group, competitor);
        }
      }
    }
  }

  private void turn(List<Discipline> group, Competitor competitor) throws IOException {
    Discipline first = group.get(0);
    handovers.computeIfAbsent(key(first.group(), competitor), k -> new ArrayList<>());
    handovers.get(key(first.group(), competitor)).add(Handover.nanos());
    int share = first.threads(threads);
    ProcessBuilder builder =
        new ProcessBuilder(competitor.command(home, mkl, first.group(), share, effort));
    competitor.configure(home, builder.environment(), mkl, share);
    Path errors = Files.createTempFile("fathom-jmh", ".log");
    builder.redirectError(errors.toFile());
    long begin = System.nanoTime();
    Process process = builder.start();
    List<String> other = new ArrayList<>();
    try (BufferedReader lines = process.inputReader(UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith(Round.MARK)) {
          other.add(line);
        } else if (line.equals(Round.firstStep())) {
          result(first, competitor).addProcess((System.nanoTime() - begin) * 1e-9);
        } else {
          take(line, group, competitor);
        }
      }
      if (process.waitFor() != 0) {
        other.addAll(Files.readAllLines(errors));
        fail(first.group(), competitor, process.exitValue(), other);
      }
    } catch (InterruptedException e) {
      throw new IOException("interrupted while " + competitor.title() + " ran", e);
    } finally {
      end(process);
      Files.delete(errors);
    }
  }

  private static void end(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(2, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  void take(String line, List<Discipline> group, Competitor competitor) {
    String reason = Round.reason(line);
    String what = Round.whatComputes(line);
    if (reason != null) {
      notes.put(key(group.get(0).group(), competitor), "not available: " + reason);
    } else if (what != null) {
      about.put(competitor, what);
    } else {
      Round round = Round.parse(line);
      Discipline discipline =
          group.stream().filter(d -> d.name().equals(round.name())).findFirst().orElse(null);
      if (discipline != null) {
        Result result = result(discipline, competitor);
        result.add(round);
        progress.printf(
            "  %s %s %s so far%n",
            discipline.name(), Report.figure(result.value()), result.unit().title());
        progress.flush();
      }
    }
  }

  private void fail(String group, Competitor competitor, int status, List<String> lines) {
    failed = true;
    notes.put(key(group, competitor), "failed with status " + status);
    progress.printf("%s, %s: failed with status %d%n", group, competitor.title(), status);
    lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()).forEach(progress::println);
    progress.flush();
  }

  private Result result(Discipline discipline, Competitor competitor) {
    return results.computeIfAbsent(
        key(discipline.name(), competitor), unused -> new Result(discipline, competitor));
  }

  private static String key(String name, Competitor competitor) {
    return name + " " + competitor.title();
  }

  /** Returns all results, in the order in which they were first seen. */
  Collection<Result> results() {
    return results.values();
  }

  /** Returns a system's result, or null. */
  Result result(String discipline, Competitor competitor) {
    return results.get(key(discipline, competitor));
  }

  /** Returns why a system has no result in a group, or null. */
  String note(String group, Competitor competitor) {
    return notes.get(key(group, competitor));
  }

  /** Returns what a cache line took between two cores before each turn of a system, in ns. */
  List<Double> handovers(String group, Competitor competitor) {
    return handovers.getOrDefault(key(group, competitor), List.of());
  }

  /** Returns what each system that ran said of itself. */
  Map<Competitor, String> about() {
    return about;
  }

  /** Returns whether a child ended as it should not. */
  boolean hasFailed() {
    return failed;
  }

  /** Returns the measured peak of the machine, or NaN. */
  double peak() {
    Result peak = result(Discipline.PEAK.name(), Competitor.FLOOR);
    return peak == null ? Double.NaN : peak.gflops();
  }

  /** Returns one line for each workload whose systems did not begin with the same loss. */
  List<String> disagreements() {
    List<String> lines = new ArrayList<>();
    for (Result result : results.values()) {
      Result own = result(result.discipline.name(), Competitor.FATHOM);
      if (own != null && Math.abs(result.loss() / own.loss() - 1) > 0.01) {
        lines.add(
            String.format(
                Locale.ROOT,
                "%s: fathom begins with a loss of %.4f, %s with %.4f: not the same work",
                result.discipline.name(),
                own.loss(),
                result.competitor.title(),
                result.loss()));
      }
    }
    return lines;
  }
}
