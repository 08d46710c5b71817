package fathom.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import fathom.lab.stress.Finding;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The report of a sweep. Fields are written column by column, text as places in a list of the texts
 * that there are, and runs of numbers with fewer points the more networks there are, so that ten
 * thousand can be opened.
 */
final class StressPage {
  /** Numbers of all runs together: about this many times five characters. */
  private static final int MOST_NUMBERS = 2_000_000;

  private static final int MOST_POINTS = 64;
  private static final int FEWEST_POINTS = 8;
  private static final MathContext DIGITS = new MathContext(3);
  private static final MathContext MORE_DIGITS = new MathContext(6);

  private final List<Finding> found;
  private final Map<String, String> settings;
  private final int planned;
  private String command = "";
  private String environment = "";

  /**
   * Takes what there is to show.
   *
   * @param planned how many networks the sweep has, of which some may not have been tried
   */
  StressPage(List<Finding> found, Map<String, String> settings, int planned) {
    this.found = found;
    this.settings = settings;
    this.planned = planned;
  }

  StressPage command(List<String> words) {
    List<String> all = new ArrayList<>(List.of("fathom"));
    all.addAll(words);
    command = String.join(" ", all.stream().map(ReportPage::quoted).toList());
    return this;
  }

  StressPage environment(String text) {
    environment = text.strip();
    return this;
  }

  void write(PrintWriter out) {
    Page.write(out, "Stress: what deep networks come to", List.of("charts", "stress"), json());
  }

  private String json() {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeNumberField("planned", planned);
      json.writeNumberField("count", found.size());
      json.writeStringField("command", command);
      json.writeStringField("environment", environment);
      json.writeArrayFieldStart("settings");
      for (Map.Entry<String, String> entry : settings.entrySet()) {
        json.writeArray(new String[] {entry.getKey(), entry.getValue()}, 0, 2);
      }
      json.writeEndArray();
      json.writeObjectFieldStart("fields");
      for (Map.Entry<String, Finding.Kind> field : Finding.fields().entrySet()) {
        json.writeFieldName(field.getKey());
        switch (field.getValue()) {
          case TEXT -> texts(json, field.getKey());
          case NUMBER -> numbers(json, field.getKey());
          case NUMBERS -> runs(json, field.getKey());
        }
      }
      json.writeEndObject();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /** The texts that there are, and the place of each network's among them. */
  private void texts(JsonGenerator json, String name) throws IOException {
    Map<String, Integer> places = new LinkedHashMap<>();
    int[] at = new int[found.size()];
    for (int i = 0; i < at.length; i++) {
      String text = found.get(i).text(name);
      places.putIfAbsent(text, places.size());
      at[i] = places.get(text);
    }
    json.writeStartObject();
    json.writeArrayFieldStart("texts");
    for (String text : places.keySet()) {
      json.writeString(text);
    }
    json.writeEndArray();
    json.writeFieldName("at");
    json.writeArray(at, 0, at.length);
    json.writeEndObject();
  }

  private void numbers(JsonGenerator json, String name) throws IOException {
    json.writeStartArray();
    for (Finding finding : found) {
      number(json, finding.number(name), MORE_DIGITS);
    }
    json.writeEndArray();
  }

  private void runs(JsonGenerator json, String name) throws IOException {
    long runs =
        Finding.fields().values().stream().filter(kind -> kind == Finding.Kind.NUMBERS).count();
    long most = MOST_NUMBERS / (runs * Math.max(1, found.size()));
    int points = (int) Math.max(FEWEST_POINTS, Math.min(MOST_POINTS, most));
    json.writeStartArray();
    for (Finding finding : found) {
      double[] run = finding.numbers(name);
      json.writeStartArray();
      for (int i : ReportFigures.evenly(run.length, points)) {
        number(json, run[i], DIGITS);
      }
      json.writeEndArray();
    }
    json.writeEndArray();
  }

  private static void number(JsonGenerator json, double x, MathContext digits) throws IOException {
    if (!Double.isFinite(x)) {
      json.writeNull();
      return;
    }
    BigDecimal rounded = new BigDecimal(x).round(digits).stripTrailingZeros();
    String plain = rounded.toPlainString();
    // As few characters as a number can have, since there may be millions.
    String exponent = rounded.unscaledValue() + "e" + -rounded.scale();
    json.writeNumber(plain.length() <= exponent.length() ? plain : exponent);
  }
}
