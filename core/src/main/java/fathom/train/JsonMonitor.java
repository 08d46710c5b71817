package fathom.train;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;

/** Writes samples as JSON lines. */
final class JsonMonitor implements Monitor {
  private final JsonFactory factory = new JsonFactory();
  private final Writer out;

  JsonMonitor(Writer out) {
    this.out = out;
  }

  @Override
  public void sample(StepSample sample) {
    StringWriter line = new StringWriter();
    try {
      try (JsonGenerator json = factory.createGenerator(line)) {
        write(json, sample);
      }
      out.write(line.append('\n').toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(JsonGenerator json, StepSample sample) throws IOException {
    json.writeStartObject();
    json.writeNumberField("step", sample.step());
    number(json, "loss", sample.loss());
    number(json, "rate", sample.rate());
    json.writeArrayFieldStart("layers");
    for (LayerSample layer : sample.layers()) {
      json.writeStartObject();
      json.writeNumberField("layer", layer.layer());
      json.writeStringField("description", layer.description());
      json.writeStringField("tensor", layer.tensor());
      distribution(json, "output", layer.output());
      number(json, "saturated", layer.saturated());
      number(json, "dead", layer.dead());
      distribution(json, "gradient", layer.gradient());
      number(json, "weight_norm", layer.weightNorm());
      number(json, "update_norm", layer.updateNorm());
      number(json, "update_ratio", layer.updateRatio());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void distribution(JsonGenerator json, String name, Distribution x)
      throws IOException {
    if (x == null) {
      json.writeNullField(name);
      return;
    }
    json.writeObjectFieldStart(name);
    json.writeNumberField("count", x.count());
    number(json, "mean", x.mean());
    number(json, "variance", x.variance());
    number(json, "norm", x.norm());
    json.writeFieldName("histogram");
    long[] bins = x.histogram();
    json.writeArray(bins, 0, bins.length);
    json.writeEndObject();
  }

  private static void number(JsonGenerator json, String name, double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumberField(name, value);
    } else {
      json.writeNullField(name);
    }
  }
}
