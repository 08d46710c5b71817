package fathom.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import fathom.lab.papers.Comparison;
import fathom.lab.papers.Figure;
import fathom.lab.papers.Reproduction.Form;
import fathom.lab.papers.ResultCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;

/** What reproductions found, as JSON and as a page. */
final class ReproductionReport {
  private final List<ReproduceCommand.Finished> finished;
  private final Form form;
  private final Machine machine;

  ReproductionReport(List<ReproduceCommand.Finished> finished, Form form, Machine machine) {
    this.finished = finished;
    this.form = form;
    this.machine = machine;
  }

  /** Writes the page. */
  void write(List<String> command, PrintWriter out) {
    Page.write(
        out,
        "Published results, computed anew",
        List.of("charts", "reproduce"),
        json(command, true));
  }

  /** Returns all but the figures as one JSON object. */
  String json() {
    return json(null, false);
  }

  private String json(List<String> command, boolean figures) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("form", form.name().toLowerCase(Locale.ROOT));
      json.writeStringField("machine", Version.text() + ": " + machine);
      if (command != null) {
        json.writeStringField(
            "command", String.join(" ", command.stream().map(ReportPage::quoted).toList()));
      }
      json.writeArrayFieldStart("reproductions");
      for (ReproduceCommand.Finished done : finished) {
        write(json, done, figures);
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, ReproduceCommand.Finished done, boolean figures)
      throws IOException {
    Comparison comparison = done.comparison();
    json.writeStartObject();
    json.writeStringField("name", done.reproduction().name());
    json.writeStringField("title", done.reproduction().title());
    json.writeStringField("source", done.reproduction().source());
    json.writeNumberField("seconds", done.seconds());
    json.writeArrayFieldStart("checks");
    for (ResultCheck check : comparison.checks()) {
      json.writeStartObject();
      json.writeStringField("what", check.what());
      json.writeStringField("published", check.published());
      json.writeStringField("ours", check.ours());
      json.writeStringField("wanted", check.wanted());
      json.writeBooleanField("as_published", check.holds());
      json.writeStringField("reason", check.reason());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("notes");
    for (String note : comparison.notes()) {
      json.writeString(note);
    }
    json.writeEndArray();
    if (figures) {
      json.writeArrayFieldStart("figures");
      for (Figure figure : comparison.figures()) {
        write(json, figure);
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Figure figure) throws IOException {
    json.writeStartObject();
    json.writeStringField("title", figure.title());
    if (figure instanceof Figure.Chart chart) {
      json.writeStringField("x", chart.xLabel());
      json.writeStringField("y", chart.yLabel());
      json.writeBooleanField("log", chart.logarithmic());
      write(json, "curves", chart.curves());
    } else if (figure instanceof Figure.Heat heat) {
      json.writeStringField("x", heat.xLabel());
      json.writeStringField("y", heat.yLabel());
      json.writeNumberField("low", heat.low());
      json.writeNumberField("high", heat.high());
      ReportFigures.numbers(json, "columns", array(heat.x()));
      ReportFigures.numbers(json, "rows", array(heat.y()));
      json.writeArrayFieldStart("values");
      for (List<Double> row : heat.values()) {
        ReportFigures.numbers(json, array(row));
      }
      json.writeEndArray();
      write(json, "curves", heat.lines());
    }
    json.writeEndObject();
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(value -> value).toArray();
  }

  private static void write(JsonGenerator json, String name, List<Figure.Curve> curves)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (Figure.Curve curve : curves) {
      json.writeStartObject();
      json.writeStringField("name", curve.name());
      ReportFigures.numbers(json, "x", array(curve.x()));
      ReportFigures.numbers(json, "y", array(curve.y()));
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
