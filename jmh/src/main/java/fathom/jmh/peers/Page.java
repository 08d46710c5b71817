package fathom.jmh.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The results as one HTML page that needs no other file and no network. */
final class Page {
  private static final Map<String, String> TITLES = new LinkedHashMap<>();

  static {
    TITLES.put("tiny", "24-8-2, tanh, batch 200: squared error and its gradient, one thread");
    TITLES.put("small", "784-128-10, ReLU, batch 32, SGD");
    TITLES.put("medium", "784-1024-1024-10, ReLU, batch 128, Adam");
    TITLES.put("deep", "784-(100 x 256)-10, tanh, batch 128, momentum");
    TITLES.put("wide", "4096-(4 x 4096)-1000, GELU (tanh form), batch 256, Adam");
    TITLES.put("deepbn", "784-(50 x 512, batch norm, ELU)-10, batch 256, Adam");
    TITLES.put("infer1", "one row through medium, each call timed");
    TITLES.put("infer64", "64 rows through medium, each call timed");
    TITLES.put("fill-he", "10^8 He-normal weights");
    TITLES.put("fill-xavier", "10^8 Xavier-uniform weights");
    TITLES.put("optimizer", "one step of Adam on 10^7 parameters");
    TITLES.put("start", "start of the JVM to the end of the first step of small");
  }

  private final Race race;
  private final Report report;
  private final Map<String, String> machine;

  Page(Race race, Report report, Map<String, String> machine) {
    this.race = race;
    this.report = report;
    this.machine = machine;
  }

  /** Returns the page. */
  String html(List<Discipline> disciplines, List<Competitor> competitors) throws IOException {
    StringBuilder body = new StringBuilder();
    StringBuilder cells = new StringBuilder();
    for (Discipline discipline : disciplines) {
      if (discipline.kind() == Discipline.Kind.ACTIVATION) {
        cells.append(row(discipline, competitors));
      } else {
        body.append(section(discipline, competitors));
      }
    }
    if (!cells.isEmpty()) {
      body.append(activations(cells.toString(), competitors));
    }
    StringBuilder facts = new StringBuilder();
    machine.forEach(
        (name, fact) ->
            facts.append(String.format("<dt>%s</dt><dd>%s</dd>%n", escape(name), escape(fact))));
    race.disagreements()
        .forEach(line -> body.append("<p class=note>").append(escape(line)).append("</p>\n"));
    return template().replace("@FACTS@", facts).replace("@BODY@", body);
  }

  private static String template() throws IOException {
    try (InputStream in = Page.class.getResourceAsStream("page.html")) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  private String section(Discipline discipline, List<Competitor> competitors) {
    StringBuilder bars = new StringBuilder();
    double best = Double.POSITIVE_INFINITY;
    for (Competitor competitor : competitors) {
      Result result = race.result(discipline.name(), competitor);
      if (result != null) {
        best =
            Math.min(
                best, 1 / speed(result, result.unit().isRate() ? result.high() : result.low()));
      }
    }
    for (Competitor competitor : competitors) {
      Result result = race.result(discipline.name(), competitor);
      String note = race.note(discipline.group(), competitor);
      if (result != null) {
        bars.append(bar(result, best));
      } else if (note != null) {
        bars.append(
            String.format(
                "<div class=row><span class=who>%s</span><span class=none>%s</span></div>%n",
                competitor.title(), escape(note)));
      }
    }
    return String.format(
        "<section><h2>%s</h2><p class=what>%s</p>%n%s</section>%n",
        escape(discipline.name()), escape(TITLES.getOrDefault(discipline.name(), "")), bars);
  }

  /** Returns how fast a figure is, on a scale on which more is always better. */
  private static double speed(Result result, double figure) {
    return result.unit().isRate() ? figure : 1 / figure;
  }

  private String bar(Result result, double best) {
    double slow = speed(result, result.unit().isRate() ? result.low() : result.high());
    double fast = speed(result, result.unit().isRate() ? result.high() : result.low());
    return String.format(
        Locale.ROOT,
        "<div class='row %s'><span class=who>%s</span>"
            + "<span class=track><i style='width:%.2f%%'></i>"
            + "<b style='left:%.2f%%;width:%.2f%%'></b></span>"
            + "<span class=figure>%s <small>%s</small></span>"
            + "<span class=more>%s to %s%s</span></div>%n",
        result.competitor.title(),
        result.competitor.title(),
        100 * speed(result, result.value()) * best,
        100 * slow * best,
        100 * (fast - slow) * best,
        Report.figure(result.value()),
        result.unit().title(),
        Report.figure(result.low()),
        Report.figure(result.high()),
        escape(String.join("", report.details(result).stream().map(d -> " · " + d).toList())));
  }

  private String row(Discipline discipline, List<Competitor> competitors) {
    StringBuilder row = new StringBuilder();
    row.append(
        String.format(
            Locale.ROOT,
            "<tr><td>%s</td><td>%s</td><td class=n>%,d</td>",
            discipline.activation(),
            discipline.backward() ? "forward + backward" : "forward",
            discipline.size()));
    Result own = race.result(discipline.name(), Competitor.FATHOM);
    for (Competitor competitor : competitors) {
      Result result = race.result(discipline.name(), competitor);
      if (competitor != Competitor.FLOOR) {
        String ratio =
            result == null || own == null || result == own
                ? ""
                : String.format(Locale.ROOT, " <small>%.1fx</small>", result.time() / own.time());
        row.append("<td class=n>")
            .append(result == null ? "–" : Report.figure(result.value()) + ratio)
            .append("</td>");
      }
    }
    return row.append("</tr>\n").toString();
  }

  private static String activations(String rows, List<Competitor> competitors) {
    StringBuilder heads = new StringBuilder();
    for (Competitor competitor : competitors) {
      if (competitor != Competitor.FLOOR) {
        heads.append("<th class=n>").append(competitor.title()).append("</th>");
      }
    }
    return "<section><h2>activations</h2><p class=what>ns per element on one thread; beside a peer's"
        + " figure, how many times Fathom's speed that makes. Fathom's figures contain a copy of"
        + " the operands, since its kernels work in place.</p><div class=scroll><table><tr>"
        + "<th>function</th><th>pass</th><th class=n>elements</th>"
        + heads
        + "</tr>\n"
        + rows
        + "</table></div></section>\n";
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
