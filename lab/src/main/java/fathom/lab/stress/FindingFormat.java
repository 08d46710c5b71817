package fathom.lab.stress;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How findings stand in a file: JSON lines, an object each, runs of numbers as arrays and null for
 * what is not finite; or CSV under a line of names, runs separated by spaces and nothing for what
 * is not finite.
 */
enum FindingFormat {
  JSON_LINES {
    @Override
    String head() {
      return "";
    }

    @Override
    String line(Finding finding, String setup) throws IOException {
      StringWriter text = new StringWriter();
      try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
        json.writeStartObject();
        json.writeStringField(SETUP, setup);
        for (String name : Finding.fields().keySet()) {
          json.writeFieldName(name);
          value(json, finding.value(name));
        }
        json.writeEndObject();
      }
      return text.append('\n').toString();
    }

    @Override
    Map<String, Object> read(String line) throws IOException {
      Map<String, Object> values = new LinkedHashMap<>();
      try (JsonParser json = new JsonFactory().createParser(line)) {
        require(json.nextToken() == JsonToken.START_OBJECT, "no object");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String name = json.currentName();
          values.put(name, value(json, json.nextToken()));
        }
        require(json.currentToken() == JsonToken.END_OBJECT, "breaks off");
      }
      return values;
    }
  },

  CSV {
    @Override
    String head() {
      return SETUP + "," + String.join(",", Finding.fields().keySet()) + "\n";
    }

    @Override
    String line(Finding finding, String setup) throws IOException {
      List<String> cells = new ArrayList<>(List.of(setup));
      for (String name : Finding.fields().keySet()) {
        Object value = finding.value(name);
        cells.add(
            value == null
                ? ""
                : value instanceof double[] run
                    ? Arrays.stream(run).mapToObj(this::word).collect(Collectors.joining(" "))
                    : value.toString());
      }
      StringWriter text = new StringWriter();
      try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text)) {
        csv.writeRecord(cells);
      }
      return text.toString();
    }

    private String word(double x) {
      return Double.isFinite(x) ? Double.toString(x) : "nan";
    }

    @Override
    Map<String, Object> read(String line) throws IOException {
      CsvRecord record = CsvReader.builder().ofCsvRecord(line).stream().findFirst().orElseThrow();
      List<String> names = new ArrayList<>(List.of(SETUP));
      names.addAll(Finding.fields().keySet());
      require(
          record.getFieldCount() == names.size(),
          record.getFieldCount() + " fields in place of " + names.size());
      Map<String, Object> values = new LinkedHashMap<>();
      for (int i = 0; i < names.size(); i++) {
        values.put(names.get(i), value(names.get(i), record.getField(i)));
      }
      return values;
    }

    private Object value(String name, String text) {
      Finding.Kind kind = Finding.fields().getOrDefault(name, Finding.Kind.TEXT);
      return switch (kind) {
        case TEXT -> text;
        case NUMBER -> text.isEmpty() ? null : Double.valueOf(text);
        case NUMBERS ->
            text.isEmpty()
                ? new double[0]
                : Arrays.stream(text.split(" ", -1))
                    .mapToDouble(w -> w.equals("nan") ? Double.NaN : Double.parseDouble(w))
                    .toArray();
      };
    }
  };

  /** What findings must have in common to stand in one file. */
  static final String SETUP = "setup";

  /** Returns what a new file starts with. */
  abstract String head();

  /** Returns a finding on a line, its end included. */
  abstract String line(Finding finding, String setup) throws IOException;

  /**
   * Reads a line without its end.
   *
   * @throws IOException if it is none; also IllegalArgumentException for a number that is none
   */
  abstract Map<String, Object> read(String line) throws IOException;

  private static void value(JsonGenerator json, Object value) throws IOException {
    if (value == null) {
      json.writeNull();
    } else if (value instanceof String text) {
      json.writeString(text);
    } else if (value instanceof Double number) {
      number(json, number);
    } else {
      json.writeStartArray();
      for (double x : (double[]) value) {
        number(json, x);
      }
      json.writeEndArray();
    }
  }

  private static void number(JsonGenerator json, double x) throws IOException {
    if (!Double.isFinite(x)) {
      json.writeNull();
    } else if (x == Math.rint(x) && Math.abs(x) < 1L << 53) {
      json.writeNumber((long) x);
    } else {
      json.writeNumber(x);
    }
  }

  private static Object value(JsonParser json, JsonToken token) throws IOException {
    return switch (token) {
      case VALUE_NULL -> null;
      case VALUE_STRING -> json.getText();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> json.getDoubleValue();
      case START_ARRAY -> {
        List<Double> run = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          boolean isNull = json.currentToken() == JsonToken.VALUE_NULL;
          run.add(isNull ? Double.NaN : json.getDoubleValue());
        }
        yield run.stream().mapToDouble(x -> x).toArray();
      }
      default -> throw new IOException("holds " + token);
    };
  }

  private static void require(boolean holds, String otherwise) throws IOException {
    if (!holds) {
      throw new IOException(otherwise);
    }
  }
}
