package fathom.jmh.peers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The results as a table for people and as JSON lines for programs. */
final class Report {
  private final Race race;

  Report(Race race) {
    this.race = race;
  }

  /** Prints one block for each discipline, one line for each system. */
  void table(List<Discipline> disciplines, List<Competitor> competitors, PrintWriter out) {
    String group = "";
    for (Discipline discipline : disciplines) {
      if (!discipline.group().equals(group) || discipline.kind() == Discipline.Kind.ACTIVATION) {
        out.println(discipline.name());
      }
      for (Competitor competitor : competitors) {
        Result result = race.result(discipline.name(), competitor);
        String note = race.note(discipline.group(), competitor);
        if (result != null) {
          out.printf("  %-7s %s%n", competitor.title(), line(result));
        } else if (note != null && !discipline.group().equals(group)) {
          out.printf("  %-7s %s%n", competitor.title(), note);
        }
      }
      group = discipline.group();
    }
    race.disagreements().forEach(out::println);
    out.flush();
  }

  private String line(Result result) {
    StringBuilder line = new StringBuilder();
    line.append(
        String.format(
            Locale.ROOT,
            "%12s %-10s %25s",
            figure(result.value()),
            result.unit().title(),
            "(" + figure(result.low()) + " to " + figure(result.high()) + ")"));
    details(result).forEach(detail -> line.append("  ").append(detail));
    return line.toString();
  }

  /** Returns what else is known of a result, ratios first. */
  List<String> details(Result result) {
    List<String> details = new ArrayList<>();
    Result own = race.result(result.discipline.name(), Competitor.FATHOM);
    Result floor = race.result(result.discipline.name(), Competitor.FLOOR);
    if (own != null && result.competitor.isPeer()) {
      details.add(String.format(Locale.ROOT, "fathom is %.2fx", result.time() / own.time()));
    }
    if (!Double.isNaN(result.tail())) {
      details.add("p99 " + figure(result.tail()) + " us");
    }
    if (!Double.isNaN(result.gflops())) {
      details.add(String.format(Locale.ROOT, "%.0f GFLOP/s", result.gflops()));
    }
    if (!Double.isNaN(result.gflops() / race.peak())) {
      details.add(percent(result.gflops() / race.peak()) + " of peak");
    }
    if (floor != null && result != floor) {
      details.add(percent(floor.time() / result.time()) + " of floor");
    }
    if (result.discipline.threads(2) > 1) {
      String handovers =
          race.handovers(result.discipline.group(), result.competitor).stream()
              .map(h -> String.format(Locale.ROOT, "%.0f", h))
              .collect(Collectors.joining(", "));
      details.add("cores " + handovers + " ns apart");
    }
    if (result.competitor == Competitor.FATHOM && !Double.isNaN(result.bytesPerRun())) {
      details.add(String.format(Locale.ROOT, "%.2f B/step", result.bytesPerRun()));
    }
    return details;
  }

  private static String percent(double share) {
    return Math.round(share * 100) + " %";
  }

  /** Returns a number with three digits that count, or as a whole with its thousands marked. */
  static String figure(double value) {
    if (value >= 1e7) {
      return String.format(Locale.ROOT, "%.2e", value);
    }
    if (value >= 100) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    return String.format(Locale.ROOT, value >= 10 ? "%.1f" : value >= 1 ? "%.2f" : "%.3f", value);
  }

  /** Returns a result as one JSON object. */
  String json(Result result, int threads) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("system", result.competitor.title());
      json.writeStringField("workload", result.discipline.name());
      switch (result.unit()) {
        case STEPS -> {
          number(json, "steps_per_second", result.value());
          number(json, "ms_per_step", result.time() * 1e3);
          number(json, "gflops", result.gflops());
          boolean own = result.competitor == Competitor.FATHOM;
          number(json, "bytes_per_step", own ? result.bytesPerRun() : Double.NaN);
        }
        case MICROSECONDS -> {
          number(json, "us_median", result.value());
          number(json, "us_p99", result.tail());
        }
        case VALUES -> number(json, "values_per_second", result.value());
        case ELEMENTS -> number(json, "ns_per_element", result.value());
        case SECONDS -> number(json, "seconds", result.value());
      }
      number(json, "low", result.low());
      number(json, "high", result.high());
      json.writeNumberField("threads", result.discipline.threads(threads));
      json.writeArrayFieldStart("handover_ns");
      for (double h : race.handovers(result.discipline.group(), result.competitor)) {
        json.writeNumber(h);
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return text.toString();
  }

  private static void number(JsonGenerator json, String key, double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumberField(key, value);
    } else {
      json.writeNullField(key);
    }
  }
}
