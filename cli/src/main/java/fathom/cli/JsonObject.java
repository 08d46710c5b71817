package fathom.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One JSON object of plain values and lists of such objects, in the order of their putting. */
final class JsonObject {
  private final Map<String, Object> values = new LinkedHashMap<>();

  JsonObject put(String key, String value) {
    values.put(key, value);
    return this;
  }

  JsonObject put(String key, long value) {
    values.put(key, value);
    return this;
  }

  /** Puts a number; what is not finite becomes null, for which alone JSON has a word. */
  JsonObject put(String key, double value) {
    values.put(key, Double.isFinite(value) ? value : null);
    return this;
  }

  JsonObject put(String key, List<JsonObject> value) {
    values.put(key, value);
    return this;
  }

  /** Returns the object on one line. */
  @Override
  public String toString() {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      for (Map.Entry<String, Object> entry : values.entrySet()) {
        json.writeFieldName(entry.getKey());
        if (entry.getValue() instanceof Long whole) {
          json.writeNumber(whole);
        } else if (entry.getValue() instanceof Double number) {
          json.writeNumber(number);
        } else if (entry.getValue() instanceof List<?> objects) {
          json.writeStartArray();
          for (Object object : objects) {
            json.writeRawValue(object.toString());
          }
          json.writeEndArray();
        } else {
          json.writeString((String) entry.getValue());
        }
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
