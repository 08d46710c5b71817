package fathom.jmh.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What the figures were measured on. */
final class Machine {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  private Machine() {}

  /** Returns what is known of this machine and this run, by name. */
  static Map<String, String> describe(Race race, Path home, int threads, Effort effort) {
    Map<String, String> facts = new LinkedHashMap<>();
    Runtime runtime = Runtime.getRuntime();
    facts.put(
        "date",
        LocalDateTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.MINUTES).toString());
    facts.put("CPU", cpu() + ", " + runtime.availableProcessors() + " cores");
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put("JDK", Runtime.version() + ", " + System.getProperty("java.vm.name"));
    race.about().forEach((competitor, what) -> facts.put(competitor.title(), what));
    facts.put("threads", threads + ", each system's; one in tiny and in the activations");
    facts.put(
        "peak", String.format(Locale.ROOT, "%.0f GFLOP/s (sgemm 4096 x 4096 x 4096)", race.peak()));
    facts.put(
        "cores apart",
        "what a cache line took from core to core before each turn; about 30 ns: they share a cache, about 200 ns: they do not");
    if (Competitor.anyCpu(home) != null) {
      facts.put("MKL", "told to use what the processor has, whoever made it");
    }
    facts.put("switches", switches(System.getenv()));
    facts.put(
        "load at end",
        String.format(
            Locale.ROOT,
            "%.2f",
            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
    facts.put(
        "effort",
        String.format(
            Locale.ROOT,
            "%d rounds in turn, %d samples of %s s each; medians, and what 10 %% to 90 %% lie in",
            effort.rounds(),
            effort.samples(),
            effort.seconds()));
    return facts;
  }

  /** Returns the variables that steer the libraries, as the user has set them. */
  static String switches(Map<String, String> environment) {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(environment)
        .forEach(
            (key, value) -> {
              if (key.matches("(OPENBLAS|MKL|OMP|GOTO|FATHOM)_.*")) {
                text.append(text.isEmpty() ? "" : ", ").append(key).append('=').append(value);
              }
            });
    return text.isEmpty() ? "none set" : text.toString();
  }

  private static String cpu() {
    try {
      if (Files.isReadable(CPU_INFO)) {
        List<String> lines = Files.readAllLines(CPU_INFO, UTF_8);
        for (String line : lines) {
          if (line.startsWith("model name")) {
            String model = line.substring(line.indexOf(':') + 1).strip();
            return model + family(lines);
          }
        }
      }
    } catch (IOException e) {
      // Then its architecture is all that is known of it.
    }
    return System.getProperty("os.arch");
  }

  /** A virtual machine's processor may go by a name that leaves out which it is. */
  private static String family(List<String> lines) {
    String family = "";
    String model = "";
    for (String line : lines) {
      String value = line.substring(line.indexOf(':') + 1).strip();
      if (line.startsWith("cpu family")) {
        family = value;
      } else if (line.startsWith("model\t")) {
        model = value;
      }
    }
    return family.isEmpty() ? "" : " (family " + family + ", model " + model + ")";
  }
}
