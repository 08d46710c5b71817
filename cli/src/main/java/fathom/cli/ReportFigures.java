package fathom.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import fathom.train.Distribution;
import fathom.train.LayerSample;
import fathom.train.StepSample;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** What the charts of a report show, as JSON. */
final class ReportFigures {
  private static final int MOST_LAYERS = 64;
  private static final int MOST_HISTOGRAMS = 24;
  private static final MathContext DIGITS = new MathContext(5);

  /** True and predicted values of an output, in the data's unit. */
  record Scatter(String name, List<Float> truth, List<Float> found) {}

  private RunHistory history = new RunHistory();
  private double batches = 1;
  private List<String> classNames = List.of();
  private long[][] confusion;
  private List<Scatter> scatter;
  private List<WorstMistakes.Mistake> mistakes;
  private int width;
  private int height;

  /** Says how training went, and how many steps make an epoch. */
  ReportFigures history(RunHistory newHistory, double newBatches) {
    history = newHistory;
    batches = newBatches;
    return this;
  }

  ReportFigures confusion(long[][] counts, List<String> names) {
    confusion = counts;
    classNames = new ArrayList<>(names);
    for (int c = classNames.size(); c < counts.length; c++) {
      classNames.add(Integer.toString(c));
    }
    return this;
  }

  ReportFigures scatter(List<Scatter> outputs) {
    scatter = outputs;
    return this;
  }

  ReportFigures mistakes(List<WorstMistakes.Mistake> rows, int imageWidth, int imageHeight) {
    mistakes = rows;
    width = imageWidth;
    height = imageHeight;
    return this;
  }

  void write(JsonGenerator json) throws IOException {
    writeEpochs(json);
    json.writeArrayFieldStart("classNames");
    for (String name : classNames) {
      json.writeString(name);
    }
    json.writeEndArray();
    if (confusion != null) {
      json.writeArrayFieldStart("confusion");
      for (long[] row : confusion) {
        json.writeArray(row, 0, row.length);
      }
      json.writeEndArray();
    }
    if (scatter != null) {
      json.writeArrayFieldStart("scatter");
      for (Scatter output : scatter) {
        json.writeStartObject();
        json.writeStringField("name", output.name());
        numbers(json, "truth", output.truth().stream().mapToDouble(x -> x).toArray());
        numbers(json, "found", output.found().stream().mapToDouble(x -> x).toArray());
        json.writeEndObject();
      }
      json.writeEndArray();
    }
    if (mistakes != null) {
      writeMistakes(json);
    }
    writeSamples(json);
  }

  private void writeEpochs(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("epochs");
    epochs(json, "epoch", RunHistory.Epoch::epoch);
    epochs(json, "rate", RunHistory.Epoch::rate);
    epochs(json, "trainLoss", RunHistory.Epoch::trainLoss);
    epochs(json, "trainAccuracy", RunHistory.Epoch::trainAccuracy);
    epochs(json, "validationLoss", RunHistory.Epoch::validationLoss);
    epochs(json, "validationAccuracy", RunHistory.Epoch::validationAccuracy);
    json.writeEndObject();
  }

  private void epochs(JsonGenerator json, String name, ToDoubleFunction<RunHistory.Epoch> figure)
      throws IOException {
    numbers(json, name, history.epochs().stream().mapToDouble(figure).toArray());
  }

  private void writeMistakes(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("mistakes");
    json.writeNumberField("width", width);
    json.writeNumberField("height", height);
    json.writeArrayFieldStart("rows");
    for (WorstMistakes.Mistake mistake : mistakes) {
      json.writeStartObject();
      json.writeNumberField("row", mistake.row());
      json.writeNumberField("truth", mistake.truth());
      json.writeNumberField("found", mistake.found());
      json.writeFieldName("share");
      number(json, mistake.share());
      json.writeStringField("pixels", mistake.pixels());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void writeSamples(JsonGenerator json) throws IOException {
    List<StepSample> samples = history.samples();
    json.writeObjectFieldStart("samples");
    numbers(json, "epoch", samples.stream().mapToDouble(s -> s.step() / batches).toArray());
    numbers(json, "loss", samples.stream().mapToDouble(StepSample::loss).toArray());
    numbers(json, "rate", samples.stream().mapToDouble(StepSample::rate).toArray());
    json.writeEndObject();
    List<Integer> layers =
        evenly(samples.isEmpty() ? 0 : samples.get(0).layers().size(), MOST_LAYERS);
    json.writeArrayFieldStart("layers");
    for (int layer : layers) {
      writeLayer(json, samples.stream().map(s -> s.layers().get(layer)).toList());
    }
    json.writeEndArray();
    writeHistograms(json, layers);
  }

  private static void writeLayer(JsonGenerator json, List<LayerSample> samples) throws IOException {
    json.writeStartObject();
    LayerSample first = samples.get(0);
    json.writeStringField("name", first.layer() + 1 + ": " + first.description());
    layer(json, "mean", samples, s -> s.output() == null ? Double.NaN : s.output().mean());
    layer(json, "variance", samples, s -> s.output() == null ? Double.NaN : s.output().variance());
    layer(json, "saturated", samples, LayerSample::saturated);
    layer(json, "dead", samples, LayerSample::dead);
    layer(json, "gradient", samples, s -> s.gradient() == null ? Double.NaN : s.gradient().norm());
    layer(json, "update", samples, LayerSample::updateRatio);
    json.writeEndObject();
  }

  private static void layer(
      JsonGenerator json,
      String name,
      List<LayerSample> samples,
      ToDoubleFunction<LayerSample> figure)
      throws IOException {
    numbers(json, name, samples.stream().mapToDouble(figure).toArray());
  }

  private void writeHistograms(JsonGenerator json, List<Integer> layers) throws IOException {
    List<StepSample> samples = history.samples();
    List<Integer> some = evenly(samples.size(), MOST_HISTOGRAMS);
    json.writeObjectFieldStart("histograms");
    json.writeArrayFieldStart("steps");
    for (int i : some) {
      json.writeNumber(samples.get(i).step());
    }
    json.writeEndArray();
    for (String what : List.of("gradients", "outputs")) {
      json.writeArrayFieldStart(what);
      for (int i : some) {
        json.writeStartArray();
        for (int layer : layers) {
          LayerSample sample = samples.get(i).layers().get(layer);
          Distribution x = what.equals("outputs") ? sample.output() : sample.gradient();
          if (x == null) {
            json.writeNull();
          } else {
            long[] bins = x.histogram();
            json.writeArray(bins, 0, bins.length);
          }
        }
        json.writeEndArray();
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  /** Returns at most so many of the numbers from 0 on, the first and the last among them. */
  static List<Integer> evenly(int count, int most) {
    List<Integer> chosen = new ArrayList<>();
    int n = Math.min(count, most);
    for (int i = 0; i < n; i++) {
      chosen.add(n == 1 ? 0 : (int) ((long) i * (count - 1) / (n - 1)));
    }
    return chosen;
  }

  static void numbers(JsonGenerator json, String name, double[] values) throws IOException {
    json.writeFieldName(name);
    numbers(json, values);
  }

  static void numbers(JsonGenerator json, double[] values) throws IOException {
    json.writeStartArray();
    for (double value : values) {
      number(json, value);
    }
    json.writeEndArray();
  }

  /** Writes as many digits as a chart can show. */
  private static void number(JsonGenerator json, double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumber(new BigDecimal(value).round(DIGITS).doubleValue());
    } else {
      json.writeNull();
    }
  }
}
