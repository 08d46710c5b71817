package fathom.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The report of a training. */
final class ReportPage {
  private final String title;
  private final String subtitle;
  private final List<String[]> tiles = new ArrayList<>();
  private Map<String, String> settings = Map.of();
  private String command = "";
  private String environment = "";
  private String failure;
  private ReportFigures figures = new ReportFigures();

  ReportPage(String title, String subtitle) {
    this.title = title;
    this.subtitle = subtitle;
  }

  /** Adds a figure to those that are seen first. */
  ReportPage tile(String name, String value) {
    tiles.add(new String[] {name, value});
    return this;
  }

  ReportPage settings(Map<String, String> newSettings) {
    settings = newSettings;
    return this;
  }

  ReportPage command(List<String> words) {
    command = String.join(" ", words.stream().map(ReportPage::quoted).toList());
    return this;
  }

  ReportPage environment(String text) {
    environment = text.strip();
    return this;
  }

  /** Says that the training ended before its time, and why; null if it did not. */
  ReportPage failure(String message) {
    failure = message;
    return this;
  }

  ReportPage figures(ReportFigures newFigures) {
    figures = newFigures;
    return this;
  }

  /** Quotes a word as a shell wants it. */
  static String quoted(String word) {
    return word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  void write(PrintWriter out) {
    Page.write(out, title, "report", json());
  }

  private String json() {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("title", title);
      json.writeStringField("subtitle", subtitle);
      json.writeStringField("command", command);
      json.writeStringField("environment", environment);
      json.writeStringField("failure", failure);
      json.writeArrayFieldStart("tiles");
      for (String[] tile : tiles) {
        json.writeArray(tile, 0, tile.length);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("settings");
      for (Map.Entry<String, String> entry : settings.entrySet()) {
        json.writeArray(new String[] {entry.getKey(), entry.getValue()}, 0, 2);
      }
      json.writeEndArray();
      figures.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
